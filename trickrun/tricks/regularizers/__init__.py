"""The regularizers that a recipe can declare: a mapping from trick to parameters, a file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import create_model, model_validator

from trickrun.params import KindFolder, Params
from trickrun.tricks.regularizers._averaging import Averaging
from trickrun.tricks.regularizers._climb import Climb
from trickrun.tricks.regularizers._constraint import Constraint
from trickrun.tricks.regularizers._gradient_change import GradientChange
from trickrun.tricks.regularizers._mixing import Mixing
from trickrun.tricks.regularizers._penalty import Penalty
from trickrun.tricks.regularizers._regularizer import Regularizer

Kind = TypeVar("Kind", bound=Regularizer)

REGULARIZERS = KindFolder(__name__, "_regularizer.Regularizer")


class Declared(Params):
    """Tricks that trade a little fit on the training data for a better fit elsewhere."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return the declared trick of that name, or None."""

    @model_validator(mode="after")
    def _one_average(self) -> Declared:
        if len(self.of(Averaging)) > 1:
            names = " and ".join(trick.kind_name for trick in self.of(Averaging))
            raise ValueError(f"{names} both say which weights are evaluated; give one of them")
        return self

    @model_validator(mode="after")
    def _one_climb(self) -> Declared:
        if len(self.of(Climb)) > 1:
            names = " and ".join(trick.kind_name for trick in self.of(Climb))
            raise ValueError(f"{names} both say where the gradient is taken; give one of them")
        return self

    def of(self, base: type[Kind]) -> tuple[Kind, ...]:
        """Return the declared tricks that are a ``base``, also those whose strength is 0."""
        declared = (getattr(self, name) for name in self.model_fields_set)
        found = [trick for trick in declared if isinstance(trick, base)]
        # One order, however they were written: sums of penalties keep their bits.
        return tuple(sorted(found, key=lambda trick: trick.kind_name, reverse=True))

    @property
    def in_order(self) -> tuple[Regularizer, ...]:
        """Every declared trick in the ledger's order; of equal ones first those of strength 0."""
        return tuple(sorted(self.of(Regularizer), key=lambda t: (t.ledger_order, not t.off)))

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """The declared penalties, also those whose strength is 0."""
        return self.of(Penalty)

    @property
    def mixing(self) -> tuple[Mixing, ...]:
        """The declared tricks that mix samples, those of strength 0 left out."""
        return tuple(trick for trick in self.of(Mixing) if not trick.off)

    @property
    def gradient_changes(self) -> tuple[GradientChange, ...]:
        """The declared tricks that change the gradient, those of strength 0 left out."""
        return tuple(trick for trick in self.of(GradientChange) if not trick.off)

    @property
    def climb(self) -> Climb | None:
        """The declared trick that takes the gradient elsewhere; None if its strength is 0."""
        return next((trick for trick in self.of(Climb) if not trick.off), None)

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The declared bounds on the weights, those of strength 0 left out."""
        return tuple(trick for trick in self.of(Constraint) if not trick.off)

    @property
    def averaging(self) -> Averaging | None:
        """The declared average of the weights; None if its strength is 0."""
        return next((trick for trick in self.of(Averaging) if not trick.off), None)


if TYPE_CHECKING:
    Regularizers = Declared
else:
    # One key a file; none of the files is imported before a recipe declares its trick.
    Regularizers = create_model(
        "Regularizers",
        __base__=Declared,
        __doc__=Declared.__doc__,
        __module__=__name__,
        **{name: (REGULARIZERS.one(name) | None, None) for name in REGULARIZERS.files},
    )

__all__ = [
    "REGULARIZERS",
    "Averaging",
    "Climb",
    "Constraint",
    "GradientChange",
    "Mixing",
    "Penalty",
    "Regularizer",
    "Regularizers",
]
