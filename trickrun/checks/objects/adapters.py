"""Modules of any call as modules of one tensor: several inputs, and answers that are no tensor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from trickrun.checks.objects.samples import Input
from trickrun.errors import CompileError


class Table:
    """Inputs of all samples, which copies of a module share.

    Args:
        inputs: tensors [N, ...] by how they are handed to the model.
    """

    def __init__(self, inputs: Mapping[Input, torch.Tensor]) -> None:
        self.inputs = inputs

    def __deepcopy__(self, memo: dict[int, Any]) -> Table:
        return self

    def at(
        self, places: torch.Tensor, dtype: torch.dtype
    ) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """Return the arguments for the samples at ``places`` [B], numbers in ``dtype``."""
        rows = {
            key: part.to(dtype) if part.is_floating_point() else part
            for key, value in self.inputs.items()
            for part in [value[places]]
        }
        named = {key: part for key, part in rows.items() if isinstance(key, str)}
        return [part for key, part in rows.items() if isinstance(key, int)], named


class Adapter(nn.Module):
    """A module that takes one tensor and answers with one.

    Args:
        network: the user's.
        table: its inputs, if it takes several: this module then takes samples' places [B, 1].
        column: whether its answers [B] become [B, 1].
    """

    def __init__(self, network: nn.Module, table: Table | None, column: bool = False) -> None:
        super().__init__()
        self.network, self.table, self.column = network, table, column
        self.stands_for = type(network).__name__

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.table is None:
            answer = self.network(x)
        else:
            first = next(self.network.parameters())
            inputs, named = self.table.at(x.reshape(-1), first.dtype)
            answer = self.network(*inputs, **named)
        found = prediction_of(answer, self.stands_for)
        return found.unsqueeze(1) if self.column else found


def prediction_of(answer: Any, name: str) -> torch.Tensor:
    """Return the predictions in a model's answer. Raises CompileError if it has none."""
    if isinstance(answer, torch.Tensor):
        return answer
    found = part_of(answer, "logits")
    if isinstance(found, torch.Tensor):
        return found
    raise CompileError(
        f"it answers with {type(answer).__name__}",
        f"the module {name}",
        "what can be judged is a tensor of predictions, or an answer that has them as logits",
    )


def part_of(answer: Any, name: str) -> Any:
    """Return a part of a model's answer by its name; None if it has none."""
    return answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)
