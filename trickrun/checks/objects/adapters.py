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

    def at(self, places: torch.Tensor, dtype: torch.dtype) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments for the samples at ``places`` [B], numbers in ``dtype``."""
        tree: dict[int | str, Any] = {}
        for key, value in self.inputs.items():
            part = value[places]
            *way, last = key if isinstance(key, tuple) else (key,)
            inner = tree
            for step in way:
                inner = inner.setdefault(step, {})
            inner[last] = part.to(dtype) if part.is_floating_point() else part
        named = {key: nested(part) for key, part in tree.items() if isinstance(key, str)}
        return [nested(part) for key, part in tree.items() if isinstance(key, int)], named


def nested(part: Any) -> Any:
    """Return an input whose mappings with numbers as keys are lists again."""
    if not isinstance(part, dict):
        return part
    inner = {key: nested(value) for key, value in part.items()}
    return list(inner.values()) if all(isinstance(key, int) for key in inner) else inner


class Adapter(nn.Module):
    """A module that takes one tensor and answers with one.

    Args:
        network: the user's.
        table: its inputs, if it takes several: this module then takes samples' places [B, 1].
        column: whether its answers [B] become [B, 1].
        classes_last: whether its answers [B, classes, ...] become [B, ..., classes].
    """

    def __init__(
        self,
        network: nn.Module,
        table: Table | None,
        column: bool = False,
        classes_last: bool = False,
    ) -> None:
        super().__init__()
        self.network, self.table = network, table
        self.column, self.classes_last = column, classes_last
        self.stands_for = type(network).__name__

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.table is None:
            answer = self.network(x)
        else:
            first = next(self.network.parameters())
            inputs, named = self.table.at(x.reshape(-1), first.dtype)
            answer = self.network(*inputs, **named)
        found = prediction_of(answer, self.stands_for)
        if self.classes_last:
            return found.movedim(1, -1)
        return found.unsqueeze(1) if self.column else found


def prediction_of(answer: Any, name: str) -> torch.Tensor:
    """Return the predictions in a model's answer: itself, its logits, or the first of a tuple.

    Raises CompileError if it has none.
    """
    first = answer[0] if isinstance(answer, tuple | list) and answer else None
    for found in (answer, part_of(answer, "logits"), first):
        if isinstance(found, torch.Tensor):
            return found
    raise CompileError(
        f"it answers with {type(answer).__name__}",
        f"the module {name}",
        "what can be judged is a tensor of predictions, a tuple that begins with it, or an answer "
        "that has it as logits",
    )


def part_of(answer: Any, name: str) -> Any:
    """Return a part of a model's answer by its name; None if it has none."""
    return answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)
