"""Are the losses of trials in a stack those of the same trials alone?

    python benchmarks/stack_equality.py [--write]

For each network and optimizer 16 learning rates over four decades are trained for EPOCHS epochs;
those up to the best one take 20 steps in a stack and one by one, with dropout under the same masks.
The table has the largest relative difference of any loss of any of these trials. Training amplifies
rounding; so beside each difference stands that of training alone twice, the second time from
parameters that differ in their last bit.

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

from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.executors.choose import one_thread, run_trials
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.executors.work import compiled
from trickrun.search.trial import Trial, make_trial
from trickrun.training.loop import take_step

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
    results = run_trials(trials, HERE, "val_loss")
    losses = {one.id: math.inf if one.metric is None else one.metric for one in results}
    found = [losses[trial.id] for trial in trials]
    return found.index(min(found))


def losses_stacked(trials: list[Trial]) -> torch.Tensor:
    """Return the loss of each trial's steps in a stack [trials, STEPS]."""
    stack = Stack([compiled(trial, HERE) for trial in trials])
    histories: list[list[dict[str, float]]] = [[] for _ in trials]
    steps = (stack.take_step(step, histories) for step in range(STEPS))
    return torch.stack([torch.stack([result.loss for result in one]) for one in steps], dim=1)


def losses_alone(trials: list[Trial], moved: bool = False) -> torch.Tensor:
    """Return the loss of each trial's steps one by one [trials, STEPS].

    Args:
        moved: begin with each parameter moved to the next number of its type.
    """
    found = []
    for trial in trials:
        job = compiled(trial, HERE)
        if moved:
            with torch.no_grad():
                for parameter in job.model.parameters():
                    parameter.copy_(parameter.nextafter(torch.full_like(parameter, math.inf)))
        batches = job.batches(0)
        losses = [take_step(job, next(batches), step, [], False).loss for step in range(STEPS)]
        found.append(torch.stack(losses))
    return torch.stack(found)


def differences(trials: list[Trial]) -> tuple[float, float]:
    """Return the largest relative difference of a loss: stacked, and alone but moved."""
    expected = losses_alone(trials)
    others = (losses_stacked(trials), losses_alone(trials, moved=True))
    stacked, moved = (float(((one - expected).abs() / expected.abs()).max()) for one in others)
    return stacked, moved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    lines = [
        "| network | optimizer | best rate | float64 | its last bits | float32 | its last bits |",
        "|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for name, model in MODELS.items():
        for optimizer in OPTIMIZERS:
            best = place_of_best(trials_of(model, optimizer, "float32"))
            found: list[float] = []
            for precision in ("float64", "float32"):
                trials = trials_of(model, optimizer, precision)[: best + 1]
                with one_thread():
                    found += differences(trials)
            rate = trials[-1].params["optimizer.lr"]
            cells = " | ".join(f"{one:.1e}" for one in found)
            lines.append(f"| {name} | {optimizer} | {rate:.1g} | {cells} |")
            print(lines[-1], flush=True)
    told = (
        f"`python benchmarks/stack_equality.py`: {STEPS} steps; largest relative difference of a "
        f"loss of the trials up to the best of {TRIALS} rates.\n{machine('torch')}\n\n"
    )
    if options.write:
        write_section("Stacks: losses beside those of trials alone", told + "\n".join(lines))


if __name__ == "__main__":
    main()
