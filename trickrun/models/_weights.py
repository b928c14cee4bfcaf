"""Weights in files: read without executing anything, and put where they belong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.errors import CompileError

if TYPE_CHECKING:
    import torch
    from torch import nn


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors in a file of weights, by name; nothing in it is executed.

    Raises CompileError if it is missing, damaged, or holds no tensors by name.
    """
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CompileError(f"there is no file {path}", "model.weights") from error
    except Exception as error:  # torch raises many kinds for a damaged file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CompileError(
            f"{path} cannot be read: {reason}",
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
