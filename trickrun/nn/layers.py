"""Which layers of a model carry weights: what init fills and what penalties act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

WEIGHT_LAYERS = (
    nn.Linear,
    _ConvNd,
    nn.Embedding,
    nn.EmbeddingBag,
    nn.RNNBase,
    nn.MultiheadAttention,
)
GATES = {"LSTM": 4, "GRU": 3}


def weight_layers(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the named layers that carry weights, in the order in which they were registered."""
    return [(name, part) for name, part in model.named_modules() if isinstance(part, WEIGHT_LAYERS)]


def plain_layers(model: nn.Module) -> list[tuple[str, nn.Linear | _ConvNd]]:
    """Return the named fully connected and convolutional layers that compute with one weight of
    their own: none that is shared with another layer, and none that is itself computed."""
    owners: Counter[nn.Parameter | None] = Counter(
        p for part in model.modules() for p in part.parameters(recurse=False)
    )
    return [
        (name, part)
        for name, part in model.named_modules()
        if isinstance(part, nn.Linear | _ConvNd) and owners.get(part._parameters.get("weight")) == 1
    ]


def weights(layer: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the weight layer's own weights: its parameters of two or more dimensions.

    Of a weight that is computed (normalization: weight) they are what it is computed from.
    """
    for name, parameter in layer.named_parameters(recurse=False):
        if "bias" not in name:
            yield name, parameter
    for name, computed in getattr(layer, "parametrizations", {}).items():
        if "bias" not in name:
            yield from computed.named_parameters(f"parametrizations.{name}", recurse=False)


def biases(layer: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the weight layer's own biases."""
    for name, parameter in layer.named_parameters(recurse=False):
        if "bias" in name:
            yield name, parameter


def stacked(layer: nn.Module, weight: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return views of the matrices that ``weight`` stacks: an LSTM's 4, a GRU's 3, attention's 3.

    Each is a layer of its own, so fans and orthogonality are meant for it, not for the stack.
    """
    if isinstance(layer, nn.RNNBase):
        size, count = layer.hidden_size, GATES.get(layer.mode, 1)
    elif isinstance(layer, nn.MultiheadAttention):
        size, count = layer.embed_dim, 3
    else:
        return (weight,)
    return weight.chunk(count) if weight.shape[0] == count * size else (weight,)
