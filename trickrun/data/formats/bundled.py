"""The tables that come with scikit-learn: made into data sets, and identified by their file."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from trickrun.data.formats.arrays import TaskKind, source_from_arrays
from trickrun.data.formats.paths import content_hash
from trickrun.data.splits.source import Source


def bundled_table(bunch: Any, kind: TaskKind, labels: tuple[str, ...]) -> Source:
    """Return the data set of a scikit-learn Bunch; labels name the classes or the target."""
    features = tuple(str(name) for name in bunch.feature_names)
    part = (bunch.data, bunch.target)
    return source_from_arrays({"train": part}, kind, "scikit-learn", labels, features)


def bundled_fingerprint(*names: str) -> list[str] | None:
    """Return hashes of scikit-learn's data files ``names``, without importing it.

    None where this version of scikit-learn keeps them elsewhere.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "datasets" / "data"
    files = [folder / name for name in names]
    return [content_hash(file) for file in files] if all(f.is_file() for f in files) else None
