"""Training speed of trickrun beside a plain PyTorch loop, Lightning, skorch, fastai and Keras.

    python benchmarks/train_speed.py [--write]

All train the same network from the same weights on the same normalized Fashion-MNIST tensors with
Adam, and evaluate the validation split after each epoch; they take turns. The plain loop is what
one writes by hand for data that fits: slices of a permutation, torch's own unfused Adam. trickrun
runs as its ``train`` command does, with run folder, checkpoints, metrics and looks at the layers.
Time begins when data and network are there. The peers have their progress bars, loggers and
checkpoints switched off, but for the row "as it comes"; those that are not installed are left out
(``pip install -e '.[bench]'``). All use torch's own number of threads but trickrun, which follows
its rule; one plain loop follows it too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from bare_recipe import BARE, RECIPE
from results import installed, machine, write_section
from torch import nn
from training_peers import PEERS, Case

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.recipe.load import Loaded, load
from trickrun.run import execute
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import evaluate
from trickrun.training.job import Job
from trickrun.training.threads import available

NETWORKS = {
    "MLP 784-256-128-10": ("{kind: mlp, hidden: [256, 128]}", "null"),
    "CNN 8, 16 / 64": ("{kind: cnn, channels: [8, 16], kernel: 3, hidden: [64]}", "{n: 12800}"),
}
"""Network and subset of the training split."""


PACKAGES = sorted({package for package, _ in PEERS.values()})


@dataclass(frozen=True)
class Measured:
    """Samples a second, and the validation accuracy at the end."""

    speed: float
    accuracy: float


def recipe_of(network: str, epochs: int, seed: int = 0) -> Loaded:
    """Return the recipe with ``network`` and nothing that the peers lack."""
    model, subset = NETWORKS[network]
    overrides = [
        f"model={model}",
        f"data.subset={subset}",
        *BARE,
        f"train.epochs={epochs}",
        f"seed={seed}",
    ]
    return load(RECIPE, overrides)


def trickrun(loaded: Loaded, data: Prepared) -> Measured:
    """Train as the command does, in a run folder that is thrown away."""
    job = compile_recipe(loaded.recipe, loaded.folder, data)
    with (
        tempfile.TemporaryDirectory() as root,
        execute.start(loaded, Path(root), ["train"], loaded.folder) as folder,
    ):
        began = time.perf_counter()
        execute.execute(folder, job, ["train"], [])
        seconds = time.perf_counter() - began
    return measured(job, seconds)


def by_hand(case: Case) -> None:
    """Train the network with a hand-written loop."""
    optimizer = torch.optim.Adam(case.model.parameters(), lr=case.lr)
    loss_of = nn.CrossEntropyLoss()
    for _ in range(case.epochs):
        case.model.train()
        order = torch.randperm(len(case.x))
        for first in range(0, len(case.x), case.batch_size):
            indices = order[first : first + case.batch_size]
            optimizer.zero_grad()
            loss_of(case.model(case.x[indices]), case.y[indices]).backward()
            optimizer.step()
        case.model.eval()
        with torch.no_grad():
            float(loss_of(case.model(case.val_x), case.val_y))


def peer(train: Callable[[Case], None], threads: int | None) -> Callable[..., Measured]:
    """Return what measures ``train``; ``threads``: None for those of trickrun's rule."""

    def run(loaded: Loaded, data: Prepared) -> Measured:
        job = compile_recipe(loaded.recipe, loaded.folder, data)
        if threads is not None:
            torch.set_num_threads(threads)
        # What a network has by itself, not as trickrun lays it out.
        nn.utils.convert_conv2d_weight_memory_format(job.model, torch.contiguous_format)
        assert job.data.val is not None
        x, val_x = (job.inputs(part.x).contiguous() for part in (job.data.train, job.data.val))
        case = Case(
            job.model, x, job.data.train.y, val_x, job.data.val.y,
            job.batch_size, job.recipe.train.epochs, job.recipe.optimizer.lr,
        )  # fmt: skip
        began = time.perf_counter()
        train(case)
        return measured(job, time.perf_counter() - began)

    return run


def measured(job: Job, seconds: float) -> Measured:
    """Return the speed of a whole training, and the accuracy of the network that it left."""
    assert job.data.val is not None
    accuracy = evaluate(job, job.data.val, job.targets["val"])["accuracy"]
    return Measured(len(job.data.train) * job.recipe.train.epochs / seconds, accuracy)


def ways(names: list[str]) -> dict[str, Callable[..., Measured]]:
    """Return the ways of training that can be measured here."""
    found: dict[str, Callable[..., Measured]] = {
        "trickrun": trickrun,
        "plain loop": peer(by_hand, available()),
        "plain loop, trickrun's threads": peer(by_hand, None),
    }
    for name, (package, train) in PEERS.items():
        if name in names and installed(package) != "missing":
            found[name] = peer(train, available())
    return found


def rows(network: str, all_measured: dict[str, list[Measured]]) -> list[str]:
    """Return the table's lines: speed, how many times as fast trickrun is, and accuracy."""
    lines = []
    for way, found in all_measured.items():
        ratios = [
            ours.speed / theirs.speed
            for ours, theirs in zip(all_measured["trickrun"], found, strict=True)
        ]
        speeds = [one.speed for one in found]
        lines.append(
            f"| {network} | {way} | {statistics.median(speeds):,.0f} "
            f"({min(speeds):,.0f}-{max(speeds):,.0f}) | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f}-{max(ratios):.2f}) | "
            f"{statistics.median(one.accuracy for one in found):.4f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    lines = [
        "| network | way | samples/s | trickrun is faster by | val accuracy |",
        "|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for network in options.networks:
        loaded = recipe_of(network, options.epochs)
        data = prepare(loaded.recipe.data, loaded.folder)
        measurements: dict[str, list[Measured]] = {}
        for seed in range(options.repeats):
            loaded = recipe_of(network, options.epochs, seed)
            for name, way in ways(options.peers).items():
                measurements.setdefault(name, []).append(way(loaded, data))
        lines += rows(network, measurements)
        print("\n".join(lines[-len(measurements) :]), flush=True)
    told = (
        f"`python benchmarks/train_speed.py`: {options.epochs} epochs with an evaluation each, "
        f"medians (ranges) of {options.repeats} rounds, each with a seed of its own.\n"
        f"{machine('torch', *PACKAGES)}, "
        f"load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after\n\n"
    )
    if options.write:
        write_section("Training beside its peers", told + "\n".join(lines))


if __name__ == "__main__":
    main()
