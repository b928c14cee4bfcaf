from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from trickrun.nn.rng import key
from trickrun.params import Repeats
from trickrun.tricks.normalization._normalization import WeightNormalization

if TYPE_CHECKING:
    from torch import nn


class Spectral(WeightNormalization):
    """Divide each layer's weights by their largest singular value, so that no layer stretches.

    Formula: w = v / sigma(v), with sigma approximated by power iteration, one each step.
    When: the discriminator of a GAN, or where small changes of the input should change the output
        little; rarely for plain classification, whose outputs it bounds.
    Defaults: one iteration per step, as in the paper.
    Interactions: acts on fully connected and convolutional layers, the head included; a
        convolution's kernel counts as a matrix [out, in * height * width]. Penalties act on v.
    Source: Miyato et al. 2018, Spectral Normalization for GANs, arXiv:1802.05957;
        torch.nn.utils.parametrizations.spectral_norm.
    """

    kind: Literal["spectral"] = "spectral"
    iterations: Repeats = Field(default=1, description="power iterations per training step")

    @property
    def trains_alone(self) -> bool:
        """Power iteration changes buffers in place, which vmap does not do."""
        return True

    def normalize_weights(self, model: nn.Module, seed: int) -> None:
        import torch
        from torch.nn.utils.parametrizations import spectral_norm

        from trickrun.nn.layers import plain_layers

        for name, layer in plain_layers(model):
            # The iteration starts from a vector of torch's global generator.
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(key(seed, "spectral", name))
                spectral_norm(layer, n_power_iterations=self.iterations)
