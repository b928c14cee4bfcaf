"""`overfit-batch` on every shipped recipe, and on networks with something that blocks.

    python benchmarks/overfit_batch.py

writes a section of RESULTS.md.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.recipe.load import Loaded, derive, load
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import number

RECIPES = Path(__file__).parents[1] / "recipes"
TITLE = "One batch: shipped recipes, and what blocks"
FAULTS: list[dict[str, Any]] = [
    {"model.head_activation": "softmax"},
    {"init": "zeros"},
    {"regularizers.dropout.p": 0.9},
    {"model.head_activation": "relu"},
    {"loss": "nll"},
    {"optimizer.lr": 1e-6},
    {"optimizer": {"kind": "sgd", "lr": 100.0}},
    {"optimizer.clip": {"norm": 1e-4}, "optimizer.kind": "sgd"},
    {
        "model": {"kind": "mlp", "hidden": [64] * 8, "activation": "sigmoid"},
        "normalization": "none",
    },
    {"model.hidden": [1], "normalization": "none"},
    {"regularizers.l2": 10.0},
    {"augmentation": [{"kind": "shift", "pixels": 5}]},
]
"""Of digits.yaml: those that the checklist must name come first."""


def row(loaded: Loaded, name: str, with_fault: bool) -> str:
    """Return one line of a table."""
    started = time.perf_counter()
    verdict, _ = overfit_batch(RecipeSubject(loaded))
    seconds = time.perf_counter() - started
    result, findings = verdict.result, verdict.findings
    right = result["final_accuracy"]
    cells = [
        name,
        verdict.verdict,
        f"{number(result['initial_loss'])} -> {number(result['final_loss'])}",
        "-" if right is None else f"{right:.1%}",
        str(result["steps"]),
    ]
    if with_fault:
        edits = [
            typed({path: value}) for f in findings[:1] for path, value in (f.edit or {}).items()
        ]
        codes = " ".join(finding.code for finding in findings)
        cells += [", ".join(result["blocked_by"]) or "-", codes, f"`{' '.join(edits)}`"]
    return "| " + " | ".join([*cells, f"{seconds:.1f}"]) + " |"


def table(heads: list[str], rows: list[str]) -> str:
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *rows])


def main() -> None:
    """Run every recipe and every fault, and write the tables."""
    import torch
    from results import machine, write_section

    torch.set_num_threads(1)
    # The first check also pays for importing torch's optimizers and scikit-learn.
    overfit_batch(RecipeSubject(load(RECIPES / "iris.yaml")))
    shared = ["verdict", "loss", "accuracy", "steps"]
    paths = sorted(RECIPES.glob("*.yaml"))
    recipes = [row(load(path), path.name, False) for path in paths]
    digits = load(RECIPES / "digits.yaml")
    faults = []
    for changes in FAULTS:
        name = typed(changes)
        faults.append(row(derive(digits, changes), f"`{name}`", True))
    body = "\n\n".join(
        [
            "`python benchmarks/overfit_batch.py`: 32 samples, seconds without importing torch, "
            f"one thread.\n{machine('torch')}",
            table(["recipe", *shared, "seconds"], recipes),
            "digits.yaml with one part changed:",
            table(["changed", *shared, "blocked by", "findings", "first edit", "seconds"], faults),
        ]
    )
    write_section(TITLE, body)


if __name__ == "__main__":
    main()
