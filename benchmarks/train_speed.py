"""Training speed of trickrun beside a plain PyTorch loop of the same network, interleaved.

    python benchmarks/train_speed.py --repeats 5

The plain loop is what one writes by hand for data that fits: float tensors normalized once, slices
of a permutation, Adam as torch gives it. Both train the same number of epochs from the same start;
seconds are those of training steps, evaluation left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from torch import nn

from trickrun.compiler import compile_recipe
from trickrun.data.prepare import Prepared, prepare
from trickrun.evaluate import evaluate
from trickrun.job import Job
from trickrun.loop import train
from trickrun.recipe.load import load
from trickrun.records import End
from trickrun.state import Progress

NETWORKS = {
    "mlp": "{kind: mlp, hidden: [256, 128]}",
    "cnn": "{kind: cnn, channels: [8, 16], kernel: 3, hidden: [64]}",
}


def recipe_job(recipe: Path, network: str, epochs: int, data: Prepared | None) -> Job:
    """Return the job of ``recipe`` with ``network`` and nothing that the plain loop lacks."""
    overrides = [
        f"model={NETWORKS[network]}",
        "normalization=none",
        "regularizers=null",
        "optimizer={kind: adam, lr: 1e-3}",
        f"train.epochs={epochs}",
        "expect=null",
    ]
    loaded = load(recipe, overrides)
    return compile_recipe(loaded.recipe, loaded.folder, data)


def trickrun_seconds(job: Job) -> tuple[float, float]:
    """Return the seconds in training steps and the validation accuracy."""
    progress = Progress()
    for record in train(job, progress):
        if isinstance(record, End):
            break
    assert job.data.val is not None
    return progress.seconds, evaluate(job, job.data.val, job.targets["val"])["accuracy"]


def plain_seconds(job: Job) -> tuple[float, float]:
    """Train the same network by hand; return seconds and validation accuracy."""
    x = job.inputs(job.data.train.x).contiguous()
    y = job.data.train.y
    model = job.model
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    model.train()
    started = time.perf_counter()
    for _ in range(job.recipe.train.epochs):
        order = torch.randperm(len(x))
        for first in range(0, len(x), job.batch_size):
            indices = order[first : first + job.batch_size]
            optimizer.zero_grad()
            loss = loss_of(model(x[indices]), y[indices])
            loss.backward()
            optimizer.step()
    seconds = time.perf_counter() - started
    assert job.data.val is not None
    return seconds, evaluate(job, job.data.val, job.targets["val"])["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("recipes/fashion-mnist.yaml"))
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for network in options.networks:
        base = load(options.recipe)
        data = prepare(base.recipe.data, base.folder)
        rows = []
        for _ in range(options.repeats):
            ours, our_accuracy = trickrun_seconds(
                recipe_job(options.recipe, network, options.epochs, data)
            )
            plain, plain_accuracy = plain_seconds(
                recipe_job(options.recipe, network, options.epochs, data)
            )
            rows.append((ours, plain, our_accuracy, plain_accuracy))
        report(network, rows, options.epochs * len(data.train))


def report(network: str, rows: list[tuple[float, float, float, float]], samples: int) -> None:
    """Print samples/s of both and their ratio pair by pair: median (range)."""
    ratios = [plain / ours for ours, plain, _, _ in rows]
    print(
        f"{network}: trickrun {samples / statistics.median(r[0] for r in rows):,.0f} samples/s "
        f"(val accuracy {statistics.median(r[2] for r in rows):.4f}), plain loop "
        f"{samples / statistics.median(r[1] for r in rows):,.0f} "
        f"({statistics.median(r[3] for r in rows):.4f}); ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
