"""What every regularizer shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trickrun.findings.words import counted
from trickrun.params import Params
from trickrun.tricks.ledger import LedgerEntry

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.rng import LayerStreams
    from trickrun.tricks.losses import Loss


class Regularizer(Params):
    """A trick that trades a little fit on the training data for a better fit elsewhere.

    ``kind``, a class attribute, is its key in the recipe's ``regularizers``. What acts in a
    training step is one of the subclasses: Penalty, Mixing, GradientChange, Climb, Constraint,
    Averaging. What consists of layers puts them into the model by ``insert`` and names their class
    by ``layer_class``. A trick that is on and acts on nothing is an error in compiling a recipe.
    """

    ledger_order: ClassVar[int] = 100
    """Where its line stands among those of the other regularizers: the lowest first."""

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

    @property
    def trains_alone(self) -> bool:
        """A stack does only what says that it can be stacked."""
        return not self.off

    def insert(self, model: nn.Module, streams: LayerStreams) -> None:
        """Put its layers into ``model``, which is not a user's; most kinds have none to put."""

    def layer_class(self) -> type[nn.Module] | None:
        """Return the class of its layers, by which they are counted; None: it has no layers."""
        return None

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        """Return how many things in a job it acts on, and in words what they are."""
        layer = self.layer_class()
        count = 0 if layer is None else sum(type(module) is layer for module in model.modules())
        return count, counted(count, "layer")

    def ledger_entry(self, model: nn.Module, loss: Loss, user_model: bool) -> LedgerEntry:
        """Return its line of the ledger.

        Args:
            user_model: the model is a user's, which builds its own layers.
        """
        if user_model and self.layer_class() is not None:
            count, what = 0, counted(0, "layer")
        else:
            count, what = self.acts_on(model, loss)
        return LedgerEntry(
            "regularizers", self.kind_name, "off" if self.off else what, count, self.off
        )


def trained_parameters(model: nn.Module) -> int:
    """Return how many parameters of ``model`` are trained."""
    return sum(parameter.requires_grad for parameter in model.parameters())
