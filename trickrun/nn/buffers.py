"""Running a model without changing its buffers, or its modes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def undisturbed_buffers(model: nn.Module) -> Iterator[None]:
    """Put the buffers of ``model`` back, at the end, to what they are now."""
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    try:
        yield
    finally:
        with torch.no_grad():
            # By name: a module may put another tensor in a buffer's place.
            for name, buffer in model.named_buffers():
                buffer.copy_(before[name])


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Put back, at the end, the buffers and modes of ``model``; parameters must not be changed."""
    modes = {module: module.training for module in model.modules()}
    try:
        with undisturbed_buffers(model):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
