from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.tricks.init._init import Bias, Init

if TYPE_CHECKING:
    import torch
    from torch import nn


class TorchDefault(Init):
    """What PyTorch's own constructors draw, biases included.

    Formula: w, b ~ U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for fully connected and convolutional
        layers; the same with the hidden size for recurrent ones; embeddings N(0, 1); attention
        Xavier uniform with zero biases.
    When: to compare with a script that sets no init. Its weights have a third of the variance
        that keeps the signal's size through linear layers, so deep nets start too quiet.
    Defaults: bias auto is torch_default here.
    Source: torch.nn.Linear; reset_parameters of each layer.
    """

    default_bias: ClassVar[Literal["zeros", "torch_default"]] = "torch_default"

    kind: Literal["torch_default"] = "torch_default"

    def fill_layer(
        self, layer: nn.Module, weight: torch.Tensor, gain: float, generator: torch.Generator
    ) -> None:
        from torch import nn
        from torch.nn import init

        if isinstance(layer, nn.Embedding | nn.EmbeddingBag):
            init.normal_(weight, generator=generator)
        elif isinstance(layer, nn.MultiheadAttention):
            init.xavier_uniform_(weight, generator=generator)
        else:
            bound = default_bound(layer)
            init.uniform_(weight, -bound, bound, generator=generator)


def fill_bias(
    layer: nn.Module, values: torch.Tensor, bias: Bias, generator: torch.Generator
) -> None:
    """Set ``values``, which has the shape of one of ``layer``'s biases, in place."""
    from torch import nn
    from torch.nn import init
    from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

    if isinstance(bias, float):
        init.constant_(values, bias)
    elif bias != "torch_default" or isinstance(layer, NonDynamicallyQuantizableLinear):
        init.zeros_(values)  # that class is attention's output layer, whose bias torch zeroes
    elif isinstance(layer, nn.MultiheadAttention):
        # Biases of keys and values, which are [1, 1, E], are drawn; those of projections are not.
        init.zeros_(values) if values.ndim == 1 else init.xavier_normal_(
            values, generator=generator
        )
    else:
        bound = default_bound(layer)
        init.uniform_(values, -bound, bound, generator=generator)


def default_bound(layer: nn.Module) -> float:
    """Return the largest size that torch's default draws of this layer can have."""
    from torch import nn

    if isinstance(layer, nn.RNNBase):
        return float(layer.hidden_size**-0.5)
    weight = layer.get_parameter("weight")
    return float(weight[0].numel() ** -0.5)
