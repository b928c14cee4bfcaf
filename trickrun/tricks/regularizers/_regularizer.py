"""What every regularizer shares."""

from __future__ import annotations

from trickrun.params import Params


class Regularizer(Params):
    """A trick that trades a little fit on the training data for a better fit elsewhere.

    ``kind``, a class attribute, is its key in the recipe's ``regularizers``.
    """

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError
