"""A network's parameters layer by layer, from the input to the head."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from trickrun.nn.layers import weight_layers


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
