"""The IDX format of MNIST and its relatives: 28 by 28 grey images and their labels."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data.base import Data, Source
from trickrun.data.labels import check_range
from trickrun.data.paths import content_hash, locate, read_bytes, unpacked
from trickrun.data.task import Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

UNSIGNED_BYTE = 8
"""The IDX code of the only element type that these data sets use."""

FILES = {
    ("train", "x"): "train-images-idx3-ubyte",
    ("train", "y"): "train-labels-idx1-ubyte",
    ("test", "x"): "t10k-images-idx3-ubyte",
    ("test", "y"): "t10k-labels-idx1-ubyte",
}


class IdxImages(Data):
    """Ten classes of 28 by 28 grey images in four IDX files, with a test part of their own."""

    places: ClassVar[tuple[str, ...]]
    """Folders that are searched if the recipe gives no path; relative ones from the recipe's."""
    labels: ClassVar[tuple[str, ...]]

    path: str | None = Field(
        default=None, description="folder of the four IDX files, gz or not; null: search for it"
    )
    size: Literal[28, 14, 7] = Field(
        default=28, description="images are averaged down to size by size pixels"
    )

    def load(self, folder: Path) -> Source:
        files = self.files(folder)
        parts = {
            part: (
                shrink(read_idx(files[part, "x"], 3).unsqueeze(1), self.size),
                read_idx(files[part, "y"], 1).long(),
            )
            for part in ("train", "test")
        }
        for part, (x, y) in parts.items():
            if len(x) != len(y):
                raise DataError(
                    f"{len(x)} images, but {len(y)} labels in {files[part, 'y'].name}",
                    str(files[part, "x"]),
                    "the two files do not belong together: get them again",
                )
            check_range(y, len(self.labels), str(files[part, "y"]))
        return Source(parts, Task("classification", classes=len(self.labels), labels=self.labels))

    def fingerprint(self, folder: Path) -> Any:
        return [content_hash(file) for file in self.files(folder).values()]

    def files(self, folder: Path) -> dict[tuple[str, str], Path]:
        """Return where each of the four files is. Raises DataError, which lists the places."""
        places = [locate(place, folder) for place in ((self.path,) if self.path else self.places)]
        for place in places:
            found = {key: find_idx(place, name) for key, name in FILES.items()}
            present = {key: file for key, file in found.items() if file is not None}
            if len(present) == len(FILES):
                return present
            if present:
                missing = [name for key, name in FILES.items() if key not in present]
                raise DataError(
                    f"{', '.join(missing)} (or .gz) is missing beside the others",
                    str(place),
                    "all four IDX files belong into one folder",
                )
        raise DataError(
            f"the IDX files are not in {', '.join(map(str, places))}",
            "data.path",
            f"set it to the folder that holds {FILES['train', 'x']}, with .gz or without",
        )


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
            "it is cut off or broken: get it again",
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
