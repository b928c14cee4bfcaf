"""Successive halving beside the whole grid: what does it cost, and is its winner as good?

    python benchmarks/halving.py [--write]

Both search the same points of the same recipe; the whole grid trains each to its end. The winners
are then trained with seeds that no search used. A winner is as good if its mean lies within the
95 % interval of the whole grid's winner, or is better. Compute is counted in training samples.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import machine, write_section

from trickrun.checks.grid_check import run_search
from trickrun.recipe.load import Loaded, derive, load
from trickrun.search.executors.choose import run_trials
from trickrun.search.halving import rungs
from trickrun.search.trial import make_trial
from trickrun.search.winners import interval

RECIPES = Path(__file__).parent.parent / "recipes"
SEEDS = range(1, 11)
SPACE = {
    "optimizer.lr": {"log": [1e-4, 1e-1]},
    "regularizers.dropout.p": {"uniform": [0.0, 0.6]},
    "regularizers.l2.lambda": {"log": [1e-6, 1e-2]},
}

CASES = {
    "digits, 27 trials of 9 epochs": ("digits.yaml", 27, 9),
    "digits, 81 trials of 27 epochs": ("digits.yaml", 81, 27),
    "breast-cancer, 81 trials of 27 epochs": ("breast-cancer.yaml", 81, 27),
}


@dataclass(frozen=True)
class Found:
    """What a search found, and its wall time."""

    params: dict[str, Any]
    metric: float
    seconds: float


def searched(loaded: Loaded, halving: bool) -> Found:
    """Run the coarse search of ``loaded`` in a folder of its own."""
    with tempfile.TemporaryDirectory() as root:
        began = time.perf_counter()
        one = derive(loaded, {"grid.coarse.halving": halving})
        verdict, _ = run_search(one, "coarse", Path(root), [], lambda *_: None)
        seconds = time.perf_counter() - began
    best = verdict.result["best"]
    return Found(best["params"], best["metric"], seconds)


def over_seeds(loaded: Loaded, params: dict[str, Any], epochs: int) -> list[float]:
    """Train a point with each of SEEDS and return its losses."""
    changes = {**params, "train.epochs": epochs, "grid": None, "expect": None}
    trials = [
        make_trial(derive(loaded, {**changes, "seed": seed}).tree, {"seed": seed}, loaded.folder)
        for seed in SEEDS
    ]
    results = run_trials(trials, loaded.folder, "val_loss")
    return [result.metric for result in results if result.metric is not None]


def samples_ratio(trials: int, epochs: int) -> float:
    """Return how many times as many samples the whole grid trains on."""
    seen, before = 0, 0
    for rung in rungs(trials, epochs):
        seen += rung.trials * (rung.epochs - before)
        before = rung.epochs
    return trials * epochs / seen


def compare(case: str, searches: Sequence[int]) -> str:
    """Return the table's line of a case."""
    recipe, trials, epochs = CASES[case]
    ratios, good, told = [], 0, []
    for seed in searches:
        loaded = derive(
            load(RECIPES / recipe),
            {
                "grid": {
                    "coarse": {"trials": trials, "epochs": epochs, "space": SPACE, "seed": seed}
                }
            },
        )
        halved, whole = searched(loaded, True), searched(loaded, False)
        ratios.append(whole.seconds / halved.seconds)
        values = over_seeds(loaded, whole.params, epochs)
        low, high = interval(values)
        mean = statistics.fmean(
            values if halved.params == whole.params else over_seeds(loaded, halved.params, epochs)
        )
        good += mean <= high
        same = ", the same" if halved.params == whole.params else ""
        told.append(f"{mean:.4f} in [{low:.4f}, {high:.4f}]{same}")
    spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"
    return (
        f"| {case} | {samples_ratio(trials, epochs):.1f} | {spread} | "
        f"{good} of {len(searches)} | {'; '.join(told)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=5, help="draws of the points")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    lines = [
        "| search | samples, times fewer | seconds, times fewer | as good | winner's val_loss "
        "in the grid's winner's interval |",
        "|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for case in options.cases:
        lines.append(compare(case, range(options.searches)))
        print(lines[-1], flush=True)
    told = (
        f"`python benchmarks/halving.py`: {options.searches} searches over other points each, "
        f"winners trained with {len(SEEDS)} new seeds; medians (ranges).\n{machine('torch')}, "
        f"load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after\n\n"
    )
    if options.write:
        write_section("Successive halving", told + "\n".join(lines))


if __name__ == "__main__":
    main()
