"""The samples of a data set, a loader or a pair of arrays, as tensors of their own."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

from trickrun.errors import DataError

MOST = 20_000
"""Samples that are read: no check looks at more."""

LABELS = ("labels", "label", "targets", "target", "y")
"""What a batch that is a mapping calls its targets."""

SUPPORTED = (
    "what can be read: (x, y) of tensors or arrays, a Dataset, a list of samples or a DataLoader "
    "whose batches are (x, y), (x1, x2, …, y), or mappings with the targets under labels, label, "
    "targets, target or y; tensors may be nested in inputs"
)

USUAL_BATCH = 64

Input = int | str | tuple[int | str, ...]
"""How an input is handed to a model: its place among the arguments, or its name; or, nested in one
of these, the way to it."""


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
        return of_loader(train, name, train.batch_size)
    if isinstance(train, Dataset) or is_list_of_samples(train):
        return of_loader(DataLoader(train, USUAL_BATCH, collate_fn=as_batch), name, None)
    if isinstance(train, tuple | list) and len(train) >= 2 and all(map(is_array, train)):
        return gathered([list(train)], name, None)
    raise DataError(f"this is {type(train).__name__}", name, SUPPORTED)


def is_list_of_samples(train: Any) -> bool:
    """Whether something is a list of (x, y), or of mappings."""
    samples = isinstance(train, list) and len(train) > 0
    return samples and all(isinstance(one, tuple | Mapping) for one in train[:2])


def as_batch(samples: list[Any]) -> Any:
    """Return samples as one batch. Raises DataError if they differ in shape."""
    try:
        return default_collate(samples)
    except (RuntimeError, TypeError) as error:
        raise DataError(
            f"its samples make no batch: {str(error).splitlines()[0]}",
            "train",
            "give a DataLoader with a collate_fn that makes batches of them, as you train with",
        ) from error


def of_loader(loader: DataLoader[Any], name: str, batch_size: int | None) -> Samples:
    """Return the samples of a loader.

    Where its batches have different lengths, its own ``collate_fn`` brings all samples to one.
    """
    with undisturbed_loader(loader) as same:
        try:
            return gathered(same, name, batch_size)
        except DifferentShapes:
            if same.batch_size is None or isinstance(same.dataset, IterableDataset):
                raise
    with undisturbed_loader(loader) as same:
        assert same.batch_sampler is not None
        rows = list(islice(chain.from_iterable(same.batch_sampler), MOST))
        return gathered([same.collate_fn([same.dataset[row] for row in rows])], name, batch_size)


class DifferentShapes(DataError):
    """Batches have samples of different shapes."""


@contextmanager
def undisturbed_loader(loader: DataLoader[Any]) -> Iterator[DataLoader[Any]]:
    """Yield a loader of the same batches, without workers; the generators of the given one are
    given back as they were."""
    found = copy.copy(loader)
    found.num_workers, found.timeout, found._iterator = 0, 0, None
    found.prefetch_factor = None
    found.pin_memory = False
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
    if not count:
        raise DataError("it has no samples", name)
    keys = list(parts[0])
    if any(list(part) != keys for part in parts):
        raise DataError("its batches are of different forms", name, SUPPORTED)
    whole = {key: joined([part[key] for part in parts], name) for key in keys}
    return split(whole, name, batch_size)


def named(batch: Any, name: str) -> dict[Input, torch.Tensor]:
    """Return the tensors of a batch by their places or names. Raises DataError."""
    if not isinstance(batch, Mapping | tuple | list):
        raise DataError(f"a batch of it is {type(batch).__name__}", name, SUPPORTED)
    found: dict[Input, torch.Tensor] = {}
    for way, value in leaves(batch):
        if not is_array(value):
            shown = way[0] if len(way) == 1 else way
            raise DataError(f"in a batch, {shown!r} is {type(value).__name__}", name, SUPPORTED)
        found[way[0] if len(way) == 1 else way] = as_tensor(value)
    sizes = {value.shape[:1] for value in found.values()}
    if len(sizes) != 1 or torch.Size() in sizes:
        shapes = ", ".join(f"{key!r} {list(value.shape)}" for key, value in found.items())
        raise DataError(f"not all parts have a row a sample: {shapes}", name, SUPPORTED)
    return found


def leaves(value: Any, way: tuple[int | str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Yield what is nested in mappings and sequences, with the way to it."""
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, tuple | list) and len(value) > 0:
        pairs = enumerate(value)
    else:
        yield way, value
        return
    for key, inner in pairs:
        yield from leaves(inner, (*way, key))


def joined(parts: list[torch.Tensor], name: str) -> torch.Tensor:
    """Return batches of one part as one tensor of its own. Raises DataError."""
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        one, other = sorted(map(list, shapes))[:2]
        hint = "pad all samples to one length"
        raise DifferentShapes(f"its batches have samples of shapes {one} and {other}", name, hint)
    return torch.cat([part[:MOST].detach() for part in parts])[:MOST].clone()


def split(whole: dict[Input, torch.Tensor], name: str, batch_size: int | None) -> Samples:
    """Return tensors as inputs and targets. Raises DataError if one of the two is missing."""
    keys = list(whole)
    places: list[int | str] = [key[0] if isinstance(key, tuple) else key for key in keys]
    if isinstance(places[0], int):
        label: int | str | None = places[-1]
    else:
        label = next((key for key in LABELS if key in places), None)
    if label is None or len(set(places)) < 2:
        raise DataError(f"a batch of it has only {keys}, no inputs and targets", name, SUPPORTED)
    if label not in whole:
        count = places.count(label)
        hint = "the checks compare one prediction with one target: give a data set with one of them"
        raise DataError(f"a sample has {count} targets", name, hint)
    inputs = {key: value for key, value in whole.items() if key != label}
    told = label if isinstance(label, str) else None
    y = whole[label]
    # Classes may come in any whole numbers; what is compared entry by entry stays as it is.
    return Samples(inputs, y if y.is_floating_point() else y.long(), told, batch_size)


def is_array(value: Any) -> bool:
    """Whether something is a dense tensor or an array of real numbers, or a table that is one."""
    if isinstance(value, torch.Tensor):
        return not value.is_complex() and value.layout == torch.strided
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def as_tensor(value: Any) -> torch.Tensor:
    """Return an array, or a table, as a tensor."""
    if isinstance(value, torch.Tensor):
        return value
    array = value.to_numpy() if hasattr(value, "to_numpy") else value
    # Torch warns of arrays that it may not write to, and refuses reversed ones.
    return torch.as_tensor(np.array(array))
