"""What every metric shares: scores and targets of a whole split in, one number out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from trickrun.data.splits.source import Task, TaskName
from trickrun.errors import CompileError
from trickrun.params import KindFolder, Params

if TYPE_CHECKING:
    import torch

SUITABLE: dict[TaskName, str] = {
    "classification": "accuracy or f1_macro",
    "regression": "mae, rmse or r2",
    "multilabel": "accuracy, subset_accuracy, f1_macro, f1_micro or auroc",
}
"""Metrics that suit each kind of task, for hints."""

MetricFunction = Callable[..., float]
"""Scores and targets of a whole split to the metric, and, where samples are weighted, their weights
after these; see Metric.compute for their shapes."""


class Metric(Params):
    """A number that says how good predictions are; it is reported, never minimized."""

    task: ClassVar[TaskName | Literal["any"]] = "classification"

    takes_labels: ClassVar[bool] = False
    """Whether it measures several 0/1 labels a sample too; its docstring says how."""

    higher_is_better: ClassVar[bool | None] = None
    """Which values are better; None: nobody knows, as for a metric of the user's own."""

    is_share: ClassVar[bool] = False
    """Whether it is between 0 and 1, and a hundredth means the same everywhere."""

    @property
    def name(self) -> str:
        """The name under which it is reported, for example ``accuracy``."""
        return self.kind_name

    @classmethod
    def constant(cls, task: Task) -> float | None:
        """Return its value for the best answer that ignores the input, from which skill is
        measured up to 1; None: skill is not measured by it."""
        return None

    def check(self, task: Task) -> None:
        """Raise CompileError if this metric says nothing about ``task``."""
        if not self.measures(task.kind):
            raise CompileError(
                f"{self.name} is for {self.task}, the data's task is {task.kind}",
                "metrics",
                f"use {SUITABLE[task.kind]}",
            )

    @classmethod
    def measures(cls, kind: TaskName) -> bool:
        """Whether it says something about a task of this kind."""
        return cls.task in (kind, "any") or (kind == "multilabel" and cls.takes_labels)

    def build(self, task: Task, folder: Path) -> MetricFunction:
        """Return the metric ready to use.

        Args:
            task: what the data asks for; ``check`` has passed it.
            folder: the recipe's, where user code is looked for first.
        """

        def computed(
            scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None
        ) -> float:
            if task.next_token:
                # Each place of each sample is an answer of its own.
                scores, target = scores.flatten(0, 1), target.flatten()
            return self.compute(scores, target, task, weight)

        return computed

    def compute(
        self,
        scores: torch.Tensor,
        target: torch.Tensor,
        task: Task,
        weight: torch.Tensor | None = None,
    ) -> float:
        """Return the metric of a whole split; NaN if it is not defined there.

        Args:
            scores: class scores [N, classes], labels' probabilities [N, labels], or values
                [N, targets] in float64.
            target: class indices [N], or labels or values [N, targets] in float64.
            task: what the data asks for.
            weight: how much each sample counts, float64 [N], as scikit-learn's sample_weight; None:
                all alike. Not of next tokens.
        """
        raise NotImplementedError


METRICS = KindFolder("trickrun.tricks.metrics", "_metric.Metric")


def metric_named(name: str) -> type[Metric] | None:
    """Return the kind of metric that is reported under ``name``; None: it is the user's own, or
    there is none."""
    kind = METRICS.get(name)
    return kind if kind and issubclass(kind, Metric) else None


AnyMetric = Annotated[Metric, METRICS]
"""One of the metrics, chosen by its kind."""
