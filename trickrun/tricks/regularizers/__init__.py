"""The regularizers that a recipe can declare: a mapping from trick to parameters."""

from __future__ import annotations

from pydantic import Field

from trickrun.params import Params
from trickrun.tricks.regularizers.base import Penalty
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.elastic_net import ElasticNet
from trickrun.tricks.regularizers.l1 import L1
from trickrun.tricks.regularizers.l2 import L2
from trickrun.tricks.regularizers.label_smoothing import LabelSmoothing


class Regularizers(Params):
    """Tricks that trade a little fit on the training data for a better fit elsewhere."""

    dropout: Dropout | None = Field(default=None, description="zero random hidden units")
    l2: L2 | None = Field(default=None, description="penalty on squared weights")
    l1: L1 | None = Field(default=None, description="penalty on absolute weights")
    elastic_net: ElasticNet | None = Field(default=None, description="l1 and l2 mixed")
    label_smoothing: LabelSmoothing | None = Field(default=None, description="softer targets")

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """The declared penalties, also those whose strength is 0."""
        return tuple(p for p in (self.l2, self.l1, self.elastic_net) if p is not None)


__all__ = ["L1", "L2", "Dropout", "ElasticNet", "LabelSmoothing", "Penalty", "Regularizers"]
