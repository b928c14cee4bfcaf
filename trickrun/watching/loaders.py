"""The data loaders of a program: how they were made, how often each is read, and for what."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

from torch.utils.data import DataLoader, SequentialSampler

from trickrun.findings.evidence.program import Place, WatchedLoader
from trickrun.watching.places import calling
from trickrun.watching.workers import drawn_alike


@dataclass
class LoaderRecord:
    """One loader.

    Args:
        place: where it was made.
        samples: of its data set; None if that does not tell.
        batch_size, shuffled: as it was made.
        epochs: how often it was read.
        passes, steps: backward passes and optimizer steps while it was the last one read.
        in_eval: of these steps, those with the model in evaluation mode.
        alike: why all its workers draw the same random numbers; empty if they do not.
        dropped: passes at the ends of its epochs whose gradients were cleared unused.
    """

    place: Place | None
    samples: int | None
    batch_size: int | None
    shuffled: bool
    epochs: int = 0
    passes: int = 0
    steps: int = 0
    in_eval: int = 0
    alike: str = ""
    dropped: list[int] = field(default_factory=list)

    def told(self) -> WatchedLoader:
        """Return what was seen."""
        return WatchedLoader(
            self.place,
            self.samples,
            self.batch_size,
            self.shuffled,
            self.epochs,
            self.passes > 0,
            self.steps,
            self.in_eval,
            self.alike,
            tuple(self.dropped),
        )


class Loaders:
    """All loaders, and the one that was read last."""

    def __init__(self) -> None:
        self.known: weakref.WeakKeyDictionary[DataLoader[Any], LoaderRecord] = (
            weakref.WeakKeyDictionary()
        )
        self.records: list[LoaderRecord] = []
        self.current: LoaderRecord | None = None

    def made(self, loader: DataLoader[Any]) -> LoaderRecord:
        """Return the record of a new loader."""
        shuffled = not isinstance(loader.sampler, SequentialSampler)
        record = LoaderRecord(calling(), samples_of(loader), loader.batch_size, shuffled)
        self.known[loader] = record
        self.records.append(record)
        return record

    def begins(self, loader: DataLoader[Any]) -> None:
        """A loader is read from its beginning."""
        record = self.known.get(loader) or self.made(loader)
        record.epochs += 1
        if record.epochs == 1:
            record.alike = drawn_alike(loader)
        self.current = record

    @property
    def batch_size(self) -> int | None:
        """Samples in a batch of the loader that is read."""
        return self.current.batch_size if self.current is not None else None

    @property
    def epochs(self) -> int:
        """Epochs of the loaders that were trained on."""
        return sum(record.epochs for record in self.records if record.passes)

    def told(self) -> tuple[WatchedLoader, ...]:
        """Return what was seen of the loaders that were read."""
        return tuple(record.told() for record in self.records if record.epochs)


def samples_of(loader: DataLoader[Any]) -> int | None:
    """Return how many samples a loader's data set has; None if it does not tell."""
    try:
        return len(loader.dataset)  # type: ignore[arg-type]
    except (TypeError, NotImplementedError):
        return None
