"""What the losses over values share; on classes they see one-hot targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.data.splits.source import Task

if TYPE_CHECKING:
    import torch


def value_outputs(task: Task) -> int:
    """Return the number of outputs: one a target, or one a class."""
    return task.classes if task.kind == "classification" else task.targets


def value_targets(y: torch.Tensor, task: Task) -> torch.Tensor:
    """Return float targets [N, outputs]: one-hot classes, or the values in their own type."""
    import torch
    from torch.nn import functional

    if task.kind == "classification":
        return functional.one_hot(y.long(), task.classes).to(torch.get_default_dtype())
    return y if y.is_floating_point() else y.float()
