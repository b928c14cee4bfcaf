from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class TruncatedNormal(Init):
    """Normal weights of one size without the rare large ones.

    Formula: w ~ N(0, std²), drawn again where |w| > cut * std.
    When: transformers, vision transformers above all; where a rare large weight could do harm.
    Defaults: std 0.02 as in BERT and ViT; cut at 2 standard deviations as in TensorFlow and JAX,
        which leaves 0.88 of the standard deviation. PyTorch's bounds are -2 and 2 whatever the
        std: with a std of 0.02 they cut nothing.
    Source: Devlin et al. 2019, BERT, arXiv:1810.04805; torch.nn.init.trunc_normal_.
    """

    kind: Literal["truncated_normal"] = "truncated_normal"
    std: Annotated[Positive, Stackable()] = Field(
        default=0.02, description="standard deviation before the cut"
    )
    cut: Annotated[Positive, Stackable()] = Field(
        default=2.0, description="largest size, in standard deviations"
    )

    @property
    def variance(self) -> float:
        return self.std**2

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        bound = self.cut * self.std
        init.trunc_normal_(weight, 0.0, self.std, -bound, bound, generator=generator)
