"""Factors of the learning rate by patterns of parameter names."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from trickrun.errors import CompileError

if TYPE_CHECKING:
    from torch import nn


def scales(model: nn.Module, patterns: Mapping[str, float]) -> dict[str, float]:
    """Return the factor of each parameter of ``model`` that a pattern names.

    Patterns are those of file names (``linear1.*``, ``*.bias``); where several name one parameter,
    their factors multiply, so that their order means nothing.

    Raises CompileError for a pattern that names none.
    """
    names = [name for name, _ in model.named_parameters()]
    found: dict[str, float] = {}
    for pattern, factor in patterns.items():
        matches = [name for name in names if fnmatchcase(name, pattern)]
        if not matches:
            near = get_close_matches(pattern, names, n=1) or names[:1]
            raise CompileError(
                f"no parameter of the model is named {pattern!r}",
                "optimizer.lr_scale",
                f"names are like {near[0]}; train --dry-run lists the layers" if near else "",
            )
        for name in matches:
            found[name] = found.get(name, 1.0) * factor
    return found
