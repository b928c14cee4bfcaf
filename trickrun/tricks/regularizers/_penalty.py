"""What every penalty shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.findings.words import counted
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.tricks.losses import Loss


class Penalty(Regularizer):
    """A term added to the loss that grows with the parameters."""

    ledger_order: ClassVar[int] = 10
    in_loss: ClassVar[bool] = True

    on: Literal["weights", "all"] = Field(
        default="weights", description="weights only, or all: biases and norm scales too"
    )

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError

    @property
    def trains_alone(self) -> bool:
        return False

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        count = 0 if self.off else len(penalized(model, self.on))
        return count, counted(count, "parameter")

    @property
    def strength(self) -> float:
        """The factor of the whole term."""
        raise NotImplementedError

    @property
    def doubt(self) -> float:
        return 0.85 if self.strength >= 0.03 else 0.4 if self.strength >= 3e-3 else 0.15

    @property
    def factors(self) -> tuple[float, float] | None:
        """The factors of the sum of all entries' sizes and of that of their squares, if the term is
        those and nothing else; a stack then needs no autograd for it."""
        return None

    def penalty(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the scalar added to the loss for ``parameters`` (at least one, of any shape)."""
        raise NotImplementedError


def penalized(model: nn.Module, on: Literal["weights", "all"]) -> list[nn.Parameter]:
    """Return the trainable parameters that a penalty acts on, each once even if it is shared.

    ``weights`` are those of fully connected, convolutional, embedding, recurrent and attention
    layers; a parameter that a user's module owns itself counts only under ``all``.
    """
    from trickrun.nn.layers import weight_layers, weights

    if on == "all":
        return [p for p in model.parameters() if p.requires_grad]
    found = (p for _, layer in weight_layers(model) for _, p in weights(layer))
    return list(dict.fromkeys(p for p in found if p.requires_grad))


def sum_of_squares(parameters: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the sum of all squared entries; its gradient is exactly 2w, also at 0."""
    import torch

    return torch.stack([p.square().sum() for p in parameters]).sum()


def sum_of_sizes(parameters: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the sum of all entries' absolute values; its gradient is sign(w), 0 at 0."""
    import torch

    return torch.stack([p.abs().sum() for p in parameters]).sum()
