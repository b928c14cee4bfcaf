"""The tensors in what a module was called with, or returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch


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
