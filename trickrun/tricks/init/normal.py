from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Normal(Init):
    """Normal weights of one size, whatever the layer's width.

    Formula: w ~ N(0, std²).
    When: transformers (std 0.02), or a quiet head (``head: {kind: normal, std: 0.01}``). In deep
        nets without normalization the signal shrinks or grows with every layer.
    Defaults: std 0.02, as in GPT-2 and BERT.
    Source: Radford et al. 2019, Language Models are Unsupervised Multitask Learners;
        torch.nn.init.normal_.
    """

    kind: Literal["normal"] = "normal"
    std: Annotated[Positive, Stackable()] = Field(default=0.02, description="standard deviation")

    @property
    def variance(self) -> float:
        return self.std**2

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.normal_(weight, 0.0, self.std, generator=generator)
