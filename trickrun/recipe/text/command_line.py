"""An edit of a recipe as a command line takes it; ``sources.read_override`` reads it back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from trickrun.recipe.text.emit import flow


def overrides(edit: Mapping[str, Any]) -> list[str]:
    """Return an edit (recipe path to value) as arguments ``path=value``, not quoted for a shell."""
    return [f"{path}={flow(value)}" for path, value in edit.items()]


def typed_each(edit: Mapping[str, Any]) -> list[str]:
    """Return the parts of an edit, each as people type it into a shell."""
    return [shlex.quote(part) for part in overrides(edit)]


def typed(edit: Mapping[str, Any]) -> str:
    """Return an edit as people type it into a shell."""
    return " ".join(typed_each(edit))
