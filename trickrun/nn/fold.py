"""Batch norms as part of the layers before them: the same outputs in evaluation, less work."""

from __future__ import annotations

from collections import Counter

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from trickrun.nn.layers import plain_layers

FOLDS_INTO = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@torch.no_grad()
def fold_batch_norms(model: nn.Module, x: torch.Tensor) -> list[str]:
    """Fold batch norms of ``model``, in place, into the layer right before; return their names.

    In evaluation a batch norm is y = scale * x + shift for each channel, which a linear or
    convolutional layer before it can do itself. The model is only for evaluation afterwards.

    Args:
        x: a batch as the model takes it, by which is seen what follows what.
    """
    model.eval()
    pairs = neighbours(model, x)
    for name, (layer, norm) in pairs.items():
        fold(layer, norm)
        model.set_submodule(name, nn.Identity())
    return list(pairs)


def neighbours(
    model: nn.Module, x: torch.Tensor
) -> dict[str, tuple[nn.Linear | nn.modules.conv._ConvNd, _BatchNorm]]:
    """Return each batch norm, by name, whose input is as a layer that is called once left it."""
    layers = {layer for _, layer in plain_layers(model) if isinstance(layer, FOLDS_INTO)}
    norms: dict[nn.Module, str] = {
        part: name for name, part in model.named_modules() if isinstance(part, _BatchNorm)
    }
    calls: Counter[nn.Module] = Counter()
    # The tensors are kept, so that no later one can have the identity of an earlier one.
    left: dict[int, tuple[nn.Module, torch.Tensor, int]] = {}
    pairs = {}

    def after_layer(layer: nn.Module, inputs: object, output: torch.Tensor) -> None:
        calls[layer] += 1
        # Of rows [N, T, features] batch norm would take T for the channels.
        if not isinstance(layer, nn.Linear) or output.ndim == 2:
            left[id(output)] = (layer, output, output._version)

    def before_norm(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        calls[norm] += 1
        layer, _, version = left.get(id(inputs[0]), (None, None, None))
        if layer is not None and version == inputs[0]._version:  # nothing changed it in place
            pairs[norms[norm]] = (layer, norm)

    hooks = [layer.register_forward_hook(after_layer) for layer in layers]
    hooks += [norm.register_forward_pre_hook(before_norm) for norm in norms]
    model(x)
    for hook in hooks:
        hook.remove()
    return {
        name: (layer, norm)
        for name, (layer, norm) in pairs.items()
        if calls[layer] == calls[norm] == 1
        and isinstance(layer, FOLDS_INTO)
        and isinstance(norm, _BatchNorm)
        and norm.running_mean is not None
    }


def fold(layer: nn.Linear | nn.modules.conv._ConvNd, norm: _BatchNorm) -> None:
    """Let ``layer`` do what ``norm`` does to its outputs in evaluation. Computed in float64."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    bias = -norm.running_mean.double()
    if layer.bias is not None:
        bias = bias + layer.bias.double()
    bias = bias * scale
    if norm.bias is not None:
        bias = bias + norm.bias.double()
    wide = scale.reshape(-1, *[1] * (layer.weight.ndim - 1))
    layer.weight.copy_(layer.weight.double() * wide)
    layer.bias = nn.Parameter(bias.to(layer.weight.dtype))
