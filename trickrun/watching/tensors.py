"""The tensors in what a module was called with, or returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch._C import _functorch  # nothing public tells it


def outputs_of(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in what a module returned."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from outputs_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from outputs_of(inner)


def in_transform() -> bool:
    """Whether torch.func transforms what is computed now, as vmap and grad do: the tensors then
    have no values that could be read."""
    return _functorch.peek_interpreter_stack() is not None
