"""Does a second thread help? Seconds of a training step with one thread and with all cores.

    python benchmarks/threads.py [--write]

Both take turns on one job. What trickrun's rule (trickrun/threads.py) chooses is in the last
column; a chosen number that is the slower one by more than a tenth is marked.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from results import machine, write_section

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.loop import take_step
from trickrun.training.threads import cores, step_flops, thread_count

HERE = Path(__file__).parent
DIGITS = {"kind": "digits"}
FASHION = {"kind": "fashion_mnist", "subset": {"n": 8000}}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "MLP 64-64-32-10": (DIGITS, {"kind": "mlp", "hidden": [64, 32]}, 64),
    "MLP 64-256-128-10": (DIGITS, {"kind": "mlp", "hidden": [256, 128]}, 64),
    "MLP 784-64-10": (FASHION, {"kind": "mlp", "hidden": [64]}, 128),
    "MLP 784-256-128-10": (FASHION, {"kind": "mlp", "hidden": [256, 128]}, 128),
    "MLP 784-512-512-10": (FASHION, {"kind": "mlp", "hidden": [512, 512]}, 128),
    "MLP 784-1024-1024-10": (FASHION, {"kind": "mlp", "hidden": [1024, 1024]}, 128),
    "CNN 8x8: 8, 16 / 32": (DIGITS, {"kind": "cnn", "channels": [8, 16], "hidden": [32]}, 64),
    "CNN 28x28: 8, 16 / 64": (FASHION, {"kind": "cnn", "channels": [8, 16], "hidden": [64]}, 128),
    "CNN 28x28: 32, 64 / 512": (
        FASHION,
        {"kind": "cnn", "channels": [32, 64], "hidden": [512]},
        128,
    ),
    "CNN 28x28: 32, 64 / 512, kernel 5": (
        FASHION,
        {"kind": "cnn", "channels": [32, 64], "kernel": 5, "hidden": [512]},
        128,
    ),
}


def measure(case: str, repeats: int, seconds: float) -> tuple[float, dict[int, list[float]]]:
    """Return the operations of a step, and for one and all threads the seconds of a step in each
    round."""
    data, model, batch = CASES[case]
    tree = {"data": {**data, "batch_size": batch}, "model": model, "optimizer": {"kind": "adam"}}
    job = compile_recipe(from_tree(canonical(tree)), HERE)
    batches, step = job.batches(0), 0
    spent: dict[int, list[float]] = {1: [], cores(): []}
    for _ in range(repeats):
        for threads, rounds in spent.items():
            torch.set_num_threads(threads)
            take_step(job, next(batches), step, [], False)
            began, first = time.perf_counter(), step
            while time.perf_counter() - began < seconds:
                step += 1
                take_step(job, next(batches), step, [], False)
            rounds.append((time.perf_counter() - began) / (step - first))
    return step_flops(job.model, job.inputs(job.data.train.x[:2]), batch), spent


def row(case: str, flops: float, spent: dict[int, list[float]]) -> str:
    """Return a line of the table."""
    one, many = statistics.median(spent[1]), statistics.median(spent[cores()])
    ratios = [a / b for a, b in zip(spent[1], spent[cores()], strict=True)]
    chosen = thread_count("auto", flops)
    slower = one > 1.1 * many if chosen == 1 else many > 1.1 * one
    return (
        f"| {case} | {flops / 1e6:.0f} | {one * 1e3:.2f} | {many * 1e3:.2f} | "
        f"{one / many:.2f} ({min(ratios):.2f}-{max(ratios):.2f}) | "
        f"{chosen}{' (slower)' if slower else ''} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each timing")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    lines = [
        f"| network | MFLOP a step | 1 thread, ms | {cores()} threads, ms | ratio | rule |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for case in CASES:
        lines.append(row(case, *measure(case, options.repeats, options.seconds)))
        print(lines[-1], flush=True)
    told = (
        "`python benchmarks/threads.py`: a training step, medians (ranges) of "
        f"{options.repeats} rounds.\n{machine('torch')}, "
        f"load {load:.1f} before and {os.getloadavg()[0]:.1f} after\n\n"
    )
    if options.write:
        write_section("Threads", told + "\n".join(lines))


if __name__ == "__main__":
    main()
