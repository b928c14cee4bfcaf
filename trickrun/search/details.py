"""What a trial tells beyond its best evaluation: its curves, its scores and its answers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit
    from trickrun.data.splits.source import SplitData
    from trickrun.training.job import Job

Number = float | None

COLUMNS = ("epoch", "train_loss")
"""Of the evaluations, beside all values on the validation part."""

MOST_ANSWERS = 100_000
"""Samples of a part up to which each one's answer is kept."""


@dataclass(frozen=True)
class Details:
    """How a training went, as the journal of a comparison keeps it.

    Args:
        evaluations: a column a value: epoch, train_loss, val_loss and so on.
        part: what the kept weights are scored on: the test part, if there is one.
        scores: loss and metrics of the kept weights there.
        answers: the class that each of its samples is taken for; None if it is no classification,
            or has more than MOST_ANSWERS samples.
        truth: the class of each of its samples, likewise.
        labels: the classes' names; empty likewise.
        samples: what is the same only for the same samples in the same order.
        parameters: numbers that are trained.
        steps: optimizer steps taken.
        trained: training samples seen.
        sizes: samples in the training, validation and test part.
    """

    evaluations: dict[str, list[Number]]
    part: Literal["train", "val", "test"]
    scores: dict[str, Number]
    answers: list[int] | None
    truth: list[int] | None
    labels: list[str]
    samples: str
    parameters: int
    steps: int
    trained: int
    sizes: tuple[int, int, int]


def scored_part(job: Job) -> tuple[Literal["train", "val", "test"], SplitData]:
    """Return the part that a trial's kept weights are scored on, and its name."""
    if job.data.test is not None:
        return "test", job.data.test
    return ("val", job.data.val) if job.data.val is not None else ("train", job.data.train)


def details_of(
    job: Job,
    history: Sequence[Mapping[str, float]],
    steps: int,
    trained: int,
    prediction: torch.Tensor | None = None,
) -> Details:
    """Return the details of a training that has ended.

    Args:
        history: its evaluations.
        steps, trained: optimizer steps taken, and training samples seen.
        prediction: the outputs of its kept weights for ``scored_part``; None: the model has them.
    """
    from trickrun.training.evaluation import predict, score

    name, part = scored_part(job)
    if prediction is None:
        prediction = predict(job, part.x)
    scores = score(job, prediction, part, job.targets[name])
    answers, truth = answers_of(job, part, prediction)
    task, data = job.data.task, job.data
    return Details(
        columns(history),
        name,
        {key: finite(value) for key, value in scores.items()},
        answers,
        truth,
        list(task.labels) if answers is not None else [],
        samples_of(data.kept, name, part),
        sum(p.numel() for p in job.model.parameters() if p.requires_grad),
        steps,
        trained,
        (len(data.train), size_of(data.val), size_of(data.test)),
    )


def size_of(part: SplitData | None) -> int:
    """Return how many samples a part has; 0: there is none."""
    return 0 if part is None else len(part)


def answers_of(
    job: Job, part: SplitData, prediction: torch.Tensor
) -> tuple[list[int] | None, list[int] | None]:
    """Return the class that each sample is taken for, and the one that it has; see Details."""
    task = job.data.task
    if task.kind != "classification" or task.next_token or len(part) > MOST_ANSWERS:
        return None, None
    scores = job.loss_kind.scores(prediction, task)
    return scores.argmax(dim=-1).flatten().tolist(), part.y.flatten().tolist()


def samples_of(kept: KeptSplit | None, name: str, part: SplitData) -> str:
    """Return what is the same only for the same samples of a part in the same order.

    Args:
        kept: the split; None: the targets alone tell samples apart.
    """
    told = kept.keys[kept.members(name)] if kept is not None else part.y
    return hashlib.blake2b(told.cpu().contiguous().numpy().tobytes(), digest_size=8).hexdigest()


def columns(history: Sequence[Mapping[str, float]]) -> dict[str, list[Number]]:
    """Return evaluations as columns; a value that is not finite is None."""
    names = [name for name in (history[0] if history else ()) if is_kept(name)]
    return {name: [finite(record.get(name)) for record in history] for name in names}


def is_kept(name: str) -> bool:
    """Whether a value of the evaluations is kept."""
    return name in COLUMNS or name.startswith("val_")


def finite(value: float | None) -> Number:
    """Return a number, None for one that is not finite."""
    return value if value is not None and math.isfinite(value) else None
