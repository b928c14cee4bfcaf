"""Images that stay in their files: threads decode what a batch needs, in bounded memory."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.labels import counted
from trickrun.data.formats.paths import read_bytes
from trickrun.data.formats.pixels import FULL, Look, Span, decoded
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

AHEAD = 4
"""Batches that are decoded before they are asked for."""

MOST_NAMED = 20
"""Unreadable files that an error names."""

Broken = Mapping[int, DataError]
"""Why images cannot be read, by their numbers."""

FEW = 8
"""Part of the 16 bits that images use, below which a narrower range is recommended: three bits and
more of the eight that they become would say nothing."""

CHUNK = 16
"""Images that a thread decodes at one go."""


class ImageFiles:
    """Images [N, channels, size, size] in files. A sample's input is its number in ``paths``.

    Pillow lets other threads run while it decodes and scales, so threads are enough.

    Args:
        paths: a file a sample.
        channels: 3 for colors, 1 for grey.
        size: height and width that images are scaled to, what sticks out of the square cut off.
        workers: threads that decode.
        span: see ``pixels.decoded``.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        channels: int,
        size: int,
        workers: int,
        span: Span | None = None,
    ) -> None:
        self.paths = paths
        self.channels = channels
        self.size = size
        self.workers = workers
        self.span = span
        self.looks: dict[int, Look] = {}
        self.begun: dict[int, tuple[torch.Tensor, Decoding]] = {}
        # Pillow warns of damaged EXIF data, which change no pixel, and of images larger than a
        # stranger should be allowed to send.
        warnings.filterwarnings("ignore", module=r"PIL\.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one decoded image."""
        return self.channels, self.size, self.size

    @property
    def bytes_each(self) -> int:
        """The memory of one decoded image."""
        return self.channels * self.size**2

    def notes(self) -> tuple[str, ...]:
        """Return what is to be said of the images that were decoded so far, a line each."""
        looks = sorted(self.looks.items())
        among = "" if len(looks) == len(self.paths) else f" of {len(looks)} looked at"

        def line(told: str, chosen: Callable[[Look], bool]) -> list[str]:
            found = [index for index, look in looks if chosen(look)]
            if not found:
                return []
            return [
                f"{counted(len(found), 'image')}{among} {told}, "
                f"for example {self.paths[found[0]].name}"
            ]

        return (
            *line("with transparent pixels, laid on white", lambda look: look.transparent),
            *line("with several frames or pages; the first is used", lambda look: look.frames),
            *line("with 16 bits per color; the upper 8 are used", lambda look: look.upper),
            *self.narrow([look for _, look in looks if look.assumed]),
            *self.needless([look for _, look in looks]),
        )

    def narrow(self, looks: Sequence[Look]) -> list[str]:
        """Return what is to be said of images of 16 bits that use a small part of them."""
        values = [value for look in looks for value in look.values or ()]
        if not values or max(values) - min(values) > FULL / FEW:
            return []
        low, high = min(values), max(values)
        black, white = fitting_span(low, high)
        return [
            f"the values of {counted(len(looks), 'image')} with 16 bits run from {low:g} to "
            f"{high:g}, but 0 to 65535 became 0 to 255. data.range: [{black:g}, {white:g}] keeps "
            "more of their differences"
        ]

    def needless(self, looks: Sequence[Look]) -> list[str]:
        """Return what is to be said of a span that no image has a use for."""
        if self.span is None or not looks or any(look.values for look in looks):
            return []
        return ["data.range has no effect: the images have 8 bits and are used as they are"]

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.workers, "decode")

    def contents(self) -> torch.Tensor:
        """Return a code [N] of each file's content: files that are equal byte by byte share it.

        Only files that have their size in common with another are read.
        """
        import torch

        sizes = [path.stat().st_size for path in self.paths]
        often = Counter(sizes)
        known: dict[object, int] = {}
        codes = []
        for path, size in zip(self.paths, sizes, strict=True):
            content: object = path
            if often[size] > 1:
                content = hashlib.blake2b(read_bytes(path), digest_size=16).digest()
            codes.append(known.setdefault(content, len(known)))
        return torch.tensor(codes)

    def digests(self) -> list[bytes]:
        """Return a hash of each file's bytes. Raises DataError for one that cannot be read."""

        def digested(paths: Sequence[Path]) -> list[bytes]:
            return [hashlib.blake2b(read_bytes(path), digest_size=16).digest() for path in paths]

        # A thread gets several files at a time, as handing out one costs more than to hash it.
        chunks = (self.paths[n : n + CHUNK] for n in range(0, len(self.paths), CHUNK))
        return [digest for some in self.threads.map(digested, chunks) for digest in some]

    def read(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the images ``ids`` [B] as uint8 [B, channels, size, size], on their device.

        Raises DataError that names all files that cannot be read.
        """
        return self.begin(ids, ids.device).finished().to(ids.device, non_blocking=True)

    def begin(self, ids: torch.Tensor, device: torch.device) -> Decoding:
        """Let the threads decode the images ``ids`` [B], which ``device`` will ask for."""
        import torch

        # A GPU copies from pinned memory while the CPU goes on.
        pinned = device.type == "cuda"
        images = torch.empty(len(ids), *self.shape, dtype=torch.uint8, pin_memory=pinned)
        rows, wanted = images.numpy(), ids.tolist()
        parts = [
            self.threads.submit(self.decode_into, rows[start : start + CHUNK], part)
            for start in range(0, len(wanted), CHUNK)
            if (part := wanted[start : start + CHUNK])
        ]
        return Decoding(images, parts)

    def decode_into(self, rows: np.ndarray[Any, Any], ids: Sequence[int]) -> Broken:
        """Decode the images ``ids`` into uint8 ``rows`` [len(ids), channels, size, size].

        Return why those cannot be read that cannot.
        """
        broken = {}
        for row, index in zip(rows, ids, strict=True):
            try:
                picture = decoded(self.paths[index], self.channels, self.size, self.span)
            except DataError as error:
                broken[index] = error
                continue
            row[:] = picture.pixels
            self.looks[index] = picture.look
        return broken

    def broken(self) -> Broken:
        """Return why those images cannot be read that cannot; all are decoded, none is kept."""
        import torch

        found: dict[int, DataError] = {}
        for ids in torch.arange(len(self.paths)).split(CHUNK * self.workers):
            found |= self.begin(ids, torch.device("cpu")).broken()
        return found

    def upcoming(
        self, ids: torch.Tensor, batches: Iterator[torch.Tensor], device: torch.device
    ) -> Iterator[torch.Tensor]:
        """Yield each step's sample indices on ``device``, while the next AHEAD are being decoded.

        Args:
            ids: each sample's number [N], on the CPU.
            batches: the indices [B] of each step, on the CPU; without an end.
        """
        order: deque[torch.Tensor] = deque()
        try:
            while True:
                while len(order) <= AHEAD:
                    indices = next(batches)
                    order.append(indices.to(device))
                    self.begun[id(order[-1])] = order[-1], self.begin(ids[indices], device)
                yield order[0]
                del self.begun[id(order.popleft())]
        finally:
            for indices in order:
                self.begun.pop(id(indices), None)

    def batch(self, ids: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """Return the images of the samples ``indices`` [B] of ``ids`` [N], on their device.

        The step's own indices that ``upcoming`` yielded, or a part of them, are decoded already.
        They are known by where they lie: to compare them would be to wait for the device.
        """
        for step, decoding in self.begun.values():
            start = (indices.data_ptr() - step.data_ptr()) // indices.element_size()
            if 0 <= start <= len(step) - len(indices) and indices.is_contiguous():
                images = decoding.finished()[start : start + len(indices)]
                return images.to(indices.device, non_blocking=True)
        return self.read(ids.index_select(0, indices))


@dataclass(frozen=True)
class Decoding:
    """Images that threads are decoding."""

    images: torch.Tensor
    parts: Sequence[Future[Broken]]

    def finished(self) -> torch.Tensor:
        """Return the images [B, channels, size, size] once all are there.

        Raises DataError that names all files that cannot be read.
        """
        broken = self.broken()
        if broken:
            raise all_broken([*broken.values()])
        return self.images

    def broken(self) -> Broken:
        """Return why those images cannot be read that cannot, once all are decoded."""
        return {index: error for part in self.parts for index, error in part.result().items()}


def all_broken(errors: Sequence[DataError]) -> DataError:
    """Return one error for files that cannot be read: it names the first MOST_NAMED of them."""
    if len(errors) == 1:
        return errors[0]
    named = first_of([f"{error.where}: {error.message}" for error in errors])
    return DataError(
        f"{len(errors)} images cannot be read:\n  " + "\n  ".join(named),
        hint="remove or repair them; data.broken: skip leaves such files out",
    )


def first_of(told: Sequence[str]) -> list[str]:
    """Return the first MOST_NAMED of ``told``, and how many more there are."""
    more = len(told) - MOST_NAMED
    return [*told[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]


def fitting_span(low: float, high: float) -> Span:
    """Return the range of the fewest bits that holds values from 0 up, else their own."""
    bits = int(high).bit_length()
    own = low < 0 or high / 2 < low < high
    return (low, high) if own else (0, 2**bits - 1)


def default_workers() -> int:
    """Return how many threads decode if the recipe does not say: one a CPU core, at most 16."""
    return min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4)
