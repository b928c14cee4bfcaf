"""What the kinds of data that are image files share: how they are decoded, kept and refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from trickrun.data._data import Data
from trickrun.data.formats.folders import is_image, suffix_hint, tree_of
from trickrun.data.formats.image_files import (
    ImageFiles,
    all_broken,
    default_workers,
    first_of,
)
from trickrun.data.formats.labels import counted
from trickrun.data.formats.memory import beyond_memory
from trickrun.data.splits.keys import APART, keys_of_bytes
from trickrun.data.splits.source import Samples, Source, SplitData, Task
from trickrun.errors import DataError
from trickrun.params import Count, Side

if TYPE_CHECKING:
    import torch


def different(values: tuple[float, float]) -> tuple[float, float]:
    """Return what is black and white; ValueError if it is the same."""
    if values[0] == values[1]:
        raise ValueError("black and white must be different values")
    return values


BlackAndWhite = Annotated[tuple[float, float], Field(strict=False), AfterValidator(different)]


class Images(Data):
    """Images in files: each is scaled to ``size`` by ``size``, and kept in memory or decoded for
    each batch."""

    from_user: ClassVar[bool] = True
    samples_are: ClassVar[str] = "images"

    size: Side = Field(default=64, description="height and width that images are scaled to")
    color: bool = Field(default=True, description="false: one grey channel")
    range: BlackAndWhite | None = Field(
        default=None,
        description="what is black and white in grey images of more than 8 bits; null: 0 and 65535 "
        "for 16 bits, and others are refused",
    )
    broken: Literal["error", "skip"] = Field(
        default="error",
        description="files that cannot be read; skip: leave them out with a note, which takes one "
        "more pass over all images",
    )
    memory: Count = Field(default=1024, description="MiB of decoded images that are kept")
    workers: Annotated[int, Field(ge=1, le=256)] | None = Field(
        default=None, description="threads that decode; null: one per CPU core, at most 16"
    )

    def files(self, paths: Sequence[Path]) -> ImageFiles:
        """Return what decodes the images in ``paths``.

        Raises DataError if memory does not hold one of them.
        """
        workers, channels = self.workers or default_workers(), 3 if self.color else 1
        if told := beyond_memory(4 * channels * self.size**2):  # in float32
            message = f"an image of {self.size} by {self.size} takes {told}"
            raise DataError(message, "data.size", "make it smaller")
        return ImageFiles(paths, channels, self.size, workers, self.range)

    def readable(self, paths: Sequence[Path]) -> tuple[list[bool], tuple[str, ...]]:
        """Return which images are used, as data.broken says, and what is said of the others.

        Raises DataError if none can be read. That one cannot be read is otherwise found when it is
        decoded.
        """
        if self.broken == "error":
            return [True] * len(paths), ()
        broken = self.files(paths).broken()
        if len(broken) == len(paths):
            raise all_broken([*broken.values()])
        told = [f"{error.where}: {error.message}" for error in broken.values()]
        what = f"left out {counted(len(told), 'image')} that cannot be read: "
        notes = (what + "; ".join(first_of(told)),) if told else ()
        return [index not in broken for index in range(len(paths))], notes

    def read_place(self, path: Path) -> Samples:
        """Return the images of a folder and all folders in it, or of one file; without targets.

        Raises DataError if there is none, and as ``read`` does.
        """
        if not path.is_dir():
            return self.read([path], {"file": [path.name]})
        images = images_in(path)
        return self.read([path / image for image in images], {"file": named(images)})

    def read(
        self,
        paths: Sequence[Path],
        columns: Mapping[str, Sequence[str]],
        y: torch.Tensor | None = None,
        targets: Sequence[str] | None = None,
    ) -> Samples:
        """Return the images in ``paths``, in their order.

        Args:
            columns: what each is known by.
            y: their targets, if these are known.
            targets: what tells these apart: see ``keys_of_files``.

        Raises DataError if none of them can be read, or one cannot and data.broken is error.
        """
        import torch

        used, left_out = self.readable(paths)
        files = self.files([*compress(paths, used)])
        x = files.read(torch.arange(len(files.paths)))
        whole = None if targets is None else [*compress(targets, used)]
        return Samples(
            x,
            None if y is None else y[torch.tensor(used)],
            {name: [*compress(cells, used)] for name, cells in columns.items()},
            ("file",),
            (*left_out, *files.notes()),
            identify=lambda _: None if whole is None else keys_of_files(files, whole),
        )

    def finish(
        self, source: Source, train: SplitData, val: SplitData | None, test: SplitData | None
    ) -> tuple[SplitData, SplitData | None, SplitData | None, Task]:
        """Decode all images if they fit into the memory that the recipe gives them."""
        import torch

        files = source.files
        assert files is not None
        parts = [part for part in (train, val, test) if part is not None]
        if self.zero_inputs or sum(map(len, parts)) * files.bytes_each > self.memory * 2**20:
            return train, val, test, source.task
        # At one go, so that an error names all files that cannot be read.
        images = iter(files.read(torch.cat([part.x for part in parts])).split([*map(len, parts)]))

        def kept(part: SplitData) -> SplitData:
            return SplitData(next(images), part.y)

        return kept(train), val and kept(val), test and kept(test), source.task


def keys_of_files(files: ImageFiles, targets: Sequence[str]) -> torch.Tensor:
    """Return the key [N] of each image: made of the bytes of its file, wherever that is.

    Args:
        targets: what tells the targets apart, as people wrote it: the class's name, or cells.
    """
    names = (target.encode("utf-8", "surrogatepass") for target in targets)
    return keys_of_bytes(
        digest + APART + name for digest, name in zip(files.digests(), names, strict=True)
    )


def images_in(folder: Path) -> list[PurePath]:
    """Return the images in ``folder`` and all folders in it, relative to it, sorted.

    Raises DataError if there is none.
    """
    images = [file for file in tree_of(folder).files if is_image(file)]
    if not images:
        raise DataError("there are no images", str(folder), suffix_hint())
    return images


def named(images: Sequence[PurePath]) -> list[str]:
    """Return images' names for people: with the folders that lead to them."""
    return [image.as_posix() for image in images]


def used_images(
    parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]], labels: Sequence[str] = ()
) -> str:
    """Return how many images are used, of which class, and in which parts.

    Args:
        parts: inputs and targets of each part that the data bring.
        labels: the classes' names, or none.
    """
    total = counted(sum(len(x) for x, _ in parts.values()), "image")
    split = ", ".join(f"{part} {len(x)}" for part, (x, _) in parts.items())
    own = f"; {split}" if len(parts) > 1 else ""
    if not labels:
        return f"{total}{own}"
    counts = Counter(index for _, y in parts.values() for index in y.tolist())
    each = [f"{label} {counts[index]}" for index, label in enumerate(labels[:MOST_CLASSES])]
    more = len(labels) - MOST_CLASSES
    each += [f"and {more} more"] if more > 0 else []
    return f"{total} of {len(labels)} classes: {', '.join(each)}{own}"


MOST_CLASSES = 10
"""Classes whose images are counted for people."""
