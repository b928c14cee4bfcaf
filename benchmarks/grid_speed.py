"""How long a grid takes: hand-written loops one after another, worker processes, stacks.

    python benchmarks/grid_speed.py [--write]
    python benchmarks/grid_speed.py --growth [--write]

The first measures 16, 32 and 64 trials of four networks; the second how the ways compare as the
network gets wider and the data more.

Each grid trains K networks that differ in the learning rate. The plain loop is what someone would
write: a for loop over the rates, torch.optim.Adam, batches by index, one evaluation an epoch, with
torch's own number of threads and with one. It gets normalized data and pays for nothing else; the
other ways compile K recipes from text, and keep every check and record of a grid. Their workers
have imported torch already, as in a session's second search. All ways take turns, --repeats times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import torch
from results import machine, write_section
from torch import nn

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.recipe.schema import Recipe
from trickrun.search.executors.choose import one_thread, run_trials, split
from trickrun.search.executors.processes import run_chunks
from trickrun.search.executors.work import run_chunk, run_trial
from trickrun.search.trial import Trial, TrialResult, make_trial
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.threads import available, cores

HERE = Path(__file__).parent
METRIC = "val_loss"

DIGITS = {"kind": "digits"}
FASHION = {"kind": "fashion_mnist", "subset": {"n": 3200}, "split": {"val": 0.02}}


@dataclass(frozen=True)
class Case:
    """A network and its data."""

    data: dict[str, Any]
    model: dict[str, Any]
    epochs: int


CASES = {
    "MLP 64-64-32-10": Case(DIGITS, {"kind": "mlp", "hidden": [64, 32]}, 6),
    "MLP 64-256-128-10": Case(DIGITS, {"kind": "mlp", "hidden": [256, 128]}, 6),
    "MLP 784-256-128-10": Case(FASHION, {"kind": "mlp", "hidden": [256, 128]}, 1),
    "CNN 8, 16 / 32": Case(DIGITS, {"kind": "cnn", "channels": [8, 16], "hidden": [32]}, 2),
}

GROWTH = {
    **{
        f"MLP 64-{width}-{width}-10": Case(DIGITS, {"kind": "mlp", "hidden": [width, width]}, 3)
        for width in (16, 64, 256, 1024)
    },
    **{
        f"MLP 784-64-32-10, {n} samples": Case(
            {**FASHION, "subset": {"n": n}}, {"kind": "mlp", "hidden": [64, 32]}, 1
        )
        for n in (800, 3200, 12800)
    },
}
"""Wider networks on the same data, and more data for the same network."""

Way = Callable[[Sequence[Trial]], list[TrialResult]]


def ways() -> dict[str, Way]:
    """Return the ways that trickrun has, and the one that it chooses."""

    def one_by_one(trials: Sequence[Trial]) -> list[TrialResult]:
        return [run_trial(trial, HERE, METRIC) for trial in trials]

    def alone(trials: Sequence[Trial]) -> list[TrialResult]:
        return list(run_chunks([(trial,) for trial in trials], HERE, METRIC))

    def stacked(trials: Sequence[Trial]) -> list[TrialResult]:
        return list(run_chunks(split(trials, ceil(len(trials) / cores())), HERE, METRIC))

    def here(trials: Sequence[Trial]) -> list[TrialResult]:
        with one_thread():
            return run_chunk(trials, HERE, METRIC)

    def chosen(trials: Sequence[Trial]) -> list[TrialResult]:
        return list(run_trials(trials, HERE, METRIC))

    return {
        "one by one": one_by_one,
        "processes": alone,
        "stacked in workers": stacked,
        "stacked here": here,
        "chosen": chosen,
    }


def trials_of(case: Case, batch: int, count: int) -> list[Trial]:
    """Return ``count`` trials with learning rates from 1e-4 to 1e-2."""
    tree = canonical(
        {
            "data": {**case.data, "batch_size": batch},
            "model": case.model,
            "optimizer": {"kind": "adam"},
            "train": {"epochs": case.epochs},
        }
    )
    rates = [1e-4 * 100 ** (k / (count - 1)) for k in range(count)]
    changes = [{"optimizer.lr": rate} for rate in rates]
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


def plain_seconds(job: Job, rates: Sequence[float]) -> float:
    """Train the job's network by hand with each of ``rates`` and return the seconds."""
    assert job.data.val is not None
    x, y = job.inputs(job.data.train.x), job.data.train.y
    val_x, val_y = job.inputs(job.data.val.x), job.data.val.y
    model, loss_of = job.model, nn.CrossEntropyLoss()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    started = time.perf_counter()
    for rate in rates:
        model.load_state_dict(start)
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        for _ in range(job.recipe.train.epochs):
            model.train()
            for indices in torch.randperm(len(x), device=x.device).split(job.batch_size):
                optimizer.zero_grad()
                loss_of(model(x[indices]), y[indices]).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                float(loss_of(model(val_x), val_y))
    return time.perf_counter() - started


def plain_job(recipe: Recipe, data: Prepared) -> Job:
    """Return a job for the plain loop: compiled, but with torch's threads and memory layout."""
    threads = torch.get_num_threads()
    job = compile_recipe(recipe, HERE, data)
    torch.set_num_threads(threads)
    nn.utils.convert_conv2d_weight_memory_format(job.model, torch.contiguous_format)
    return job


def measure(case: Case, batch: int, count: int, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each way in each of ``repeats`` rounds."""
    trials = trials_of(case, batch, count)
    recipe = from_tree(trials[0].tree)
    data = prepare(recipe.data, HERE)
    rates = [trial.params["optimizer.lr"] for trial in trials]
    seconds: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, threads in (("plain", nullcontext()), ("plain, 1 thread", one_thread())):
            torch.set_num_threads(available())
            with threads:
                spent = plain_seconds(plain_job(recipe, data), rates)
            seconds.setdefault(name, []).append(spent)
        for name, way in ways().items():
            started = time.perf_counter()
            results = way(trials)
            seconds.setdefault(name, []).append(time.perf_counter() - started)
            assert all(result.status == "finished" for result in results), results
    return seconds


def row(name: str, batch: int, count: int, seconds: dict[str, list[float]]) -> str:
    """Return a line of the table: seconds of plain, then how many times as fast the others are."""
    plain = seconds["plain"]
    cells = [f"{statistics.median(plain):.2f} s"]
    for way in list(seconds)[1:]:
        ratios = [a / b for a, b in zip(plain, seconds[way], strict=True)]
        middle = statistics.median(ratios)
        cells.append(f"{middle:.1f} ({min(ratios):.1f}-{max(ratios):.1f})")
    return f"| {name} | {batch} | {count} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--growth", action="store_true", help="over width and data, 32 trials")
    parser.add_argument("--cases", nargs="+", help="some of the networks")
    parser.add_argument("--trials", nargs="+", type=int, default=[16, 32, 64])
    parser.add_argument("--batches", nargs="+", type=int, default=[64])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    cases = GROWTH if options.growth else CASES
    counts = [32] if options.growth else options.trials
    warm = trials_of(CASES["MLP 64-64-32-10"], 64, 2)
    for way in ways().values():
        way(warm)
    load = os.getloadavg()[0]
    names = ["plain", "plain, 1 thread", *ways()]
    lines = [
        f"| network | batch | trials | {' | '.join(names)} |",
        f"|---|---|---|{'---|' * len(names)}",
    ]
    print("\n".join(lines), flush=True)
    for name in options.cases or cases:
        for batch in options.batches:
            for count in counts:
                seconds = measure(cases[name], batch, count, options.repeats)
                lines.append(row(name, batch, count, seconds))
                print(lines[-1], flush=True)
    told = (
        "`python benchmarks/grid_speed.py`: seconds of hand-written loops one after another, and\n"
        "how many times as fast each way is: median (range) of the ratios in "
        f"{options.repeats} rounds.\n"
        f"{machine('torch')}, {available()} threads, load {load:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after\n\n"
    )
    if options.write:
        title = "over width and data" if options.growth else "plain loops, processes, stacks"
        write_section(f"Grids: {title}", told + "\n".join(lines))


if __name__ == "__main__":
    main()
