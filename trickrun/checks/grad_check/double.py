"""User code in float64, whatever it converts to float32 on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class InDouble(TorchFunctionMode):
    """While it is entered, what asks torch for float32 gets float64.

    ``one_hot(target).float()`` in a loss, or ``mask.float()`` in a network, rounds to seven digits.
    Training bears that, and a difference quotient over a step of 1e-5 does not.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call ``func`` with float64 in place of float32."""
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        given = (kwargs or {}).items()
        return func(*map(wide, args), **{name: wide(value) for name, value in given})


def wide(value: Any) -> Any:
    """Return float64 for float32, and anything else as it is."""
    return torch.float64 if value is torch.float32 else value
