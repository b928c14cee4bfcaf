"""CIFAR's binary files: color images of 32 by 32 pixels, each behind its label bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._data import Data
from trickrun.data.formats.array_files import shrink
from trickrun.data.formats.labels import check_range
from trickrun.data.formats.paths import content_hash, locate, read_bytes, unpacked
from trickrun.data.splits.source import Samples, Source, Task, TaskName
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

PIXELS = 3 * 32 * 32
PAGE = "https://www.cs.toronto.edu/~kriz/cifar.html"


class CifarImages(Data):
    """Color images of 32 by 32 pixels in CIFAR's binary files, with a test part of their own."""

    task_kind: ClassVar[TaskName | None] = "classification"
    own_split: ClassVar[bool | None] = True

    train_files: ClassVar[tuple[str, ...]]
    test_files: ClassVar[tuple[str, ...]]
    archive: ClassVar[str]
    """The archive with these files, for the error that they are missing."""

    path: str | None = Field(
        default=None, description="folder of the binary files; null: search for it"
    )
    size: Literal[32, 16, 8] = Field(
        default=32, description="images are averaged down to size by size pixels"
    )

    label_bytes: ClassVar[int] = 1
    "Number of labels before each image."

    @property
    def label_place(self) -> int:
        """Which of the label bytes is the class."""
        return 0

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes' names."""
        raise NotImplementedError

    def load(self, folder: Path) -> Source:
        place = self.found_in(folder)
        parts = {
            part: self.joined([place / name for name in names])
            for part, names in (("train", self.train_files), ("test", self.test_files))
        }
        return Source(parts, Task("classification", classes=len(self.labels), labels=self.labels))

    def joined(self, files: list[Path]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images [N, 3, size, size] and classes [N] of several files."""
        import torch

        read = [self.read(file) for file in files]
        return torch.cat([x for x, _ in read]), torch.cat([y for _, y in read])

    def read(self, path: Path) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images [N, 3, size, size] and classes [N]; DataError for a broken file."""
        import torch

        content = unpacked(path, read_bytes(path))
        record = self.label_bytes + PIXELS
        if not content or len(content) % record:
            raise DataError(
                f"it has {len(content)} bytes, which is not a multiple of a record of {record}",
                str(path),
                "this is not one of CIFAR's binary files, or it is cut off: download it again",
            )
        # A bytearray, because torch warns about memory that cannot be written.
        rows = torch.frombuffer(bytearray(content), dtype=torch.uint8).view(-1, record)
        y = rows[:, self.label_place].long()
        check_range(y, len(self.labels), str(path))
        images = rows[:, self.label_bytes :].reshape(-1, 3, 32, 32)
        return shrink(images, self.size), y

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        return (
            Samples(*self.read(path))
            if path.suffix == ".bin"
            else super().load_file(path, task, shape)
        )

    def fingerprint(self, folder: Path) -> Any:
        place = self.found_in(folder)
        return [content_hash(place / name) for name in (*self.train_files, *self.test_files)]

    def found_in(self, folder: Path) -> Path:
        names = (*self.train_files, *self.test_files)
        places = [locate(place, folder) for place in ((self.path,) if self.path else self.places)]
        for place in places:
            missing = [name for name in names if not (place / name).is_file()]
            if not missing:
                return place
            if len(missing) < len(names):
                hint = "put all of the archive's files into one folder"
                raise DataError(f"{', '.join(missing)} is missing", str(place), hint)
        raise DataError(
            f"the binary files ({names[0]}, …) are not in {', '.join(map(str, places))}",
            "data.path",
            f"unpack {self.archive} (the binary version, from {PAGE}) there, or set the path",
        )
