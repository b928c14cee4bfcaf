"""Which layers of a model carry weights: what init fills and what penalties act on."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

WEIGHT_LAYERS = (nn.Linear, nn.Bilinear, _ConvNd, nn.Embedding, nn.EmbeddingBag, nn.RNNBase)
GATES = {"LSTM": 4, "GRU": 3}


def weight_layers(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the named layers that carry weights, in the order in which they were registered."""
    return [(name, part) for name, part in model.named_modules() if isinstance(part, WEIGHT_LAYERS)]


def weights(layer: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the weight layer's own weights: its parameters of two or more dimensions."""
    for name, parameter in layer.named_parameters(recurse=False):
        if parameter.ndim >= 2:
            yield name, parameter


def biases(layer: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the weight layer's own biases: its parameters of one dimension."""
    for name, parameter in layer.named_parameters(recurse=False):
        if parameter.ndim == 1:
            yield name, parameter


def gates(layer: nn.Module, weight: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return views of the matrices that ``weight`` stacks: an LSTM's 4, a GRU's 3, else itself.

    Each gate is a layer of its own, so fans and orthogonality are meant gate by gate.
    """
    if not isinstance(layer, nn.RNNBase):
        return (weight,)
    # A projection (weight_hr) is one matrix, whatever the layer's kind.
    count = GATES.get(layer.mode, 1)
    return weight.chunk(count) if weight.shape[0] == count * layer.hidden_size else (weight,)


def fan_in(layer: nn.Module, weight: torch.Tensor) -> int:
    """Return how many inputs PyTorch divides by when it draws ``layer``'s own defaults."""
    if isinstance(layer, nn.RNNBase):
        return layer.hidden_size
    return int(weight[0].numel())
