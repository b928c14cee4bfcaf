from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.numeric._numeric import Numeric

if TYPE_CHECKING:
    import torch


class Plain(Numeric):
    """Numbers enter the first layer as they are, normalized.

    Formula: x.
    When: always, until the score is not enough; it is the default.
    Defaults: none of its own.
    Source: the usual practice.
    """

    kind: Literal["plain"] = "plain"

    @property
    def off(self) -> bool:
        return True

    def sizes(self, x: torch.Tensor) -> tuple[int, ...]:
        return (0,) * x.shape[1]
