"""Images that stay in their files: threads decode what a batch needs, in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.paths import read_bytes
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import torch

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".tiff"))

AHEAD = 4
"""Batches that are decoded before they are asked for."""

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
    """

    def __init__(self, paths: Sequence[Path], channels: int, size: int, workers: int) -> None:
        self.paths = paths
        self.channels = channels
        self.size = size
        self.workers = workers
        self.begun: dict[int, tuple[torch.Tensor, Decoding]] = {}

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one decoded image."""
        return self.channels, self.size, self.size

    @property
    def bytes_each(self) -> int:
        """The memory of one decoded image."""
        return self.channels * self.size**2

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
                content = hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
            codes.append(known.setdefault(content, len(known)))
        return torch.tensor(codes)

    def digests(self) -> list[bytes]:
        """Return a hash of each file's bytes. Raises DataError for one that cannot be read."""

        def digest(path: Path) -> bytes:
            return hashlib.blake2b(read_bytes(path), digest_size=16).digest()

        return list(self.threads.map(digest, self.paths, chunksize=CHUNK))

    def read(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the images ``ids`` [B] as uint8 [B, channels, size, size], on their device.

        Raises DataError that names a file which is no whole image.
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

    def decode_into(self, rows: np.ndarray[Any, Any], ids: Sequence[int]) -> None:
        """Decode the images ``ids`` into uint8 ``rows`` [len(ids), channels, size, size]."""
        for row, index in zip(rows, ids, strict=True):
            row[:] = decoded(self.paths[index], self.channels, self.size)

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
    parts: Sequence[Future[None]]

    def finished(self) -> torch.Tensor:
        """Return the images [B, channels, size, size] once all are there. Raises DataError."""
        for part in self.parts:
            part.result()
        return self.images


def decoded(path: Path, channels: int, size: int) -> np.ndarray[Any, Any]:
    """Return an image file as uint8 [channels, size, size]: the largest square of its middle.

    Raises DataError if it is no whole image.
    """
    import numpy as np
    from PIL import Image, ImageOps

    mode = "RGB" if channels == 3 else "L"
    try:
        with Image.open(path) as file:
            # A JPEG can be decoded at a half, a quarter or an eighth of its size at once.
            file.draft(mode, (2 * size, 2 * size))
            upright = ImageOps.exif_transpose(file).convert(mode)
        square = ImageOps.fit(upright, (size, size), Image.Resampling.BILINEAR)
    except Exception as error:  # Pillow raises a dozen kinds for a damaged file
        raise DataError(
            f"this is no whole image: {error}", str(path), "remove the file, or save it again"
        ) from error
    pixels = np.asarray(square)
    return pixels.transpose(2, 0, 1) if channels == 3 else pixels[None]


def default_workers() -> int:
    """Return how many threads decode if the recipe does not say: one a CPU core, at most 16."""
    return min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4)
