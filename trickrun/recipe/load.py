"""Text to checked recipe: the file, its parents, and the overrides of the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from trickrun.errors import TrickrunError
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.recipe.schema import Recipe


@dataclass(frozen=True)
class Loaded:
    """A checked recipe and what it was made from.

    Args:
        recipe: the checked recipe.
        tree: its canonical tree: plain data, shorthand expanded, defaults left out.
        text: the file as written.
        path: the file.
    """

    recipe: Recipe
    tree: dict[str, Any]
    text: str
    path: Path

    @property
    def folder(self) -> Path:
        """The recipe's folder: relative paths in the recipe start here."""
        return self.path.parent


def load(path: Path, overrides: Sequence[str] = ()) -> Loaded:
    """Read the recipe at ``path`` changed by ``overrides`` (each ``path=value``)."""
    text = path.read_text(encoding="utf-8")
    tree = canonical(yaml.load(text, _Loader))
    tree = patch_paths(tree, dict(_override(text) for text in overrides))
    tree.setdefault("name", re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._") or "recipe")
    return Loaded(from_tree(tree, path.parent), tree, text, path)


def from_tree(tree: Mapping[str, Any], folder: Path) -> Recipe:
    """Return the checked recipe of a canonical tree, for example one made by ``patch``."""
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        raise TrickrunError(str(error)) from None


def _override(text: str) -> tuple[str, Any]:
    path, _, value = text.partition("=")
    return path, yaml.load(value, _Loader)


class _Loader(yaml.SafeLoader):
    """YAML 1.2 numbers, until the located reader replaces it."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)
