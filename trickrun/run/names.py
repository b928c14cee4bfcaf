"""What runs are called beside each other: by what their recipes say differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trickrun.recipe.load import load
from trickrun.run.folder import RunFolder

MOST = 3
"""Differences that a name tells."""


def by_difference(runs: Sequence[RunFolder]) -> list[str]:
    """Return a name for each run: ``lr=0.01``, ``seed 2``. Where recipes do not tell runs apart,
    their ids do.

    Raises TrickrunError if a run's recipe cannot be read.
    """
    trees = [dict(leaves(load(run.path / "resolved.yaml").tree)) for run in runs]
    paths = {path: None for tree in trees for path in tree if path != "expect"}
    differing = [path for path in paths if any(t.get(path) != trees[0].get(path) for t in trees)]
    names = [called(tree, differing) for tree in trees]
    count = Counter(names)
    return [
        name if name and count[name] == 1 else f"{name} {run.id}".strip()
        for name, run in zip(names, runs, strict=True)
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
        value = tree.get(path)
        shown = f"{value:g}" if isinstance(value, float) else "none" if value is None else value
        parts.append(f"seed {shown}" if path == "seed" else f"{key}={shown}")
    return ", ".join(parts)
