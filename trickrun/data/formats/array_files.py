"""Files of arrays: numpy's npz, read without unpickling, and IDX, with images averaged down."""

from __future__ import annotations

import io
import zipfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.memory import beyond_memory
from trickrun.data.formats.paths import read_bytes, unpacked
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]


UNSIGNED_BYTE = 8
"""The IDX code of the only element type that these data sets use."""


def find_idx(folder: Path, name: str) -> Path | None:
    """Return the IDX file ``name`` in ``folder``, packed or not, in either of its spellings."""
    dotted = name.replace("-idx", ".idx")
    candidates = (folder / spelled for spelled in (name, f"{name}.gz", dotted, f"{dotted}.gz"))
    return next((file for file in candidates if file.is_file()), None)


def read_idx(path: Path, dimensions: int) -> torch.Tensor:
    """Return the uint8 array in an IDX file, packed with gzip or not.

    The format: two zero bytes, the element type, the number of dimensions, each dimension as a
    big-endian int32, the elements. Raises DataError for a file that is not exactly that.
    """
    import torch

    content = unpacked(path, read_bytes(path))
    expected = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if content[:4] != expected:
        raise DataError(
            f"it starts with {content[:4].hex(' ') or 'nothing'}, not {expected.hex(' ')}",
            str(path),
            f"this is not an IDX file of bytes in {dimensions} dimensions",
        )
    start = 4 + 4 * dimensions
    sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    wanted = start + prod(sizes)
    if len(content) != wanted or 0 in sizes:
        raise DataError(
            f"it has {len(content)} bytes, but its header of shape {sizes} asks for {wanted}",
            str(path),
            "it is cut off or damaged: download it again",
        )
    # A bytearray, because torch warns about memory that cannot be written.
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=start).reshape(sizes)


def shrink(images: torch.Tensor, size: int) -> torch.Tensor:
    """Return uint8 images [N, 1, size, size]: means over blocks of pixels, rounded.

    Raises DataError for images that do not divide into such blocks.
    """
    import torch

    count, channels, height, width = images.shape
    if (height, width) == (size, size):
        return images
    if height != width or height % size:
        raise DataError(
            f"images are {height} by {width}, which cannot be averaged to {size} by {size}",
            "data.size",
            f"set it to {height}, or give the 28 by 28 images",
        )
    block = height // size
    blocks = images.reshape(count, channels, size, block, size, block)
    sums = blocks.sum(dim=(3, 5), dtype=torch.int32)
    return ((sums + block * block // 2) // (block * block)).to(torch.uint8)


NPZ_HINT = "write it with numpy.savez(path, x=x, y=y)"


def read_npz(path: Path) -> dict[str, Array]:
    """Return the arrays in a numpy file, their names in lower case. Never unpickles.

    Raises DataError if it is missing, broken, has none or arrays of objects, or unpacks to more
    than half of the memory that is free: what is read is copied.
    """
    import numpy as np

    content = io.BytesIO(read_bytes(path))
    if not zipfile.is_zipfile(content):
        raise DataError("this npz file is incomplete", str(path), NPZ_HINT)
    try:
        with zipfile.ZipFile(content) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if told := beyond_memory(2 * size):
            hint = "save fewer samples in it"
            raise DataError(f"its arrays take {told} when unpacked", str(path), hint)
        with np.load(content, allow_pickle=False) as archive:
            # What is no .npy file within it comes as bytes.
            found = {name.lower(): archive[name] for name in archive.files}
            arrays = {name: a for name, a in found.items() if isinstance(a, np.ndarray)}
        if not arrays:
            raise DataError("there are no arrays in this file", str(path), NPZ_HINT)
        return arrays
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for a damaged file
        if "allow_pickle" in str(error):
            hint = "save all arrays with a numeric type, such as float32"
            raise DataError("an array holds objects, not numbers", str(path), hint) from error
        raise DataError(
            f"an array is broken: {error}", str(path), "get a new copy of it"
        ) from error
