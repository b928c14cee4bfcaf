"""What the losses over classes share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.params import Positive

if TYPE_CHECKING:
    import torch

ClassWeights = Annotated[
    Literal["balanced"] | Annotated[tuple[Positive, ...], Field(strict=False)] | None,
    Field(description="balanced, or one weight per class in label order"),
]


def needs_classes(kind: str, task: Task) -> None:
    """Raise CompileError if the data has values where ``kind`` needs classes."""
    if task.kind != "classification":
        raise CompileError(
            f"{kind} needs classes, but the data's target is a value (regression)",
            "loss",
            "use mse, mae or huber; or task: classification, where the data's kind takes it",
        )


def class_targets(y: torch.Tensor) -> torch.Tensor:
    """Return class indices [N] as int64."""
    return y.long()


def class_weights(wanted: str | tuple[float, ...] | None, task: Task) -> torch.Tensor | None:
    """Return weights [classes]; ``balanced`` is n / (classes * n_c), as in scikit-learn.

    Raises CompileError if the number of weights is not the number of classes.
    """
    if wanted is None:
        return None
    import torch

    if isinstance(wanted, str):
        shares = torch.tensor(task.priors)
        # A class that the training split lacks has no loss to weigh.
        return torch.where(shares > 0, 1.0 / (len(shares) * shares), torch.zeros(()))
    if len(wanted) != task.classes:
        raise CompileError(
            f"{len(wanted)} class weights for {task.classes} classes",
            "loss.class_weights",
            "give one weight per class, in the order of the labels: " + ", ".join(task.labels),
        )
    return torch.tensor(wanted)


def weight_of(weights: torch.Tensor | None) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Return the map from class indices [N] to their weights [N]; None for no weights."""
    if weights is None:
        return None

    def weigh(target: torch.Tensor) -> torch.Tensor:
        return weights.to(target.device)[target]

    return weigh


def mean_log_probability(outputs: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the mean over M of softmax(outputs), of outputs [M, ..., classes]."""
    mean: torch.Tensor = outputs.log_softmax(-1).logsumexp(0) - math.log(len(outputs))
    return mean
