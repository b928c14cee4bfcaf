from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._images import Images
from trickrun.data.formats.class_folders import (
    ClassFolder,
    ClassFolders,
    class_of,
    in_class_folders,
    only_class,
    suffix_hint,
)
from trickrun.data.formats.folders import is_image, tree_of
from trickrun.data.formats.labels import listed
from trickrun.data.formats.paths import locate, missing_hint
from trickrun.data.splits.source import Samples, Source, Task, TaskName
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch


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

    main: ClassVar[str | None] = "path"

    kind: Literal["image_folder"] = "image_folder"
    path: str = Field(description="the folder; relative to the recipe", examples=["images"])
    class_folder: ClassFolder = Field(
        default="first",
        description="which folder in path names an image's class; for site/cat/1.png: first: site; "
        "last: cat; path: site/cat",
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
        used, notes = self.readable([root / image.path for _, image in images])
        chosen = [*compress(images, used)]
        indices = {label: index for index, label in enumerate(labels)}
        parts = {}
        for part in found.parts:
            numbers = [number for number, (name, _) in enumerate(chosen) if name == part]
            classes = [indices[chosen[number][1].label] for number in numbers]
            parts[part] = as_tensors(numbers, classes)
        check_classes_left(parts["train"][1], labels, root)
        task = Task("classification", classes=len(labels), labels=labels)
        files = self.files([root / image.path for _, image in chosen])
        return Source(parts, task, files, notes=(*told(found, parts), *notes))

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        if not path.is_dir():
            return self.read([(path.name, path)], None)
        tree = tree_of(path)
        images = [file for file in tree.files if is_image(file)]
        if not images:
            raise DataError("there are no images", str(path), suffix_hint())
        found = [(image.as_posix(), path / image) for image in images]
        names = [class_of(image, self.class_folder) for image in images]
        known = [name in task.labels for name in names]
        if not any(known):
            return self.read(found, None)
        if not all(known):
            name = names[known.index(False)]
            what = (
                "an image is in no folder" if name is None else f"the folder {name!r} is no class"
            )
            raise DataError(what, str(path), f"the classes are {listed(task.labels)}")
        return self.read(found, [task.labels.index(str(name)) for name in names])

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


def check_classes_left(y: torch.Tensor, labels: tuple[str, ...], root: Path) -> None:
    """Raise DataError for a class whose images were all left out."""
    present = {*y.tolist()}
    for index, label in enumerate(labels):
        if index not in present:
            raise DataError(
                f"no image of the class {label!r} can be read",
                str(root),
                "data.broken: error tells why; mend them, or remove the folder",
            )


def told(
    found: ClassFolders, parts: dict[str, tuple[torch.Tensor, torch.Tensor]]
) -> tuple[str, ...]:
    """Return what is said of a folder: which images are used, and what is left out."""
    counts = Counter(index for _, y in parts.values() for index in y.tolist())
    labels = found.labels
    name = found.tree.root.name
    each = ", ".join(
        f"{label} {counts[index]}" for index, label in enumerate(labels[:MOST_CLASSES])
    )
    more = f" and {len(labels) - MOST_CLASSES} classes more" if len(labels) > MOST_CLASSES else ""
    split = ", ".join(f"{part} {len(y)}" for part, (_, y) in parts.items())
    own = f"; parts of its own: {split}" if len(parts) > 1 else ""
    used = f"{name}: {sum(counts.values())} images of {len(labels)} classes: {each}{more}{own}"
    return (used, *(f"{name}: {note}" for note in found.notes))


MOST_CLASSES = 10
"""Classes whose images are counted for people."""
