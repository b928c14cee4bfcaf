"""The tables that come with scikit-learn, read from its package's files without importing it.

Its import takes one to three seconds, which would be most of what a short training takes.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.paths import content_hash
from trickrun.data.splits.source import Source
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def bundled_classes(name: str, labels: tuple[str, ...], features: tuple[str, ...]) -> Source:
    """Return the data set of a csv file whose last column is the number of the class.

    Args:
        name: the file; its first line says how many samples and features there are.
        labels, features: the classes' and the columns' names, as scikit-learn has them.
    """
    # validate, which reads no data, does not wait for these imports.
    from trickrun.data.formats.arrays import source_from_arrays

    table = read_csv(name, header=1)
    part = (table[:, :-1], table[:, -1].astype("int64"))
    return source_from_arrays({"train": part}, "classification", "scikit-learn", labels, features)


def read_csv(name: str, header: int = 0, separator: str = ",") -> Array:
    """Return the numbers in scikit-learn's data file ``name`` (gzipped or not), in float64.

    Args:
        header: lines to leave out at the beginning.
        separator: between numbers; a blank stands for any white space.

    Raises DataError if this version of scikit-learn has no such file.
    """
    import gzip

    import numpy as np

    path = bundled_path(name)
    if path is None:
        raise DataError(
            "it is not where scikit-learn used to keep it",
            f"sklearn/datasets/data/{name}",
            "install the version of scikit-learn given in constraints.txt",
        )
    delimiter = None if separator == " " else separator
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return np.loadtxt(lines, delimiter=delimiter, skiprows=header, encoding="utf-8")


def bundled_path(name: str) -> Path | None:
    """Return where scikit-learn's data file ``name`` is; None if it is elsewhere or missing."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "datasets" / "data" / name
    return path if path.is_file() else None


def bundled_fingerprint(*names: str) -> list[str] | None:
    """Return hashes of scikit-learn's data files ``names``.

    None where this version of scikit-learn keeps them elsewhere.
    """
    paths = [path for name in names if (path := bundled_path(name)) is not None]
    return [content_hash(path) for path in paths] if len(paths) == len(names) else None
