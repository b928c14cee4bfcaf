"""Running a model without changing its buffers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def undisturbed_buffers(model: nn.Module) -> Iterator[None]:
    """Put the buffers of ``model`` back, at the end, to what they are now."""
    buffers = list(model.buffers())
    before = [buffer.clone() for buffer in buffers]
    yield
    with torch.no_grad():
        for buffer, value in zip(buffers, before, strict=True):
            buffer.copy_(value)
