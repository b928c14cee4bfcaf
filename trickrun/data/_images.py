"""What the kinds of data that are image files share: how they are decoded, kept and refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from trickrun.data._data import Data
from trickrun.data.formats.image_files import (
    ImageFiles,
    all_broken,
    default_workers,
    first_of,
)
from trickrun.data.formats.labels import counted
from trickrun.data.splits.source import Samples, Source, SplitData, Task
from trickrun.params import Count


def different(values: tuple[float, float]) -> tuple[float, float]:
    """Return what is black and white; ValueError if it is the same."""
    if values[0] == values[1]:
        raise ValueError("black and white must be different values")
    return values


Named = tuple[str, Path]
"""An image's name for people, and its file."""

BlackAndWhite = Annotated[tuple[float, float], Field(strict=False), AfterValidator(different)]


class Images(Data):
    """Images in files: each is scaled to ``size`` by ``size``, and kept in memory or decoded for
    each batch."""

    from_user: ClassVar[bool] = True

    revision: ClassVar[int] = 2

    size: Count = Field(default=64, description="height and width that images are scaled to")
    color: bool = Field(default=True, description="false: one grey channel")
    range: BlackAndWhite | None = Field(
        default=None,
        description="what is black and white in grey images of more than 8 bits; null: 0 and 65535 "
        "for 16 bits, and others are refused",
    )
    broken: Literal["error", "skip"] = Field(
        default="error",
        description="files that cannot be read; skip: leave them out, with a word, which takes one "
        "more look at all images",
    )
    memory: Count = Field(default=1024, description="MiB up to which decoded images are kept")
    workers: Count | None = Field(
        default=None, description="threads that decode; null: one a CPU core, at most 16"
    )

    def files(self, paths: Sequence[Path]) -> ImageFiles:
        """Return what decodes the images in ``paths``."""
        workers = self.workers or default_workers()
        return ImageFiles(paths, 3 if self.color else 1, self.size, workers, self.range)

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

    def read(self, found: Sequence[Named], labels: Sequence[int] | None) -> Samples:
        """Return the images ``found``, in their order, and their classes ``labels``, if known.

        Raises DataError if none of them can be read, or one cannot and data.broken is error.
        """
        import torch

        used, notes = self.readable([path for _, path in found])
        chosen = [*compress(found, used)]
        files = self.files([path for _, path in chosen])
        x = files.read(torch.arange(len(chosen)))
        y = None if labels is None else torch.tensor([*compress(labels, used)], dtype=torch.int64)
        columns = {"file": tuple(name for name, _ in chosen)}
        return Samples(x, y, columns, ("file",), (*notes, *files.notes()))

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
