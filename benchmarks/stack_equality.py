"""Are the losses of trials in a stack those of the same trials alone?

    python benchmarks/stack_equality.py [--write]

For each network and optimizer 16 trials, whose learning rates span four decades up to the largest
that is worth trying, take 20 steps in a stack and one by one, with dropout under the same masks.
The table has the largest relative difference of any loss of any trial.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from results import machine, write_section

from trickrun.engines.choose import one_thread
from trickrun.engines.stacked_step import Stack
from trickrun.engines.trial import Trial, make_trial
from trickrun.engines.work import compiled
from trickrun.loop import take_step
from trickrun.recipe.patch import canonical, patch_paths

HERE = Path(__file__).parent
TRIALS, STEPS = 16, 20
MODELS: dict[str, dict[str, Any]] = {
    "MLP, dropout": {
        "model": {"kind": "mlp", "hidden": [256, 128]},
        "regularizers": {"dropout": 0.3, "l2": 1e-4},
    },
    "MLP, batch norm": {
        "model": {"kind": "mlp", "hidden": [256, 128]},
        "normalization": "batch",
    },
    "CNN, batch norm": {
        "model": {"kind": "cnn", "channels": [8, 16], "hidden": [32]},
        "normalization": "batch",
    },
}
OPTIMIZERS = {
    "sgd": ({"kind": "sgd", "momentum": 0.9}, 3e-2),
    "adam": ({"kind": "adam"}, 3e-3),
    "rmsprop": ({"kind": "rmsprop"}, 3e-3),
}
"""Each with the largest learning rate: about the best one, above which rounding is amplified."""


def trials_of(model: dict[str, Any], optimizer: str, precision: str) -> list[Trial]:
    """Return the trials of a row of the table."""
    kind, best = OPTIMIZERS[optimizer]
    tree = canonical(
        {
            "data": {"kind": "digits", "batch_size": 64},
            **model,
            "optimizer": kind,
            "train": {"precision": precision},
        }
    )
    rates = [best * 1e-4 ** (1 - k / (TRIALS - 1)) for k in range(TRIALS)]
    changes = [{"optimizer.lr": rate} for rate in rates]
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


def largest_difference(trials: list[Trial]) -> float:
    """Return the largest relative difference between the losses of a stack and those alone."""
    stack = Stack([compiled(trial, HERE) for trial in trials])
    histories: list[list[dict[str, float]]] = [[] for _ in trials]
    stacked = torch.stack(
        [
            torch.stack([result.loss for result in stack.take_step(step, histories)])
            for step in range(STEPS)
        ],
        dim=1,
    )
    alone = []
    for trial in trials:
        job = compiled(trial, HERE)
        batches = job.batches(0)
        losses = [take_step(job, next(batches), step, [], False).loss for step in range(STEPS)]
        alone.append(torch.stack(losses))
    expected = torch.stack(alone)
    return float(((stacked - expected).abs() / expected.abs()).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    lines = ["| network | optimizer | float64 | float32 |", "|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    with one_thread():
        for name, model in MODELS.items():
            for optimizer in OPTIMIZERS:
                found = [
                    largest_difference(trials_of(model, optimizer, precision))
                    for precision in ("float64", "float32")
                ]
                lines.append(f"| {name} | {optimizer} | {found[0]:.1e} | {found[1]:.1e} |")
                print(lines[-1], flush=True)
    told = (
        f"`python benchmarks/stack_equality.py`: {TRIALS} trials, {STEPS} steps; largest relative "
        f"difference of a loss.\n{machine('torch')}\n\n"
    )
    if options.write:
        write_section("Stacks: losses beside those of trials alone", told + "\n".join(lines))


if __name__ == "__main__":
    main()
