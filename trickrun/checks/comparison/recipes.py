"""What recipes say differently, and what they are called beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trickrun.recipe.difference import MISSING, differences
from trickrun.recipe.dump import resolved
from trickrun.recipe.load import Loaded
from trickrun.recipe.patch import ROOT, PathStep, at
from trickrun.recipe.schema import Recipe
from trickrun.run.names import called, differing_in, leaves

SAYS_NOTHING = ("name", "grid", "expect", "recipe_version")
"""Sections that change no training."""


def recipe_difference(first: Recipe, second: Recipe) -> list[dict[str, Any]]:
    """Return the paths at which two recipes differ, with both values; None: not there.

    Defaults are filled in, so that a default that is written out is no difference.
    """
    now, wanted = (
        {key: value for key, value in resolved(recipe).items() if key not in SAYS_NOTHING}
        for recipe in (first, second)
    )
    found = []
    for difference in differences(now, wanted, ROOT):
        path = ".".join(map(str, difference.steps))
        value = None if difference.value is MISSING else difference.value
        found.append({"path": path, "first": value_at(now, difference.steps), "second": value})
    return found


def value_at(tree: Any, steps: Sequence[PathStep]) -> Any:
    """Return what stands at a path; None if there is nothing."""
    for step in steps:
        tree = at(tree, step)
    return tree


def named_apart(recipes: Sequence[Loaded]) -> list[str]:
    """Return a name for each recipe: its own; if another has the same, its changes too, its file's
    name, or what it says differently; a number where nothing tells them apart."""
    names = [loaded.recipe.name for loaded in recipes]
    common = set.intersection(*(set(loaded.overrides) for loaded in recipes))

    def with_changes(name: str, loaded: Loaded) -> str:
        return " ".join([name, *(text for text in loaded.overrides if text not in common)])

    trees = [dict(leaves(without_seed(loaded.tree))) for loaded in recipes]
    differing = differing_in(trees)
    told_by_values = {
        id(loaded): called(tree, differing) for loaded, tree in zip(recipes, trees, strict=True)
    }

    def with_values(name: str, loaded: Loaded) -> str:
        return f"{name} {told_by_values[id(loaded)]}".strip()

    for more in (with_changes, with_file, with_values):
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


def without_seed(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a recipe tells arms apart."""
    return {key: value for key, value in tree.items() if key not in (*SAYS_NOTHING, "seed")}


def with_file(name: str, loaded: Loaded) -> str:
    """Return a recipe's name with its file's, if that is another one."""
    stem = Path(loaded.path).stem
    return name if stem in (loaded.recipe.name, "recipe", "resolved") else f"{name} ({stem})"
