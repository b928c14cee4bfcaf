"""The largest error that `grad-check` finds where nothing is wrong: shipped recipes, by activation.

    python benchmarks/grad_check.py

writes a section of RESULTS.md.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
from results import machine, write_section

from trickrun.checks.grad_check.gradient_check import grad_check
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.recipe.load import load

TITLE = "Gradient check: errors of right gradients"
RECIPES = Path(__file__).parent.parent / "recipes"
NAMES = ("breast-cancer", "diabetes", "digits", "fruit", "iris", "moons", "spiral", "wine")
ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")
CNN = "model={kind: cnn, channels: [8, 16], hidden: [32]}"


def row(title: str, name: str, *changes: str) -> str:
    """Return a recipe's largest error with each activation, kinks left out, and the time."""
    cells = []
    started = time.perf_counter()
    for activation in ACTIVATIONS:
        recipe = load(RECIPES / f"{name}.yaml", [*changes, f"model.activation={activation}"])
        verdict, _ = grad_check(RecipeSubject(recipe))
        kinks = sum(checked["kinks"] for checked in verdict.result["parameters"])
        error = f"{verdict.result['max_relative_error']:.1e}"
        cells.append(f"{error} ({kinks})" if kinks else error)
    seconds = (time.perf_counter() - started) / len(ACTIVATIONS)
    return f"| {title} | {' | '.join(cells)} | {seconds:.2f} s |"


def main() -> None:
    """Measure, and write the section."""
    torch.set_num_threads(1)
    rows = [row(name, name) for name in NAMES]
    rows.append(row("digits, cnn", "digits", CNN))
    rows.append(row("digits, cnn without batch norm", "digits", CNN, "normalization=none"))
    head = " | ".join(ACTIVATIONS)
    lines = [
        "`python benchmarks/grad_check.py`: largest relative error of each network's gradients",
        "(loss and penalties), in brackets the directions left out because they cross a kink.",
        machine("torch"),
        "",
        f"| recipe | {head} | a check |",
        "|---" * (len(ACTIVATIONS) + 2) + "|",
        *rows,
    ]
    write_section(TITLE, "\n".join(lines))


if __name__ == "__main__":
    main()
