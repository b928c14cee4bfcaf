from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.data.task import Task
from trickrun.params import Positive
from trickrun.tricks.losses.base import Loss, LossFunction
from trickrun.tricks.losses.classes import class_targets, class_weights, needs_classes

if TYPE_CHECKING:
    import torch


class CrossEntropy(Loss):
    """The negative log-probability of the right class, from logits.

    Formula: -log softmax(z)[y], times the weight of class y.
    When: classification; the model must end in plain logits, with no softmax of its own.
    Defaults: no class weights; ``balanced`` weighs class c by n / (classes * n_c).
    Interactions: label_smoothing mixes the target with the uniform distribution.
    Source: torch.nn.functional.cross_entropy.
    """

    takes_label_smoothing: ClassVar[bool] = True

    kind: Literal["cross_entropy"] = "cross_entropy"
    class_weights: (
        Literal["balanced"] | Annotated[tuple[Positive, ...], Field(strict=False)] | None
    ) = Field(default=None, description="balanced, or one weight a class in label order")

    def check(self, task: Task) -> None:
        needs_classes(self.kind, task)
        class_weights(self.class_weights, task)

    def outputs(self, task: Task) -> int:
        return task.classes

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return class_targets(y)

    def build(self, task: Task, label_smoothing: float = 0.0) -> LossFunction:
        from torch.nn import functional

        weights = class_weights(self.class_weights, task)

        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            weight = None if weights is None else weights.to(prediction)
            return functional.cross_entropy(
                prediction, target, weight, reduction="none", label_smoothing=label_smoothing
            )

        def weight_of(target: torch.Tensor) -> torch.Tensor:
            assert weights is not None
            return weights.to(target.device)[target]

        return LossFunction(per_sample, None if weights is None else weight_of, self.reduction)

    def scores(self, prediction: torch.Tensor, task: Task) -> torch.Tensor:
        return prediction.softmax(dim=1)
