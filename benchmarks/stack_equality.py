"""Are the losses of trials in a stack those of the same trials alone?

    python benchmarks/stack_equality.py [--write]

For each network and optimizer 16 learning rates over four decades are trained for EPOCHS epochs;
those up to the best one take 20 steps in a stack and one by one, with dropout under the same masks.
(Above the best rate the dynamics amplify rounding.) The table has the largest relative difference
of any loss of any of these trials.

A pixel that is dark in a whole batch is a constant before batch norm, so its weights' gradients are
zero but for rounding, which Adam and RMSprop scale up to whole steps. Normalized to mean 0 and
variance 1 such pixels are not 0; left as they are they are, and the last networks have them so.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from results import machine, write_section

from trickrun.engines.choose import one_thread, run_trials
from trickrun.engines.stacked_step import Stack
from trickrun.engines.trial import Trial, make_trial
from trickrun.engines.work import compiled
from trickrun.loop import take_step
from trickrun.recipe.patch import canonical, patch_paths

HERE = Path(__file__).parent
TRIALS, STEPS, EPOCHS = 16, 20, 3
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
    "MLP, batch norm, dark pixels 0": {
        "data": {"kind": "digits", "batch_size": 64, "normalize": "none"},
        "model": {"kind": "mlp", "hidden": [256, 128]},
        "normalization": "batch",
    },
}
OPTIMIZERS = {
    "sgd": ({"kind": "sgd", "momentum": 0.9}, 1.0),
    "adam": ({"kind": "adam"}, 0.1),
    "rmsprop": ({"kind": "rmsprop"}, 0.1),
}
"""Each with the largest learning rate that is tried."""


def trials_of(model: dict[str, Any], optimizer: str, precision: str) -> list[Trial]:
    """Return the trials of a row of the table, the lowest learning rate first."""
    kind, largest = OPTIMIZERS[optimizer]
    tree = canonical(
        {
            "data": {"kind": "digits", "batch_size": 64},
            **model,
            "optimizer": kind,
            "train": {"precision": precision, "epochs": EPOCHS},
        }
    )
    rates = [largest * 1e-4 ** (1 - k / (TRIALS - 1)) for k in range(TRIALS)]
    changes = [{"optimizer.lr": rate} for rate in rates]
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


def place_of_best(trials: list[Trial]) -> int:
    """Return the index of the trial whose validation loss is lowest after EPOCHS epochs."""
    losses = {result.id: result.metric for result in run_trials(trials, HERE, "val_loss")}
    found = [losses[trial.id] for trial in trials]
    return min(range(len(trials)), key=lambda k: math.inf if found[k] is None else found[k])


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
    lines = ["| network | optimizer | best rate | float64 | float32 |", "|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for name, model in MODELS.items():
        for optimizer in OPTIMIZERS:
            best = place_of_best(trials_of(model, optimizer, "float32"))
            found = []
            for precision in ("float64", "float32"):
                trials = trials_of(model, optimizer, precision)[: best + 1]
                with one_thread():
                    found.append(largest_difference(trials))
            rate = trials[-1].params["optimizer.lr"]
            lines.append(f"| {name} | {optimizer} | {rate:.1g} | {found[0]:.1e} | {found[1]:.1e} |")
            print(lines[-1], flush=True)
    told = (
        f"`python benchmarks/stack_equality.py`: {STEPS} steps; largest relative difference of a "
        f"loss of the trials up to the best of {TRIALS} rates.\n{machine('torch')}\n\n"
    )
    if options.write:
        write_section("Stacks: losses beside those of trials alone", told + "\n".join(lines))


if __name__ == "__main__":
    main()
