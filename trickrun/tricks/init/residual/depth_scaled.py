from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init.residual._residual_init import ResidualInit

if TYPE_CHECKING:
    from torch import nn


class DepthScaled(ResidualInit):
    """Start the last layer of each residual branch smaller, the more branches there are.

    Formula: the last weight of each of L branches times 1 / sqrt(L).
    When: transformers: what L branches add up then has the variance of one.
    Defaults: none to choose; GPT-2's factor, where L is twice the number of blocks.
    Source: Radford et al. 2019, Language Models are Unsupervised Multitask Learners, section 2.3.
    """

    kind: Literal["depth_scaled"] = "depth_scaled"

    def start(self, branch: nn.Sequential, branches: int) -> bool:
        import torch

        from trickrun.nn.layers import weight_layers, weights

        last = [layer for _, layer in weight_layers(branch)][-1:]
        for layer in last:
            for _, weight in weights(layer):
                with torch.no_grad():
                    weight.mul_(branches**-0.5)
        return bool(last)
