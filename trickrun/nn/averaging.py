"""A copy of a model whose weights are an average of those that the model has had."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import nn


class WeightAverage:
    """The average of a model's parameters and of its batch norms' running statistics.

    Attributes:
        model: has the averages; its other buffers are the model's newest.
        count: how often it has moved.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = deepcopy(model)  # with its requires_grad: models ask it what is frozen
        self.count = 0
        self.own = averaged(self.model)
        self.theirs = averaged(model)
        self.others = [
            (copy, theirs)
            for copy, theirs in zip(self.model.buffers(), model.buffers(), strict=True)
            if not any(copy is own for own in self.own)
        ]

    @torch.no_grad()
    def move(self, share: float) -> None:
        """Move the averages by ``share`` of the way to what the model has now; 1 copies it."""
        torch._foreach_lerp_(self.own, self.theirs, share)
        for copy, theirs in self.others:
            copy.copy_(theirs)
        self.count += 1

    def state_dict(self) -> dict[str, Any]:
        """Return its state: tensors and plain Python. The tensors are its own."""
        return {"count": self.count, "model": self.model.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        self.count = state["count"]
        self.model.load_state_dict(state["model"])


def averaged(model: nn.Module) -> list[torch.Tensor]:
    """Return the tensors of ``model`` that are averaged, each once."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    running = [s for norm in norms for s in (norm.running_mean, norm.running_var) if s is not None]
    return [*model.parameters(), *running]
