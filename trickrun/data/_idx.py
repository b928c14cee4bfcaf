"""The IDX format of MNIST and its relatives: 28 by 28 grey images and their labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._data import Data
from trickrun.data.formats.array_files import find_idx, read_idx, shrink
from trickrun.data.formats.labels import check_range
from trickrun.data.formats.paths import content_hash, locate
from trickrun.data.splits.source import Source, Task, TaskName
from trickrun.errors import DataError

FILES = {
    ("train", "x"): "train-images-idx3-ubyte",
    ("train", "y"): "train-labels-idx1-ubyte",
    ("test", "x"): "t10k-images-idx3-ubyte",
    ("test", "y"): "t10k-labels-idx1-ubyte",
}


class IdxImages(Data):
    """Ten classes of 28 by 28 grey images in four IDX files, with a test part of their own."""

    task_kind: ClassVar[TaskName | None] = "classification"
    own_split: ClassVar[bool | None] = True

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
                    "the two files do not belong together: download them again",
                )
            check_range(y, len(self.labels), str(files[part, "y"]))
        return Source(parts, Task("classification", classes=len(self.labels), labels=self.labels))

    def fingerprint(self, folder: Path) -> Any:
        return [content_hash(file) for file in self.files(folder).values()]

    def found_in(self, folder: Path) -> Path:
        return self.files(folder)["test", "x"].parent

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
