from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Positive
from trickrun.tricks.regularizers._constraint import Constraint

if TYPE_CHECKING:
    import torch
    from torch import nn


class MaxNorm(Constraint):
    """Bound the length of each hidden unit's incoming weights after every step.

    Formula: w <- w * min(1, c / ||w||) for the incoming weights w of each unit (for convolutions,
        of each output channel), after the optimizer's step.
    When: together with dropout and a large learning rate, whose steps it keeps from exploding.
    Defaults: c = 3; the paper finds 3 to 4 best.
    Interactions: biases and the last layer are left alone. A weight that normalization computes
        has no length of its own: it is left alone too.
    Source: Srivastava et al. 2014, Dropout, JMLR 15, section 5.1; Hinton et al. 2012,
        arXiv:1207.0580.
    """

    ledger_order: ClassVar[int] = 60

    main: ClassVar[str | None] = "c"

    kind: ClassVar[Literal["max_norm"]] = "max_norm"
    c: Positive = Field(default=3.0, description="largest 2-norm of a unit's incoming weights")

    @property
    def off(self) -> bool:
        return False

    def constrained(self, model: nn.Module) -> list[torch.Tensor]:
        """Return the weights [units, ...] of ``model`` that it acts on."""
        from trickrun.nn.layers import plain_layers, weight_layers

        hidden = {layer for _, layer in weight_layers(model)[:-1]}
        found = (layer.weight for _, layer in plain_layers(model) if layer in hidden)
        return [weight for weight in found if weight.requires_grad]

    def constrain(self, weights: Sequence[torch.Tensor]) -> None:
        """Shorten what is too long in ``weights`` [units, ...], in place."""
        import torch

        with torch.no_grad():
            for weight in weights:
                weight.renorm_(2, 0, self.c)
