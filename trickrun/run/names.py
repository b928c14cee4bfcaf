"""What runs are called beside each other: by what their recipes say differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trickrun.run.folder import RunFolder

MOST = 3
"""Differences that a name tells."""


def by_difference(runs: Sequence[RunFolder]) -> list[str]:
    """Return a name for each run: the recipe's, if no two have the same, else what differs:
    ``lr=0.01``, ``seed 2``. Where recipes do not tell runs apart, their ids do.

    Raises TrickrunError if a run's recipe cannot be read.
    """
    # Trials are named without it, and `runs` is not to wait for the recipe language.
    from trickrun.recipe.load import load

    trees = [dict(leaves(load(run.path / "resolved.yaml").tree)) for run in runs]
    for tree in trees:
        tree.pop("expect", None)
    names = [str(tree.get("name")) for tree in trees]
    if len(set(names)) == len(names) > 1:
        return names
    return told_apart(trees, differing_in(trees), [run.id for run in runs])


def by_params(params: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> list[str]:
    """Return a name for each trial of a search, from its parameters: recipe path to value."""
    differing = differing_in(params) or list(dict.fromkeys(path for one in params for path in one))
    return told_apart(params, differing, ids)


def differing_in(trees: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the paths at which not all of the trees have the same."""
    paths = dict.fromkeys(path for tree in trees for path in tree)
    return [path for path in paths if any(t.get(path) != trees[0].get(path) for t in trees)]


def told_apart(
    trees: Sequence[Mapping[str, Any]], differing: Sequence[str], ids: Sequence[str]
) -> list[str]:
    """Return a name for each tree, with its id where another one is called the same."""
    names = [called(tree, differing) for tree in trees]
    count = Counter(names)
    return [
        name if name and count[name] == 1 else f"{name} {own}".strip()
        for name, own in zip(names, ids, strict=True)
    ]


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return the paths of a tree's values, and them; a list is one value."""
    if not isinstance(value, Mapping) or not value:
        return [(path, value)]
    return [
        leaf for key, inner in value.items() for leaf in leaves(inner, f"{path}.{key}".lstrip("."))
    ]


def called(tree: Mapping[str, Any], differing: Sequence[str]) -> str:
    """Return a name from what differs; the recipe's own name first."""
    last = Counter(path.rsplit(".", 1)[-1] for path in differing)
    parts = [str(tree["name"])] if "name" in differing else []
    for path in [path for path in differing if path != "name"][:MOST]:
        end = path.rsplit(".", 1)[-1]
        key = path if last[end] > 1 else end
        shown = in_short(tree.get(path))
        parts.append(f"seed {shown}" if path == "seed" else f"{key}={shown}")
    return ", ".join(parts)


def in_short(value: Any) -> str:
    """Return a value in a few characters; a section by its kind."""
    if isinstance(value, Mapping) and "kind" in value:
        return str(value["kind"])
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
