"""The samples of a data set, a loader or a pair of arrays, as tensors of their own."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from trickrun.errors import DataError

MOST = 20_000
"""Samples that are read: no check looks at more."""

LABELS = ("labels", "label", "targets", "target", "y")
"""What a batch that is a mapping calls its targets."""

SUPPORTED = (
    "what can be read: (x, y) of tensors or arrays, a Dataset or a DataLoader whose batches are "
    "(x, y), (x1, x2, …, y), or mappings with the targets under labels, label, targets, target or y"
)

USUAL_BATCH = 64

Input = int | str
"""How an input is handed to a model: its place among the arguments, or its name."""


@dataclass(frozen=True)
class Samples:
    """Samples as tensors, each [N, ...].

    Args:
        inputs: by how they are handed to the model.
        y: targets.
        label: what a mapping calls the targets; None: batches are sequences.
        batch_size: of the loader; None: there is none.
    """

    inputs: dict[Input, torch.Tensor]
    y: torch.Tensor
    label: str | None = None
    batch_size: int | None = None


def read(train: Any, name: str = "train") -> Samples:
    """Return copies of up to MOST samples.

    Args:
        train: see SUPPORTED.
        name: what it is called, for errors.

    Raises DataError if it cannot be read so.
    """
    if isinstance(train, DataLoader):
        with undisturbed_loader(train) as loader:
            return gathered(loader, name, train.batch_size)
    if isinstance(train, Dataset):
        return gathered(DataLoader(train, batch_size=USUAL_BATCH), name, None)
    if isinstance(train, tuple | list) and len(train) >= 2 and all(map(is_array, train)):
        return gathered([[torch.as_tensor(part) for part in train]], name, None)
    raise DataError(f"this is {type(train).__name__}", name, SUPPORTED)


@contextmanager
def undisturbed_loader(loader: DataLoader[Any]) -> Iterator[DataLoader[Any]]:
    """Yield a loader of the same batches, without workers; the generators of the given one are
    given back as they were."""
    found = copy.copy(loader)
    found.num_workers, found.timeout, found._iterator = 0, 0, None
    samplers = (loader, loader.sampler, loader.batch_sampler)
    found_in = [getattr(one, "generator", None) for one in samplers]
    kept = [(one, one.get_state()) for one in found_in if isinstance(one, torch.Generator)]
    try:
        yield found
    finally:
        for generator, state in kept:
            generator.set_state(state)


def gathered(batches: Iterable[Any], name: str, batch_size: int | None) -> Samples:
    """Return the first MOST samples of batches. Raises DataError for what is not supported."""
    parts: list[dict[Input, torch.Tensor]] = []
    count = 0
    for batch in batches:
        part = named(batch, name)
        parts.append(part)
        count += len(next(iter(part.values())))
        if count >= MOST:
            break
    if not parts:
        raise DataError("it has no samples", name)
    keys = list(parts[0])
    if any(list(part) != keys for part in parts):
        raise DataError("its batches are of different forms", name, SUPPORTED)
    whole = {key: joined([part[key] for part in parts], name) for key in keys}
    return split(whole, name, batch_size)


def named(batch: Any, name: str) -> dict[Input, torch.Tensor]:
    """Return the tensors of a batch by their places or names. Raises DataError."""
    pairs: Iterable[tuple[Any, Any]]
    if isinstance(batch, Mapping):
        pairs = batch.items()
    elif isinstance(batch, tuple | list):
        pairs = enumerate(batch)
    else:
        raise DataError(f"a batch of it is {type(batch).__name__}", name, SUPPORTED)
    found: dict[Input, torch.Tensor] = {}
    for key, value in pairs:
        if not is_array(value):
            raise DataError(f"in a batch, {key!r} is {type(value).__name__}", name, SUPPORTED)
        found[key] = torch.as_tensor(value)
    sizes = {value.shape[:1] for value in found.values()}
    if len(sizes) != 1 or torch.Size() in sizes:
        shapes = ", ".join(f"{key!r} {list(value.shape)}" for key, value in found.items())
        raise DataError(f"not all parts have a row a sample: {shapes}", name, SUPPORTED)
    return found


def joined(parts: list[torch.Tensor], name: str) -> torch.Tensor:
    """Return batches of one part as one tensor of its own. Raises DataError."""
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        one, other = sorted(map(list, shapes))[:2]
        hint = "pad all samples to one length"
        raise DataError(f"its batches have samples of shapes {one} and {other}", name, hint)
    return torch.cat([part[:MOST].detach() for part in parts])[:MOST].clone()


def split(whole: dict[Input, torch.Tensor], name: str, batch_size: int | None) -> Samples:
    """Return tensors as inputs and targets. Raises DataError if one of the two is missing."""
    keys = list(whole)
    if isinstance(keys[0], int):
        label: Input | None = keys[-1]
    else:
        label = next((key for key in LABELS if key in whole), None)
    if label is None or len(whole) < 2:
        raise DataError(f"a batch of it has only {keys}, no inputs and targets", name, SUPPORTED)
    inputs = {key: value for key, value in whole.items() if key != label}
    told = label if isinstance(label, str) else None
    return Samples(inputs, whole[label], told, batch_size)


def is_array(value: Any) -> bool:
    """Whether something is a tensor or an array of numbers."""
    return isinstance(value, torch.Tensor) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    )
