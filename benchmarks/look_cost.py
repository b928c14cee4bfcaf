"""What do the looks at the layers cost a training run, and do they change a bit of it?

    python -m benchmarks.look_cost            # about four minutes

Trains with looks every 200 steps (the default) and without, in turn, from the same weights, and
compares the times and the weights at the end.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from benchmarks.results import machine, write_section
from trickrun.compiler import compile_recipe
from trickrun.job import Job
from trickrun.looks.watcher import Watcher
from trickrun.loop import train
from trickrun.recipe.load import from_tree

HERE = Path(__file__).parent

DATA = {"kind": "fashion_mnist", "batch_size": 128, "subset": {"n": 25_600}}
RECIPES = {
    "mlp 784-256-128-10": {"kind": "mlp", "hidden": [256, 128]},
    "cnn 5×5×8, 3×3×16, 64": {"kind": "cnn", "channels": [8, 16], "hidden": [64]},
}
STEPS = 1000


def trained(model: dict[str, object], look: bool) -> tuple[float, Job]:
    """Train freshly compiled on one thread; return the processor's seconds and the job."""
    length = {"steps": STEPS, "eval_every": STEPS, "threads": 1}
    tree = {"data": DATA, "model": model, "train": length}
    job = compile_recipe(from_tree(tree), HERE)
    watcher = Watcher(job) if look else None
    started = time.process_time()
    for _ in train(job, watch=watcher):
        pass
    return time.process_time() - started, job


def compare(name: str, repeats: int) -> str:
    """Return a row of the table for one network."""
    shares, equal = [], True
    for _ in range(repeats):
        without, plain = trained(RECIPES[name], look=False)
        seconds, looked = trained(RECIPES[name], look=True)
        shares.append(seconds / without - 1)
        states = plain.model.state_dict(), looked.model.state_dict()
        equal &= all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    low, middle, high = min(shares), statistics.median(shares), max(shares)
    return f"| {name} | {middle:+.1%} | {low:+.1%} to {high:+.1%} | {'yes' if equal else 'NO'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    rows = [compare(name, options.repeats) for name in RECIPES]
    body = (
        f"`python -m benchmarks.look_cost`: {STEPS} steps at batch 128 on Fashion-MNIST with looks "
        f"every 200 steps, beside none; processor time on one thread, {options.repeats} pairs. "
        f"{machine('torch')}.\n\n"
        "| network | time, median | range | weights equal to the bit |\n| --- | --- | --- | --- |\n"
        + "\n".join(rows)
    )
    print(body)
    write_section("Cost of the looks while training", body)


if __name__ == "__main__":
    main()
