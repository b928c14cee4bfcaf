from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._data import Data
from trickrun.data.formats.image_files import SUFFIXES, ImageFiles, default_workers
from trickrun.data.formats.labels import check_two_classes, listed
from trickrun.data.formats.paths import locate, missing_hint
from trickrun.data.splits.kept import gathered, renamed
from trickrun.data.splits.keys import APART, keys_of, keys_of_bytes, named
from trickrun.data.splits.source import Keys, Pool, Samples, Source, SplitData, Task, TaskName
from trickrun.errors import DataError
from trickrun.params import Count

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit

PARTS = ("train", "val", "test")


class ImageFolder(Data):
    """Images in files, in a folder for each class.

    When: your own photos, also more of them than memory holds.
    Defaults: ``path/CLASS/…`` is split as data.split says; ``path/train/CLASS/…`` with ``val`` and
        ``test`` beside it brings its own parts. Each image is scaled to ``size`` by ``size``
        pixels, what sticks out of the square cut off. Up to ``memory`` MiB the images are decoded
        once and kept; beyond that threads decode each batch ahead of its step, and a few batches
        are all that is in memory.
    Interactions: images that are not kept are normalized by statistics of 2048 of them.
    Source: torchvision.datasets.ImageFolder has the same layout; Pillow decodes.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    from_user: ClassVar[bool] = True
    samples_are: ClassVar[str] = "images"

    main: ClassVar[str | None] = "path"

    kind: Literal["image_folder"] = "image_folder"
    path: str = Field(description="the folder; relative to the recipe", examples=["images"])
    size: Count = Field(default=64, description="height and width that images are scaled to")
    color: bool = Field(default=True, description="false: one grey channel")
    memory: Count = Field(default=1024, description="MiB up to which decoded images are kept")
    workers: Count | None = Field(
        default=None, description="threads that decode; null: one a CPU core, at most 16"
    )

    def load(self, folder: Path) -> Source:
        root = locate(self.path, folder)
        if not root.is_dir():
            raise DataError("there is no such folder", str(root), missing_hint(root))
        folders = {name: root / name for name in PARTS if (root / name).is_dir()}
        if "train" not in folders:
            folders = {"train": root}
        labels = class_names(folders["train"])
        paths: list[Path] = []
        parts = {}
        for name, place in folders.items():
            found = labelled_images(place, labels)
            parts[name] = numbered(found, len(paths))
            paths += [path for path, _ in found]
        check_two_classes(parts["train"][1], labels, str(folders["train"]))
        task = Task("classification", classes=len(labels), labels=labels)
        files = self.files(paths)
        return Source(parts, task, files, identify=lambda: keys_of_files(files, parts, labels))

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        source = self.load(folder)

        def read(places: torch.Tensor) -> Samples:
            numbers, y = gathered(source, places)
            return Samples(numbers, renamed(y, source.task, task), source.files)

        return Pool(keys_of(source).together(), read)

    def files(self, paths: Sequence[Path]) -> ImageFiles:
        """Return what decodes the images in ``paths``."""
        workers = self.workers or default_workers()
        return ImageFiles(paths, 3 if self.color else 1, self.size, workers)

    def finish(
        self, source: Source, train: SplitData, val: SplitData | None, test: SplitData | None
    ) -> tuple[SplitData, SplitData | None, SplitData | None, Task]:
        """Decode all images if they fit into the memory that the recipe gives them."""
        files = source.files
        assert files is not None
        samples = sum(len(part) for part in (train, val, test) if part is not None)
        if self.zero_inputs or samples * files.bytes_each > self.memory * 2**20:
            return train, val, test, source.task

        def kept(part: SplitData) -> SplitData:
            return SplitData(files.read(part.x), part.y)

        return kept(train), val and kept(val), test and kept(test), source.task

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        import torch

        if path.is_dir() and any((path / label).is_dir() for label in task.labels):
            found = labelled_images(path, task.labels)
            y: torch.Tensor | None = torch.tensor([label for _, label in found])
            paths = [image for image, _ in found]
        else:
            paths, y = images_in(path) if path.is_dir() else [path], None
        if not paths:
            raise DataError("there are no images", str(path), suffix_hint())
        files, numbers = self.files(paths), torch.arange(len(paths))

        def identify(kept: KeptSplit) -> torch.Tensor | None:
            if y is None:
                return None
            return keys_of_files(files, {"train": (numbers, y)}, task.labels).together()

        return Samples(files.read(numbers), y, identify=identify)

    def fingerprint(self, folder: Path) -> Any:
        root = locate(self.path, folder)
        digest = hashlib.blake2b(digest_size=16)
        for path in images_in(root):
            digest.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
        return digest.hexdigest()


def keys_of_files(
    files: ImageFiles, parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]], labels: Sequence[str]
) -> Keys:
    """Return what tells images apart: the bytes of their files, and the names of their classes.

    Args:
        parts: of each part, the files' numbers [N] and the classes' indices [N].
    """
    digests = files.digests()
    return Keys(
        {
            part: keys_of_bytes(
                digests[number] + APART + name
                for number, name in zip(numbers.tolist(), named(y, labels), strict=True)
            )
            for part, (numbers, y) in parts.items()
        }
    )


def class_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the folders in ``folder``; DataError if there is none."""
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not names:
        raise DataError("there is no folder in it", str(folder), "make one for each class")
    return tuple(names)


def labelled_images(folder: Path, labels: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Return each image in ``folder`` with the index of the class that its folder names.

    Raises DataError for a folder that is none of ``labels``, or for one without images.
    """
    found = []
    for name in class_names(folder):
        if name not in labels:
            hint = f"the classes are {listed(labels)}"
            raise DataError(f"the folder {name!r} is no class", str(folder), hint)
        images = images_in(folder / name)
        if not images:
            raise DataError("there are no images", str(folder / name), suffix_hint())
        found += [(image, labels.index(name)) for image in images]
    return found


def numbered(found: Sequence[tuple[Path, int]], first: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a part's inputs, the numbers of its files from ``first`` on, and its classes."""
    import torch

    numbers = torch.arange(first, first + len(found))
    return numbers, torch.tensor([label for _, label in found], dtype=torch.int64)


def images_in(folder: Path) -> list[Path]:
    """Return the image files in ``folder`` and all folders in it, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def suffix_hint() -> str:
    return f"images end in {', '.join(sorted(SUFFIXES))}"
