from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.init.residual._residual_init import ResidualInit

if TYPE_CHECKING:
    from torch import nn


class Fixup(ResidualInit):
    """Start each residual branch at zero and its inner layers small, so that no norm is needed.

    Formula: in each of L branches of m layers: the last weight is 0, the others times
        L^(-1 / (2m - 2)).
    When: deep residual networks without normalization.
    Defaults: none to choose.
    Interactions: the paper also starts the head at zero (``head: zeros``) and adds a scalar bias
        before each layer and a scale to each branch; this network has the layers' own biases.
    Source: Zhang et al. 2019, Fixup Initialization, arXiv:1901.09321.
    """

    kind: Literal["fixup"] = "fixup"

    def start(self, branch: nn.Sequential, branches: int) -> bool:
        import torch

        from trickrun.nn.layers import weight_layers, weights

        layers = [layer for _, layer in weight_layers(branch)]
        inner = len(layers) - 1
        for place, layer in enumerate(layers):
            factor = branches ** (-1 / (2 * inner)) if place < inner else 0.0
            for _, weight in weights(layer):
                with torch.no_grad():
                    weight.mul_(factor)
        return bool(layers)
