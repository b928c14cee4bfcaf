"""What recipes say differently, and what they are called beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trickrun.recipe.difference import MISSING, differences
from trickrun.recipe.dump import resolved
from trickrun.recipe.load import Loaded
from trickrun.recipe.patch import ROOT, PathStep, at
from trickrun.recipe.schema import Recipe

SAYS_NOTHING = ("name", "grid", "expect", "recipe_version")
"""Sections that change no training."""


def recipe_difference(first: Recipe, second: Recipe) -> list[dict[str, Any]]:
    """Return the paths at which two recipes differ, with both values; None: not there.

    Defaults are filled in, so that a default that is written out is no difference.
    """
    trees = [resolved(recipe) for recipe in (first, second)]
    for tree in trees:
        for name in SAYS_NOTHING:
            tree.pop(name, None)
    found = []
    for difference in differences(*trees, ROOT):
        path = ".".join(map(str, difference.steps))
        value = None if difference.value is MISSING else difference.value
        found.append({"path": path, "first": value_at(trees[0], difference.steps), "second": value})
    return found


def value_at(tree: Any, steps: Sequence[PathStep]) -> Any:
    """Return what stands at a path; None if there is nothing."""
    for step in steps:
        tree = at(tree, step)
    return tree


def named_apart(recipes: Sequence[Loaded]) -> list[str]:
    """Return a name for each recipe: its own; its file's or its changes too, if another has the
    same; a number where that does not tell them apart."""
    names = [loaded.recipe.name for loaded in recipes]
    common = set.intersection(*(set(loaded.overrides) for loaded in recipes))

    def with_changes(name: str, loaded: Loaded) -> str:
        return " ".join([name, *(text for text in loaded.overrides if text not in common)])

    for more in (with_changes, with_file):
        count = Counter(names)
        names = [
            more(name, loaded) if count[name] > 1 else name
            for name, loaded in zip(names, recipes, strict=True)
        ]
    count, seen = Counter(names), Counter[str]()
    told = []
    for name in names:
        seen[name] += 1
        told.append(f"{name} ({seen[name]})" if count[name] > 1 else name)
    return told


def with_file(name: str, loaded: Loaded) -> str:
    """Return a recipe's name with its file's, if that is another one."""
    stem = Path(loaded.path).stem
    return name if stem in (loaded.recipe.name, "recipe", "resolved") else f"{name} ({stem})"
