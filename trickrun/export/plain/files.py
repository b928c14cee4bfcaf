"""Files that an exported program reads, and the error about one that it cannot read."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import torch


class CannotRead(Exception):
    """A file that cannot be read, or that has other samples than the network takes."""


def content_of(path: Path) -> bytes:
    """Return a file's content, unpacked if it is packed with gzip."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from error
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def read_npz(path: Path, said: dict[str, Any], name: str = "x") -> torch.Tensor:
    """Return the array ``x`` (or ``x_test``) of a numpy file as samples [N, *shape]."""
    with np.load(path, allow_pickle=False) as arrays:
        wanted = name if name in arrays else f"{name}_test"
        if wanted not in arrays:
            raise CannotRead(f"{path}: there is no array {name!r}, only {', '.join(arrays)}")
        return as_samples(arrays[wanted], said, str(path))


def as_samples(array: np.ndarray[Any, Any], said: dict[str, Any], where: str) -> torch.Tensor:
    """Return an array as samples [N, *shape]; images may have their channels at the end."""
    shape = tuple(said["shape"])
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    last = (*shape[1:], shape[0])
    of_bytes = array.dtype == np.uint8 and said["channels"] == "auto"
    at_the_end = said["channels"] == "last" or (of_bytes and array.shape[1:] != shape)
    if array.ndim == 4 and array.shape[1:] == last and at_the_end:
        array = array.transpose(0, 3, 1, 2)
    if shape == (1, *array.shape[1:]):
        array = array[:, None]
    if array.shape[1:] != shape:
        raise CannotRead(f"{where}: samples of shape {array.shape[1:]}, not {shape}")
    if array.dtype != np.uint8:
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise CannotRead(f"{where}: values are NaN or infinite")
    return torch.from_numpy(np.ascontiguousarray(array))


def read_idx(path: Path, said: dict[str, Any]) -> torch.Tensor:
    """Return the images [N, 1, size, size] of an IDX file, averaged down to the network's size."""
    content = content_of(path)
    if content[:4] != bytes([0, 0, 8, 3]):
        raise CannotRead(f"{path}: this is no IDX file of images")
    count, height, width = (int.from_bytes(content[n : n + 4], "big") for n in (4, 8, 12))
    if len(content) != 16 + count * height * width:
        raise CannotRead(f"{path}: it is cut off or damaged")
    images = np.frombuffer(content, np.uint8, offset=16).reshape(count, height, width)
    size = said["shape"][1]
    if (height, width) != (size, size):
        if height != width or height % size:
            raise CannotRead(f"{path}: {height} x {width} pixels do not average to {size}")
        block = height // size
        sums = images.reshape(count, size, block, size, block).sum((2, 4), dtype=np.int32)
        images = ((sums + block * block // 2) // (block * block)).astype(np.uint8)
    return torch.from_numpy(images[:, None].copy())
