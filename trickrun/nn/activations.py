"""Activations by their standard names, wrong choices for hidden layers included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

ActivationName = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid",
    "hard_sigmoid", "softplus", "softmax", "log_softmax", "linear",
]  # fmt: skip


def activation(name: ActivationName) -> nn.Module:
    """Return the module for ``name``; softmax runs over features or channels (dimension 1)."""
    from torch import nn

    table: dict[str, type[nn.Module]] = {
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "elu": nn.ELU,
        "selu": nn.SELU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "mish": nn.Mish,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "hard_sigmoid": nn.Hardsigmoid,
        "softplus": nn.Softplus,
        "linear": nn.Identity,
    }
    if name == "softmax":
        return nn.Softmax(dim=1)
    if name == "log_softmax":
        return nn.LogSoftmax(dim=1)
    return table[name]()


def gain(module: nn.Module | None) -> float:
    """Return the init gain for a layer followed by ``module``; None or no activation: 1.

    torch.nn.init.calculate_gain where it knows the activation; for GELU, SiLU, Mish and ELU that
    of ReLU, which they approach for large inputs.
    """
    from torch import nn
    from torch.nn.init import calculate_gain

    if isinstance(module, nn.LeakyReLU):
        return calculate_gain("leaky_relu", module.negative_slope)
    if isinstance(module, nn.ReLU | nn.GELU | nn.SiLU | nn.Mish | nn.ELU | nn.Softplus):
        return calculate_gain("relu")
    if isinstance(module, nn.Tanh):
        return calculate_gain("tanh")
    if isinstance(module, nn.SELU):
        return calculate_gain("selu")
    return 1.0


def is_activation(module: nn.Module) -> bool:
    """Whether ``module`` is one of PyTorch's activations (an identity is not)."""
    from torch import nn

    # Their classes share one file and no base class; attention lives there too.
    activations = nn.ReLU.__module__
    return type(module).__module__ == activations and not isinstance(module, nn.MultiheadAttention)
