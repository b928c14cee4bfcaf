"""What every regularizer shares."""

from __future__ import annotations

from typing import ClassVar

from trickrun.params import Params


class Regularizer(Params):
    """A trick that trades a little fit on the training data for a better fit elsewhere.

    ``kind``, a class attribute, is its key in the recipe's ``regularizers``.
    """

    usual_strength: ClassVar[float | None] = None
    """The largest value of ``main`` that is usual: more is strong; None: it is not known."""

    too_strong: ClassVar[str] = "TR50"
    """The code of the finding that it is too strong."""

    in_loss: ClassVar[bool] = False
    """Whether it is a part of the loss; others change the network, its inputs or its steps."""

    @property
    def doubt(self) -> float:
        """How likely it is too strong, from 0.15 for what is usual to 0.9 for what hardly ever
        works. Own judgements, coarse on purpose."""
        return 0.15

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError
