"""What `signal` says of healthy networks and of planted faults, and what it costs.

    python benchmarks/signal_check.py

writes a section of RESULTS.md.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
from results import machine, write_section

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.checks.signal.signal_check import signal
from trickrun.recipe.load import load
from trickrun.recipe.text.command_line import typed

TITLE = "Signal: healthy networks and planted faults"
RECIPES = Path(__file__).parent.parent / "recipes"
NAMES = ("breast-cancer", "diabetes", "digits", "fruit", "iris", "moons", "spiral", "wine")
PLAIN = "normalization=none"
DEEP = "model.hidden=[64,64,64,64,64]"
CNN = "model={kind: cnn, channels: [16, 32], hidden: [64]}"

HEALTHY: tuple[tuple[str, ...], ...] = (
    *((name,) for name in NAMES),
    *(
        ("digits", PLAIN, f"init={init}")
        for init in ("torch_default", "xavier_normal", "lecun_normal", "orthogonal")
    ),
    *(
        ("digits", PLAIN, f"model.activation={activation}")
        for activation in ("tanh", "sigmoid", "gelu", "silu", "leaky_relu", "selu", "softplus")
    ),
    ("digits", CNN),
    ("digits", CNN, PLAIN),
    ("digits", PLAIN, "init={kind: auto, head: zeros}"),
    ("digits", PLAIN, "optimizer={kind: sgd, lr: 0.1}"),
    ("digits", PLAIN, "optimizer={kind: adagrad, lr: 0.01}"),
)

FAULTY: tuple[tuple[str, ...], ...] = (
    ("TR22", "digits", PLAIN, "init={kind: constant, value: 0.01}"),
    ("TR22", "digits", PLAIN, "init=zeros"),
    ("TR23", "digits", PLAIN, "init={kind: normal, std: 0.01}", DEEP),
    ("TR23", "digits", PLAIN, "init={kind: normal, std: 0.5}"),
    ("TR36", "digits", PLAIN, "optimizer={kind: adam, lr: 1e-6}"),
    ("TR36", "digits", PLAIN, "optimizer={kind: sgd, lr: 1e-5}"),
    ("TR40", "digits", PLAIN, "model.activation=sigmoid", DEEP),
    ("TR41", "digits", PLAIN, "optimizer={kind: sgd, lr: 10}"),
    ("TR42", "digits", PLAIN, "model.activation=tanh", "init={kind: normal, std: 1.0}", DEEP),
    ("TR42", "wine", "data.normalize=none", "model.activation=tanh"),
    ("TR43", "digits", PLAIN, "init={kind: kaiming_normal, bias: -10.0}"),
    ("TR43", "digits", PLAIN, "optimizer={kind: adam, lr: 0.1}"),
    ("TR44", "digits", PLAIN, "data.normalize=none"),
    ("TR44", "wine", "data.normalize=none"),
)


def row(name: str, *changes: str, expected: str = "none") -> str:
    """Return what is found in a shipped recipe, changed, and the first finding's edit."""
    started = time.perf_counter()
    verdict, _ = signal(RecipeSubject(load(RECIPES / f"{name}.yaml", changes)))
    seconds = time.perf_counter() - started
    found = ", ".join(f"{f.code} ({f.severity})" for f in verdict.findings) or "none"
    edit = (verdict.findings[0].edit if verdict.findings else None) or {}
    words = " ".join([name, *(f"`{change}`" for change in changes)])
    shown = " ".join(f"`{typed({path: value})}`" for path, value in edit.items()) or "-"
    return f"| {words} | {expected} | {found} | {shown} | {seconds:.1f} s |"


def main() -> None:
    """Measure, and write the section."""
    torch.set_num_threads(1)
    rows = [row(*healthy) for healthy in HEALTHY]
    rows += [row(*faulty, expected=expected) for expected, *faulty in FAULTY]
    lines = [
        "`python benchmarks/signal_check.py`: shipped recipes, changed; the usual number of steps.",
        machine("torch"),
        "",
        "| recipe | expected | found | edit | time |",
        "|---|---|---|---|---|",
        *rows,
    ]
    write_section(TITLE, "\n".join(lines))


if __name__ == "__main__":
    main()
