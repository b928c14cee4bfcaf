"""A pretrained network as stages one after another, of which some are frozen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional

FIXED = (nn.Flatten, nn.AdaptiveAvgPool2d)
"""Layers that do the same in training and evaluation."""


class FitImages(nn.Module):
    """Images [N, 1 or 3, H, W] in the form that a network of 3 color channels was trained on."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if tuple(x.shape[2:]) != self.size:
            x = functional.interpolate(x, self.size, mode="bilinear", antialias=True)
        return x.expand(-1, 3, -1, -1)

    def extra_repr(self) -> str:
        return "x".join(map(str, self.size))


class Staged(nn.Sequential):
    """Stages, the last of which is named ``head`` and new; the others were trained before.

    The first stages that are frozen and draw nothing are the prefix. What it makes of an input
    never changes, so it need be computed once: ``forward`` takes that in the input's place, and
    knows it by its shape.
    """

    def __init__(self, stages: OrderedDict[str, nn.Module], inputs: tuple[int, ...]) -> None:
        super().__init__(stages)
        self.inputs = inputs
        self.frozen_stages = 0
        self.frozen_shape: tuple[int, ...] | None = None

    def freeze(self, names: Iterable[str]) -> None:
        """Hold the parameters ``names`` fixed, and with them the statistics of their layers."""
        for name in names:
            self.get_parameter(name).requires_grad_(False)
        self.train(self.training)
        self.frozen_stages = self.leading_frozen()
        if self.frozen_stages > 0:
            with torch.no_grad():
                shape = tuple(self.prefix(torch.zeros(1, *self.inputs)).shape[1:])
            # An output that looks like an input could not be told from one.
            self.frozen_shape = shape if shape != self.inputs else None

    def leading_frozen(self) -> int:
        """Return how many of the first stages never change what they do; 0 if none has weights."""
        count = weighted = 0
        for stage in self:
            frozen = is_frozen(stage)
            if not frozen and not isinstance(stage, (*FIXED, FitImages)):
                break
            count += 1
            weighted += frozen
        return count if weighted else 0

    def train(self, mode: bool = True) -> Staged:
        """Set the mode of all but frozen modules: a frozen batch norm keeps its statistics."""
        super().train(mode)
        keep_statistics(self)
        return self

    def prefix(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the frozen stages make of inputs ``x`` [N, *inputs]: [N, *frozen_shape]."""
        for stage in list(self)[: self.frozen_stages]:
            x = stage(x)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs for inputs [N, *inputs], or for what ``prefix`` made of them."""
        if tuple(x.shape[1:]) != self.frozen_shape:
            x = self.prefix(x)
        for stage in list(self)[self.frozen_stages :]:
            x = stage(x)
        return x


def keep_statistics(model: nn.Module) -> None:
    """Set what is frozen to evaluation: a batch norm's statistics stay as its weights do."""
    for module in model.modules():
        if is_frozen(module):
            module.eval()


def is_frozen(module: nn.Module) -> bool:
    """Return whether ``module`` has parameters and none of them is trained."""
    parameters = list(module.parameters())
    return bool(parameters) and not any(p.requires_grad for p in parameters)
