"""The regularizers that a recipe can declare: a mapping from trick to parameters."""

from __future__ import annotations

from trickrun.params import Params
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.l2 import L2


class Regularizers(Params):
    """Tricks that trade a little fit on the training data for a better fit elsewhere."""

    dropout: Dropout | None = None
    l2: L2 | None = None


__all__ = ["L2", "Dropout", "Regularizers"]
