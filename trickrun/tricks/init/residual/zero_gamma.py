from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init.residual._residual_init import ResidualInit

if TYPE_CHECKING:
    from torch import nn


class ZeroGamma(ResidualInit):
    """Start each residual branch at zero by the scale of its last normalization.

    Formula: gamma = 0 in the normalization that ends a branch, so that h = shortcut(h) at first.
    When: deep residual networks with batch norm; the network starts as if it were shallow.
    Defaults: none to choose; ``zero_init_residual`` in torchvision.
    Interactions: pre-norm transformers have no normalization at the end of a branch: use
        depth_scaled there.
    Source: Goyal et al. 2017, Accurate, Large Minibatch SGD, arXiv:1706.02677, section 5.1.
    """

    kind: Literal["zero_gamma"] = "zero_gamma"

    def start(self, branch: nn.Sequential, branches: int) -> bool:
        from torch import nn

        last = [part for part in branch.modules() if list(part.parameters(recurse=False))][-1:]
        for part in last:
            scale = getattr(part, "weight", None)
            if isinstance(scale, nn.Parameter) and scale.ndim == 1:
                nn.init.zeros_(scale)
                return True
        return False
