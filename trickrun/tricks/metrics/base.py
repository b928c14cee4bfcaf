"""What every metric shares: scores and targets of a whole split in, one number out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.data.task import Task
from trickrun.params import Params

if TYPE_CHECKING:
    import torch


class Metric(Params):
    """A number that says how good predictions are; it is reported, never minimized."""

    task: ClassVar[Literal["classification", "regression", "any"]] = "classification"

    @property
    def name(self) -> str:
        """The name under which it is reported, for example ``accuracy``."""
        return str(self.kind)  # type: ignore[attr-defined]

    def compute(self, scores: torch.Tensor, target: torch.Tensor, task: Task) -> float:
        """Return the metric of a whole split.

        Args:
            scores: class scores [N, classes], or values [N, targets].
            target: class indices [N], or values [N, targets].
            task: what the data asks for.
        """
        raise NotImplementedError
