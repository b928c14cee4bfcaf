"""Numpy's npz files, read without ever unpickling."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.paths import read_bytes
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def read_npz(path: Path) -> dict[str, Array]:
    """Return the arrays in a numpy file, their names in lower case. Never unpickles.

    Raises DataError if it is missing, broken, or has arrays of objects.
    """
    import numpy as np

    content = io.BytesIO(read_bytes(path))
    if not zipfile.is_zipfile(content):
        hint = "write it with numpy.savez, which makes a .npz file"
        raise DataError("this is not a whole npz file", str(path), hint)
    try:
        with np.load(content, allow_pickle=False) as archive:
            return {name.lower(): archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for a damaged file
        if "allow_pickle" in str(error):
            hint = "save all arrays with a number type, such as float32"
            raise DataError("an array holds objects, not numbers", str(path), hint) from error
        raise DataError(f"an array is broken: {error}", str(path), "get it again") from error
