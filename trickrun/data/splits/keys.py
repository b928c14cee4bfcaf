"""What tells samples apart: a 64-bit key of what each consists of, wherever it stands.

Run folders hold keys, so what is hashed here must stay as it is, or ``KEYS`` must be raised;
so too for the rows of tables, and ``ROW_KEYS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trickrun.data.splits.source import Keys, Source

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]

KEYS, ROW_KEYS = 1, 2
"""Raised by 1 with every change of how keys are made, of samples and of a table's rows: those of
another number say nothing. Rows, 2: a number is known by its value, not as it is written."""

APART = b"\x1f"
"""Stands between the parts of a sample that are hashed: the unit separator of ASCII."""

CHUNK = 2**24
"""Bytes of an array that are copied at one time."""


def keys_of(source: Source) -> Keys:
    """Return the keys of a data set's samples.

    Where it does not say itself what tells them apart, the bytes of their tensors do: of inputs,
    and of targets or the class's name, which stays when another class is added.
    """
    if source.identify is not None:
        return source.identify()
    labels = source.task.labels if not source.task.next_token else ()
    return Keys(
        {
            name: array_keys(as_bytes(x), named(y, labels) if y.ndim == 1 else as_bytes(y))
            for name, (x, y) in source.parts.items()
        }
    )


def array_keys(x: Array, y: Array | Sequence[bytes]) -> torch.Tensor:
    """Return the keys [N] of samples by the bytes of their inputs and targets.

    Args:
        x: inputs [N, ...].
        y: targets [N, ...], or what stands for each target.
    """
    if isinstance(y, Sequence):
        return keys_of_bytes(bytes(a) + APART + b for a, b in zip(rows_in(x), y, strict=True))
    return keys_of_bytes(rows_in(x, y))


def as_bytes(x: torch.Tensor) -> Array:
    """Return the bytes [N, M] of samples of any type."""
    import torch

    return x.contiguous().view(-1).view(torch.uint8).view(len(x), -1).numpy()


def named(y: torch.Tensor, labels: Sequence[str]) -> list[bytes]:
    """Return what stands for class indices [N]: the classes' names, or else the indices."""
    names = [label.encode("utf-8", "surrogatepass") for label in labels]
    return [
        names[index] if 0 <= index < len(names) else str(index).encode() for index in y.tolist()
    ]


def indexed(sizes: Mapping[str, int], of: object) -> Keys:
    """Return keys of samples that their places tell apart, in data that ``of`` identifies.

    Args:
        sizes: how many samples each part has; places go on from one part to the next.
    """
    start, keys = 0, {}
    for name, size in sizes.items():
        places = range(start, start + size)
        keys[name] = keys_of_bytes(f"{of}\x1f{place}".encode() for place in places)
        start += size
    return Keys(keys)


def keys_of_bytes(samples: Iterable[bytes | memoryview]) -> torch.Tensor:
    """Return the key [N] of each sample's bytes."""
    import numpy as np
    import torch

    make = hashlib.blake2b
    joined = b"".join([make(sample, digest_size=8).digest() for sample in samples])
    return torch.from_numpy(np.frombuffer(joined, dtype="<i8").astype(np.int64))


def rows_in(*arrays: Array) -> Iterator[memoryview]:
    """Yield the bytes of each row of arrays [N, ...], those of one array after those of another
    and APART between them; a chunk is copied at a time.

    Joined for a whole chunk: row by row that would take longer than to hash it.
    """
    import numpy as np

    count = len(arrays[0])
    step = max(1, CHUNK // max(1, sum(array[:1].nbytes for array in arrays)))
    for start in range(0, count, step):
        chunks = [array[start : start + step] for array in arrays]
        rows = len(chunks[0])
        parts = [np.full((rows, 1), ord(APART), dtype=np.uint8)] * (2 * len(chunks) - 1)
        parts[::2] = [
            np.frombuffer(chunk.tobytes(), np.uint8).reshape(rows, chunk.nbytes // rows)
            for chunk in chunks
        ]
        joined = np.concatenate(parts, 1)
        content, size = memoryview(joined.tobytes()), joined.shape[1]
        for place in range(rows):
            yield content[place * size : (place + 1) * size]
