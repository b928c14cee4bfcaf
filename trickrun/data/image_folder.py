from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._images import Images, images_in, keys_of_files, named, used_images
from trickrun.data.formats.class_folders import (
    ClassFolder,
    class_of,
    in_class_folders,
    only_class,
)
from trickrun.data.formats.folders import is_image, tree_of
from trickrun.data.formats.labels import check_classes_left, listed
from trickrun.data.formats.paths import locate, missing_hint
from trickrun.data.splits.kept import gathered, renamed
from trickrun.data.splits.keys import keys_of
from trickrun.data.splits.source import Keys, Pool, Samples, Source, Task, TaskName
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit


class ImageFolder(Images):
    """Images in files, in a folder for each class.

    When: your own photos, also more of them than memory holds.
    Defaults: ``path/CLASS/…`` is split as data.split says; ``path/train/CLASS/…`` with ``val`` (or
        valid, validation) and ``test`` beside it brings its own parts. Each image is scaled to
        ``size`` by ``size`` pixels, what sticks out of the square cut off. It stands upright as its
        EXIF data say; transparency is laid on white; of several frames the first is used. Up to
        ``memory`` MiB the images are decoded once and kept; beyond that threads decode each batch
        ahead of its step, and a few batches are all that is in memory.
    Interactions: images that are not kept are normalized by statistics of 2048 of them.
    Source: torchvision.datasets.ImageFolder has the same layout; Pillow decodes.
    """

    task_kind: ClassVar[TaskName | None] = "classification"

    revision: ClassVar[int] = 2

    main: ClassVar[str | None] = "path"

    kind: Literal["image_folder"] = "image_folder"
    path: str = Field(description="the folder; relative to the recipe", examples=["images"])
    class_folder: ClassFolder = Field(
        default="first",
        description="which folder in path names an image's class; for site/cat/1.png: first: "
        "site; last: cat; path: site/cat",
    )

    def load(self, folder: Path) -> Source:
        root = locate(self.path, folder)
        if not root.is_dir():
            raise DataError("there is no such folder", str(root), missing_hint(root))
        found = in_class_folders(tree_of(root), self.class_folder)
        labels = found.labels
        if len(labels) == 1:
            raise only_class(found, self.class_folder)
        images = [(part, image) for part, images in found.parts.items() for image in images]
        paths = [root / image.path for _, image in images]
        used, notes = self.readable(paths)
        chosen = [*compress(images, used)]
        indices = {label: index for index, label in enumerate(labels)}
        parts = {}
        for part in found.parts:
            numbers = [number for number, (name, _) in enumerate(chosen) if name == part]
            classes = [indices[chosen[number][1].label] for number in numbers]
            parts[part] = as_tensors(numbers, classes)
        check_classes_left(parts["train"][1], labels, str(root))
        task = Task("classification", classes=len(labels), labels=labels)
        files = self.files([*compress(paths, used)])
        said = [f"{root.name}: {note}" for note in (used_images(parts, labels), *found.notes)]

        def identify() -> Keys:
            keys = keys_of_files(files, [image.label for _, image in chosen])
            return Keys({part: keys[numbers] for part, (numbers, _) in parts.items()})

        return Source(parts, task, files, notes=(*said, *notes), identify=identify)

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        source = self.load(folder)

        def read(places: torch.Tensor) -> Samples:
            numbers, y = gathered(source, places)
            return Samples(numbers, renamed(y, source.task, task), files=source.files)

        return Pool(keys_of(source).together(), read)

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        if not path.is_dir():
            return self.read_place(path)
        images = images_in(path)
        labels = [class_of(image.parts, self.class_folder) for image in images]
        indices = {label: index for index, label in enumerate(task.labels)}
        known = [label in indices for label in labels]
        if not any(known):
            return self.read_place(path)
        if not all(known):
            label = labels[known.index(False)]
            what = (
                f"the folder {label!r} is not a class" if label else "an image is not in a folder"
            )
            raise DataError(what, str(path), f"the classes are {listed(task.labels)}")
        names = [str(label) for label in labels]
        _, y = as_tensors([], [indices[name] for name in names])
        paths = [path / image for image in images]
        return self.read(paths, {"file": named(images)}, y, names)

    def fingerprint(self, folder: Path) -> Any:
        root = locate(self.path, folder)
        digest = hashlib.blake2b(digest_size=16)
        for path in filter(is_image, tree_of(root).files):
            digest.update(f"{path} {(root / path).stat().st_size}\n".encode())
        return digest.hexdigest()


def as_tensors(numbers: Sequence[int], classes: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a part's inputs, the numbers of its files, and its classes."""
    import torch

    return torch.tensor(numbers, dtype=torch.int64), torch.tensor(classes, dtype=torch.int64)
