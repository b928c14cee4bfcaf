"""The same programs given to neural-net-checklist and torchtest2, where they can be expressed.

    pip install -e ".[bench]"
    python -m benchmarks.faults.peers --part development [--sample 60]

Both check a network with one batch, so a program can be expressed if its fault is in what they
take: for neural-net-checklist the network and the batch of a classifier that minimizes
cross-entropy, for torchtest2 the loss and the optimizer as well. A failed assertion is a detection,
or a false alarm. `python -m benchmarks.faults.report` puts the shares into RESULTS.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import torch
from neural_net_checklist import torch_diagnostics as checklist
from torchtest2 import check_model

from benchmarks.faults.hurts import kept_programs
from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.measure import folder_of
from benchmarks.faults.programs import Base, Program, tree_of
from benchmarks.faults.run import sample
from trickrun.recipe.load import from_tree
from trickrun.search.executors.work import prepared
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job

BATCH = 32
"""Samples that the peers see; neural-net-checklist's examples use as many."""

OVERFIT_STEPS = 16384
"""A quarter of what neural-net-checklist would take, to bound the time."""

NETWORK = ("data", "model", "init", "normalization", "regularizers.dropout", "augmentation")
TAKEN = {
    "neural-net-checklist": NETWORK,
    "torchtest2": (*NETWORK, "loss", "optimizer"),
}
"""Sections that a fault must be in for a peer to be able to see it."""

OVER_TIME = (
    "data.batch_size",
    "data.shuffle",
    "data.subset",
    "optimizer.schedule",
    "optimizer.clip",
)
"""What of these sections no single batch, network and optimizer have."""


def expressible(program: Program, job: Job, peer: str) -> bool:
    """Return whether the peer is given everything that makes the program what it is."""
    if any(not path.startswith(TAKEN[peer]) for path in program.edits):
        return False
    if any(path.startswith(OVER_TIME) for path in program.edits):
        return False
    if job.step is not None:
        return False
    classifier = job.data.task.kind == "classification" and job.data.task.classes > 1
    return peer != "neural-net-checklist" or (classifier and job.loss_kind.kind == "cross_entropy")


def built(program: Program, base: Base) -> Callable[[], Job]:
    """Return a factory of the program's jobs, each with a network of its own."""
    recipe, folder = from_tree(tree_of(program, base)), folder_of(program)

    def build() -> Job:
        return compile_recipe(recipe, folder, prepared(recipe, folder))

    return build


def batch_of(job: Job) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a normalized batch and its targets."""
    indices = next(iter(job.batches(0)))[:BATCH]
    return job.inputs(job.data.train.x[indices]), job.targets["train"][indices]


def asks_checklist(build: Callable[[], Job]) -> str:
    """Return the first assertion of neural-net-checklist that fails, or ""."""
    job = build()
    batch, classes = batch_of(job), job.data.task.classes

    def model() -> torch.nn.Module:
        return build().model

    steps = (
        lambda: checklist.assert_balanced_classification_cross_entropy_loss_at_init(
            model(), batch, num_classes=classes
        ),
        lambda: checklist.assert_balanced_classification_cross_entropy_init_calibrated(
            model(), batch, num_classes=classes
        ),
        lambda: checklist.assert_forward_batch_independence(model, batch),
        lambda: checklist.assert_non_zero_gradients(model(), batch),
        lambda: checklist.assert_backward_batch_independence(model, batch),
        lambda: checklist.assert_input_independent_baseline_worse(model, batch),
        lambda: checklist.assert_overfit_to_batch(model(), batch, max_steps=OVERFIT_STEPS),
    )
    for step in steps:
        try:
            step()
        except AssertionError as error:
            return f"{error}"[:100] or "assertion"
    return ""


def asks_torchtest2(build: Callable[[], Job]) -> str:
    """Return the checks of torchtest2 that fail, or ""."""
    job = build()
    inputs, targets = batch_of(job)
    report = check_model(job.model, inputs, targets, loss_fn=job.loss, optimizer=job.optimizer)
    return ", ".join(result.name for result in report.failures)


PEERS = {"neural-net-checklist": asks_checklist, "torchtest2": asks_torchtest2}


def ask(program: Program, base: Base, peer: str) -> dict[str, Any] | None:
    """Return what a peer says of a program and how long it took; None if it cannot be asked."""
    build = built(program, base)
    if not expressible(program, build(), peer):
        return None
    started = time.perf_counter()
    hidden = io.StringIO()
    try:
        with contextlib.redirect_stdout(hidden), contextlib.redirect_stderr(hidden):
            said = PEERS[peer](build)
    except Exception as error:  # a crash on a right program would be an alarm too
        said = f"{type(error).__name__}: {error}"
    return {"said": said, "seconds": time.perf_counter() - started}


def main() -> None:
    """Ask both peers about each program, what the journal has left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("development", "held-back"), required=True)
    parser.add_argument("--sample", type=int)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    kept, bases = kept_programs()
    programs = sample([p for p in kept if p.part == asked.part], asked.sample)
    journal = Journal(RESULTS / f"peers-{asked.part}.jsonl")
    for program in programs:
        for peer in PEERS:
            if f"{peer} {program.name}" not in journal:
                answer = ask(program, bases[program.base], peer)
                journal.add(f"{peer} {program.name}", answer)


if __name__ == "__main__":
    main()
