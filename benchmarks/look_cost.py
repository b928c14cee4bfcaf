"""What do the looks at the layers cost a training run, and do they change a bit of it?

    python -m benchmarks.look_cost            # about four minutes

Trains with looks every 200 steps (the default) and without, in turn, from the same weights, times
the looks themselves, and compares whole trainings and the weights at the end.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from benchmarks.results import machine, write_section
from trickrun.findings.evidence.run import Look
from trickrun.recipe.load import from_tree
from trickrun.training.compile import compile_recipe
from trickrun.training.introspection.watcher import Watcher
from trickrun.training.job import Job
from trickrun.training.loop import train

HERE = Path(__file__).parent

DATA = {"kind": "fashion_mnist", "batch_size": 128, "subset": {"n": 25_600}}
RECIPES = {
    "mlp 784-256-128-10": {"kind": "mlp", "hidden": [256, 128]},
    "cnn 5×5×8, 3×3×16, 64": {"kind": "cnn", "channels": [8, 16], "hidden": [64]},
}
STEPS = 1000


class Timed(Watcher):
    """A watcher that knows how long its looks took, in processor seconds."""

    seconds = 0.0

    def before(self, step: int) -> None:
        started = time.process_time()
        super().before(step)
        self.seconds += time.process_time() - started

    def after(self, step: int) -> Look:
        started = time.process_time()
        found = super().after(step)
        self.seconds += time.process_time() - started
        return found


def trained(model: dict[str, object], look: bool) -> tuple[float, float, Job]:
    """Train freshly compiled on one thread; return the processor seconds of training and of its
    looks, and the job."""
    length = {"steps": STEPS, "eval_every": STEPS, "threads": 1}
    tree = {"data": DATA, "model": model, "train": length}
    job = compile_recipe(from_tree(tree), HERE)
    watcher = Timed(job) if look else None
    started = time.process_time()
    for _ in train(job, observer=watcher):
        pass
    spent = time.process_time() - started
    looks = watcher.seconds if watcher is not None else 0.0
    return spent - looks, looks, job


def compare(name: str, repeats: int) -> str:
    """Return a row of the table for one network."""
    shares, ratios, equal = [], [], True
    for _ in range(repeats):
        without, _, plain = trained(RECIPES[name], look=False)
        seconds, looks, looked = trained(RECIPES[name], look=True)
        shares.append(looks / seconds)
        ratios.append((seconds + looks) / without - 1)
        states = plain.model.state_dict(), looked.model.state_dict()
        equal &= all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    return (
        f"| {name} | {statistics.median(shares):.1%} ({min(shares):.1%} to {max(shares):.1%}) | "
        f"{statistics.median(ratios):+.1%} ({min(ratios):+.1%} to {max(ratios):+.1%}) | "
        f"{'yes' if equal else 'NO'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    rows = [compare(name, options.repeats) for name in RECIPES]
    body = (
        f"`python -m benchmarks.look_cost`: {STEPS} steps at batch 128 on Fashion-MNIST with looks "
        f"every 200 steps, beside none; processor time on one thread, {options.repeats} pairs. "
        f"{machine('torch')}.\n\n"
        "| network | looks over the rest of the training | whole training, with over without | "
        "weights equal to the bit |\n| --- | --- | --- | --- |\n" + "\n".join(rows)
    )
    print(body)
    write_section("Cost of the looks while training", body)


if __name__ == "__main__":
    main()
