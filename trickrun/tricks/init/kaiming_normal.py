from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.tricks.init._init import GainInit, fan

if TYPE_CHECKING:
    import torch


class KaimingNormal(GainInit):
    """Normal weights whose variance keeps the signal's size through ReLU layers.

    Formula: w ~ N(0, gain² / fan), where fan is fan_in or fan_out.
    When: networks of ReLU-like layers; with gain auto it also suits tanh and linear layers.
    Defaults: fan_in, as in torch.nn.init.kaiming_normal_; gain by the activation that follows.
    Interactions: a normalization layer after each layer makes the scale matter less.
    Source: He et al. 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """

    usual: ClassVar[bool] = True

    kind: Literal["kaiming_normal"] = "kaiming_normal"
    mode: Literal["fan_in", "fan_out"] = Field(
        default="fan_in", description="fan_in keeps activations, fan_out gradients at their size"
    )

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.normal_(weight, 0.0, gain / fan(weight, self.mode) ** 0.5, generator=generator)
