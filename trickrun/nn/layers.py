"""A model's layers: those that carry weights, their order to the head, residual branches."""

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


def layers(model: nn.Module) -> list[list[str]]:
    """Return the parameters' names layer by layer, from the input to the head."""
    found: list[list[str]] = []
    leading = [name for name, _ in model.named_parameters(recurse=False)]
    for prefix, unit in units(model):
        names = [f"{prefix}{name}" for name, _ in unit.named_parameters()]
        if weight_layers(unit):
            found.append(leading + names)
            leading = []
        elif found:
            found[-1] += names
        else:
            leading += names
    return found


def units(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts that ``model`` is a sequence of, each with the prefix of its names."""
    for name, child in model.named_children():
        inner = f"{prefix}{name}."
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from units(child, inner)
        else:
            yield inner, child


class Residual(nn.Module):
    """Add what a branch computes to its input: after(shortcut(x) + branch(x)).

    Tricks that act on residual branches (a last scale of zero, stochastic depth) find the places
    by this class and change ``branch``, whose last layers are those before the addition.

    Args:
        branch: from [N, …] to the shape that ``shortcut`` puts out.
        shortcut: what the branch is added to; None: the input itself.
        after: acts on the sum; None: nothing.
    """

    def __init__(
        self,
        branch: nn.Sequential,
        shortcut: nn.Module | None = None,
        after: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.shortcut = shortcut or nn.Identity()
        self.branch = branch
        self.after = after or nn.Identity()

    def forward(self, x: torch.Tensor, *context: torch.Tensor | None) -> torch.Tensor:
        """Return the sum; ``context`` is for the branch alone (a batch's lengths)."""
        total: torch.Tensor = self.after(self.shortcut(x) + self.branch(x, *context))
        return total


def residuals(model: nn.Module) -> list[tuple[str, Residual]]:
    """Return the named residual blocks of ``model`` from input to output."""
    return [(name, part) for name, part in model.named_modules() if isinstance(part, Residual)]
