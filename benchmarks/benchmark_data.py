"""Data for the recipes of the benchmarks that no data kind has."""

from typing import Any

import torch
from sklearn.datasets import load_diabetes


def diabetes(scaled: bool) -> dict[str, Any]:
    """Return 442 patients; the target runs from 25 to 346, or has mean 0 and deviation 1."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    return {"train": (x, (y - y.mean()) / y.std() if scaled else y), "task": "regression"}


def rare(share: float) -> dict[str, Any]:
    """Return 2000 points in two clouds; ``share`` of them are in the second one."""
    draw = torch.Generator().manual_seed(0)
    y = (torch.arange(2000) < share * 2000).long()
    x = torch.randn(2000, 4, generator=draw) + y[:, None]
    return {"train": (x, y), "task": "classification"}
