from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.tricks.normalization._normalization import WeightNormalization

if TYPE_CHECKING:
    from torch import nn


class Weight(WeightNormalization):
    """Learn each unit's incoming weights as a length and a direction.

    Formula: w = g * v / ||v|| for each unit (for convolutions, each output channel).
    When: recurrent networks, reinforcement learning and small batches, where the noise of batch
        statistics harms; it costs less than any normalization of activations.
    Defaults: g starts as ||v||, so the network starts as init drew it. The paper's start from the
        data is not done.
    Interactions: acts on fully connected and convolutional layers, the head included. Penalties
        act on g and v, which are what is trained.
    Source: Salimans & Kingma 2016, Weight Normalization, arXiv:1602.07868; as
        torch.nn.utils.parametrizations.weight_norm.
    """

    kind: Literal["weight"] = "weight"

    def normalize_weights(self, model: nn.Module, seed: int) -> None:
        from torch.nn.utils.parametrize import register_parametrization

        from trickrun.nn.layers import plain_layers
        from trickrun.nn.norms import LengthAndDirection

        for _, layer in plain_layers(model):
            register_parametrization(layer, "weight", LengthAndDirection())
