"""How much work something is, counted instead of timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Elements(TorchDispatchMode):
    """Counts the elements of all tensors that operations take and return."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if not func.is_view:
            several = found if isinstance(found, tuple | list) else (found,)
            self.count += sum(v.numel() for v in (*args, *several) if isinstance(v, torch.Tensor))
        return found


def elements(work: Callable[[], object]) -> int:
    """Return how many elements of tensors PyTorch's operations take and return in ``work``."""
    with Elements() as counted:
        work()
    return counted.count
