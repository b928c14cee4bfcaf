from __future__ import annotations

from typing import ClassVar, Literal

from trickrun.data.splits.source import Task
from trickrun.params import Params
from trickrun.tricks.losses._loss import Loss


class AutoLoss(Loss):
    """Choose by the task: cross_entropy for classes, bce for labels, mse for values.

    Formula: see cross_entropy, bce and mse.
    When: always, unless you know better; it is the default.
    Defaults: none of its own.
    Source: trickrun's choice.
    """

    # It depends on the task: the text alone cannot refuse it, compiling the chosen loss can.
    takes_label_smoothing: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True

    kind: Literal["auto"] = "auto"

    @property
    def stands_for(self) -> tuple[type[Params], ...]:
        from trickrun.tricks.losses.bce import BCE
        from trickrun.tricks.losses.cross_entropy import CrossEntropy
        from trickrun.tricks.losses.mse import MSE

        return CrossEntropy, MSE, BCE

    def chosen(self, task: Task) -> Loss:
        from trickrun.tricks.losses.bce import BCE
        from trickrun.tricks.losses.cross_entropy import CrossEntropy
        from trickrun.tricks.losses.mse import MSE

        if task.kind == "multilabel":
            return BCE(reduction=self.reduction)
        if task.kind == "classification":
            return CrossEntropy(reduction=self.reduction)
        return MSE(reduction=self.reduction)
