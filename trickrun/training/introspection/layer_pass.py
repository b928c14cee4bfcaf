"""One forward pass, seen layer by layer: what enters each, and what its activation makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from trickrun.nn.activations import is_activation
from trickrun.nn.layers import WEIGHT_LAYERS, weights

RANGES: dict[type[nn.Module], tuple[float, float]] = {
    nn.Tanh: (-1.0, 1.0),
    nn.Sigmoid: (0.0, 1.0),
    nn.Hardsigmoid: (0.0, 1.0),
    nn.Hardtanh: (-1.0, 1.0),
    nn.Softsign: (-1.0, 1.0),
}
"""The ranges of the activations that can saturate at both ends."""


@dataclass(frozen=True)
class Seen:
    """A layer with weights in one forward pass.

    Args:
        name, layer: the module.
        activation: the activation module that follows before the next layer; None without one.
        head: whether it is the last layer.
        entered: its input [N, ...]; None if that is no tensor of numbers.
        pre: what enters the activation; without one, the layer's output.
        post: what leaves it; without one, what enters the next layer (a network may call
            activations that are no modules), and the output of the last.
    """

    name: str
    layer: nn.Module
    activation: nn.Module | None
    head: bool
    entered: torch.Tensor | None
    pre: torch.Tensor
    post: torch.Tensor

    @property
    def unit_axis(self) -> int:
        """The axis of ``pre`` that counts units: channels of a convolution, else the last."""
        return 1 if isinstance(self.layer, _ConvNd) else -1

    @property
    def range(self) -> tuple[float, float] | None:
        """The ends of a bounded activation; None for others."""
        return RANGES.get(type(self.activation)) if self.activation is not None else None


@dataclass
class Call:
    """A module called in a forward pass."""

    name: str
    module: nn.Module
    entered: Any
    left: Any


def watch(model: nn.Module, x: torch.Tensor) -> list[Seen]:
    """Run ``model`` on a batch and return its layers in the order in which they were called.

    A layer that is called several times is there as often.
    """
    calls: list[Call] = []

    def keep(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, entered: Any, left: Any) -> None:
            calls.append(Call(name, module, tensor(entered), tensor(left)))

        return hook

    handles = [
        module.register_forward_hook(keep(name))
        for name, module in model.named_modules()
        if is_layer(module) or is_activation(module)
    ]
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return seen(calls)


def is_layer(module: nn.Module) -> bool:
    """Return whether a module has weights of its own: a part of attention counts as attention."""
    return isinstance(module, WEIGHT_LAYERS) and any(True for _ in weights(module))


def tensor(value: Any) -> torch.Tensor | None:
    """Return the first of what a module takes or returns, if it is a tensor of numbers."""
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    is_numbers = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.detach() if is_numbers else None


def seen(calls: list[Call]) -> list[Seen]:
    """Return each layer's call with what followed it before the next layer's."""
    places = [i for i, call in enumerate(calls) if is_layer(call.module) and call.left is not None]
    found = []
    for index, place in enumerate(places):
        call = calls[place]
        following = places[index + 1] if index + 1 < len(places) else len(calls)
        between = (c for c in calls[place + 1 : following] if is_activation(c.module))
        activation = next((c for c in between if c.left is not None), None)
        head = following == len(calls)
        pre = post = call.left
        if activation is not None:
            pre, post = activation.entered, activation.left
        elif not head and calls[following].entered is not None:
            post = calls[following].entered
        module = activation.module if activation is not None else None
        found.append(Seen(call.name, call.module, module, head, call.entered, pre, post))
    return found
