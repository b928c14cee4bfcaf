from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.errors import CompileError
from trickrun.params import PythonTarget
from trickrun.tricks.metrics._mean import mean
from trickrun.tricks.metrics._metric import Metric, MetricFunction
from trickrun.user_code import call, resolve

if TYPE_CHECKING:
    import torch


class PythonMetric(PythonTarget, Metric):
    """Your own metric: ``f(prediction, target, **args)`` returns values [N] or a number.

    Formula: yours; of values [N] the mean is taken, by data.weight if the samples have weights: a
        number is refused then. The prediction is class scores [N, classes] or
        values [N, targets] of the whole split, the target class indices [N] or values; of labels
        probabilities and 0/1, both [N, labels]; values are float64, in the data's own unit.
    When: a metric that trickrun does not have.
    Defaults: it is reported under the function's name.
    Source: yours.
    """

    task: ClassVar[TaskName | Literal["any"]] = "any"

    example: ClassVar[str] = """\
def correct(prediction, target):
    right = prediction.argmax(1) == target
    return right.float()  # [N]
"""

    kind: Literal["python"] = "python"

    @property
    def name(self) -> str:
        return self.target.replace(":", ".").rpartition(".")[2]

    def build(self, task: Task, folder: Path) -> MetricFunction:
        function = resolve(self.target, folder, self.taught)

        def computed(
            scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
        ) -> float:
            value = call(function, self.target, scores, target, args=self.args, teach=self.taught)
            return one_number(value, len(scores), self.target, weight)

        return computed


def one_number(
    value: object, samples: int, target: str, weight: torch.Tensor | None = None
) -> float:
    """Return what user code gave as a number, the mean of [N]; CompileError if it is neither, and
    for a number of samples that have a ``weight`` [N] each."""
    import torch

    try:
        tensor = torch.as_tensor(value, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        tensor = None
    if tensor is None or tensor.shape not in ((), (samples,)):
        given = type(value).__name__ if tensor is None else list(tensor.shape)
        raise CompileError(
            f"it returned {given} for a split of {samples} samples",
            target,
            PythonMetric.taught(f"return a number, or a tensor of shape [{samples}]"),
        )
    if weight is not None and tensor.shape != (samples,):
        raise CompileError(
            "it returned one number, but the samples are weighted",
            target,
            PythonMetric.taught(f"return a tensor [{samples}], whose weighted mean is taken"),
        )
    return float(mean(tensor, weight))
