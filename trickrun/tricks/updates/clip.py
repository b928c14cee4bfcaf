from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.params import Params, Positive, Stackable

if TYPE_CHECKING:
    import torch
    from torch import nn

LEAST_NORM = 1e-3
"""Norm that a unit's weights are taken to have at least, so that zero weights can start to move."""


class Clip(Params):
    """Bound the gradient before the optimizer's step.

    Formula: adaptive a: the gradient g of each unit's weights w to g * min(1, a * max(||w||, 1e-3)
        / ||g||); then value v: each entry into [-v, v]; then norm c: g * min(1, c / ||g||), with
        the norm over all parameters together.
    When: recurrent networks and transformers, or when rare batches make very large steps.
        Adaptive lets nets without normalization train with large batches.
    Defaults: none; norm 1.0 is the usual value for transformers, adaptive 0.01 for NFNets.
    Interactions: adam and similar optimizers divide by the gradient's usual size, so a bound that
        shrinks every gradient alike changes nothing there; one that holds back the rare large ones
        does. adaptive leaves the head alone, as the paper does; a bias counts as one unit.
    Source: Pascanu et al. 2013, On the difficulty of training RNNs, arXiv:1211.5063; adaptive:
        Brock et al. 2021, High-Performance Large-Scale Image Recognition, arXiv:2102.06171.
    """

    main: ClassVar[str | None] = "norm"

    kind: ClassVar[Literal["clip"]] = "clip"
    norm: Annotated[Positive, Stackable()] | None = Field(
        default=None, description="largest norm of the whole gradient"
    )
    value: Annotated[Positive, Stackable()] | None = Field(
        default=None, description="largest size of each entry"
    )
    adaptive: Positive | None = Field(
        default=None, description="largest norm of a unit's gradient, in norms of its weights"
    )

    @model_validator(mode="after")
    def has_a_bound(self) -> Clip:
        """Refuse a clip that would do nothing."""
        if self.norm is None and self.value is None and self.adaptive is None:
            raise ValueError("give norm, value, adaptive, or several of them")
        return self

    @property
    def trains_alone(self) -> bool:
        """A stacked trial is one row of parameters, in which units are not told apart."""
        return self.adaptive is not None

    def on_model(self, model: nn.Module) -> None:
        """Clip the gradients of all parameters of ``model`` in place."""
        if self.adaptive is not None:
            clip_units(model, self.adaptive)
        self.apply(list(model.parameters()))

    def apply(self, parameters: Sequence[torch.Tensor]) -> None:
        """Clip the gradients of ``parameters`` in place by value and norm; nothing is read back
        from the device."""
        from torch.nn import utils

        if self.value is not None:
            utils.clip_grad_value_(parameters, self.value)
        if self.norm is not None:
            utils.clip_grad_norm_(parameters, self.norm)


def clip_units(model: nn.Module, bound: float) -> None:
    """Bound the gradient of each unit by ``bound`` times the norm of its weights, in place.

    A unit is a row of a weight [outputs, ...], or a whole bias or scale. The head is left alone.
    """
    from trickrun.nn.layers import weight_layers

    layers = weight_layers(model)
    head = {id(p) for p in layers[-1][1].parameters()} if layers else set()
    for p in model.parameters():
        if p.grad is None or id(p) in head:
            continue
        rows = p.shape[0] if p.ndim > 1 else 1
        size = p.detach().reshape(rows, -1).norm(dim=1).clamp(min=LEAST_NORM)
        norm = p.grad.reshape(rows, -1).norm(dim=1).clamp(min=1e-6)
        factor = (bound * size / norm).clamp(max=1.0)
        p.grad.mul_(factor.view(-1, *[1] * (p.ndim - 1)))
