"""The samples of one split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SplitData:
    """The samples of one split, held once in their smallest type.

    Args:
        x: inputs [N, *shape]; int64 for token ids, and for images that stay in their files: then
            their numbers there, [N].
        y: int64 class indices [N], or [N, T] for next tokens, or float values [N, targets].
    """

    x: torch.Tensor
    y: torch.Tensor

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device) -> SplitData:
        return SplitData(self.x.to(device), self.y.to(device))
