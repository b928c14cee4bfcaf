"""Does any of our models crash the process? Networks of many shapes, trained for a few steps.

    python benchmarks/crash_fuzz.py [--cases 120] [--seed 0] [--cpu AVX2]

Each batch of cases is trained in a process of its own, because what is looked for (a convolution
that writes outside its memory) ends the process or never returns. A case is trained as it is, then
as a stack of three. It is printed by the process before it runs, so the last one printed is the one
that died. ``--cpu`` makes oneDNN compute as on a lesser processor (ONEDNN_MAX_CPU_ISA).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Case = dict[str, Any]

BATCH = 10
"""Cases of one process: starting one takes longer than training a case."""
PASSES = 40
"""Steps of a case: corrupted memory shows only when it is used again."""
TIMEOUT = 300.0
"""Seconds after which a process has died too: a corrupted heap may also make it spin."""
NORMALIZATIONS = ("none", "batch", "group", "instance", "layer")


@dataclass(frozen=True)
class Died:
    """How a process ended that was not meant to.

    Args:
        case: the one that it was training; None if it did not get so far.
        how: its exit status, or that it did not return.
        error: the end of what it wrote to stderr.
    """

    case: Case | None
    how: str
    error: str


def drawn(rng: random.Random) -> Case:
    """Return a random case: a model, and the images and the batch size that it is trained with."""
    small, size = rng.randint(1, 9), rng.choice([8, 9, 12, 14, 16, 28, 32])
    norm = rng.choice(NORMALIZATIONS)
    models: list[dict[str, Any]] = [
        {"kind": "resnet", "depth": rng.choice([8, 14, 18, 50]), "width": small},
        {"kind": "resnet", "depth": 8, "width": small, "stem": "large"},
        {"kind": "resnet", "depth": 8, "width": small, "residual": False},
        {
            "kind": "cnn",
            "channels": [small, rng.randint(1, 20)],
            "kernel": rng.choice([1, 3, 5]),
            "pool": rng.choice([1, 2]),
            "hidden": [8],
        },
        {"kind": "vgg", "channels": [small, rng.randint(1, 20)], "convs": 2, "hidden": [8]},
        {"kind": "transformer", "width": 8, "layers": 1, "heads": 2, "patch": 1 + size % 2},
    ]
    model = rng.choice(models)
    if model["kind"] == "transformer":
        norm = "layer"
    return {
        "images": [rng.choice([1, 2, 3, 4, 6]), size, size],
        "model": model,
        "normalization": {"kind": norm, **({"groups": 1} if norm == "group" else {})},
        "batch_size": rng.choice([2, 5, 16, 33]),
        "precision": rng.choice(["float32", "float32", "bf16", "float64"]),
        "threads": rng.choice([1, 2]),
    }


def exercise(case: Case, folder: Path) -> None:
    """Train a case for PASSES steps, then three of it as a stack."""
    import numpy as np
    import torch

    from trickrun.data.splits.prepare import prepare
    from trickrun.errors import TrickrunError
    from trickrun.recipe.load import from_tree
    from trickrun.recipe.patch import canonical
    from trickrun.search.executors.stacked.step import Stack
    from trickrun.training.compile import compile_recipe
    from trickrun.training.loop import take_step

    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, *case["images"])).astype("float32")
    np.savez(folder / "images.npz", x_train=x, y_train=np.arange(64) % 3)
    tree = {
        "data": {"kind": "npz", "path": "images.npz", "batch_size": case["batch_size"]},
        "model": case["model"],
        "normalization": case["normalization"],
        "train": {
            "steps": PASSES,
            "precision": case["precision"],
            "threads": case["threads"],
        },
    }
    recipe = from_tree(canonical(tree))
    data = prepare(recipe.data, folder)
    try:
        jobs = [compile_recipe(recipe, folder, data) for _ in range(4)]
    except TrickrunError:
        return  # Such a network there is not, for example one that pools to nothing.
    torch.set_num_threads(case["threads"])
    alone, stack, step = jobs[0], Stack(jobs[1:]), 0
    while step < PASSES:
        for indices in alone.batches(step):
            take_step(alone, indices, step, [], logged=False)
            if case["precision"] == "float32" and step < PASSES // 4:
                stack.take_step(step, [[] for _ in stack.jobs])
            step += 1
            if step == PASSES:
                break


def run_cases(cases: list[Case]) -> Died | None:
    """Train ``cases`` in a process of their own; return how it ended, unless all went well."""
    command = [sys.executable, __file__, "--train", json.dumps(cases)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            code = subprocess.run(command, stdout=out, stderr=err, timeout=TIMEOUT).returncode
            how = f"exit status {code}"
        except subprocess.TimeoutExpired:
            code, how = 1, f"it did not return within {TIMEOUT:.0f} s"
        for stream in (out, err):
            stream.seek(0)
        told, error = out.read().splitlines(), err.read()
    if code == 0:
        return None
    return Died(json.loads(told[-1]) if told else None, how, error[-500:])


def train_cases(cases: list[Case]) -> None:
    """Print and train each case; what such a process does."""
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            print(json.dumps(case), flush=True)
            exercise(case, Path(folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", help="what oneDNN may use: SSE41, AVX, AVX2, AVX512_CORE, …")
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train_cases(json.loads(options.train))
        return 0
    if options.cpu:
        os.environ["ONEDNN_MAX_CPU_ISA"] = options.cpu
    rng = random.Random(options.seed)
    cases = [drawn(rng) for _ in range(options.cases)]
    deaths = 0
    while cases:
        batch, cases = cases[:BATCH], cases[BATCH:]
        died = run_cases(batch)
        if died is None:
            continue
        deaths += 1
        print(f"{json.dumps(died.case)}\n  {died.how}: {died.error}", flush=True)
        if died.case is not None:  # those after it have not been tried
            cases = batch[batch.index(died.case) + 1 :] + cases
    print(f"{options.cases} cases, {deaths} died")
    return int(deaths > 0)


if __name__ == "__main__":
    sys.exit(main())
