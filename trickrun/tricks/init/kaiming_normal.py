from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init.base import GainInit

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

    kind: Literal["kaiming_normal"] = "kaiming_normal"
    mode: Literal["fan_in", "fan_out"] = "fan_in"

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        fan_in, fan_out = init._calculate_fan_in_and_fan_out(weight)
        fan = fan_in if self.mode == "fan_in" else fan_out
        init.normal_(weight, 0.0, gain / fan**0.5, generator=generator)
