from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Zeros(Init):
    """Every weight zero.

    Formula: w = 0.
    When: for the head alone (``head: zeros``), so that the first loss is that of a uniform guess.
        In a hidden layer no gradient gets through, and the network learns at most its head's bias.
    Defaults: none.
    Source: torch.nn.init.zeros_; Karpathy 2019, A Recipe for Training Neural Networks.
    """

    equal: ClassVar[bool] = True

    kind: Literal["zeros"] = "zeros"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.zeros_(weight)
