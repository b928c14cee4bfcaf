"""Inputs and parts from arrays (npz files, user code): checked, then made into a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from trickrun.data.formats.labels import as_classes, as_values, check_two_classes, infer_kind
from trickrun.data.formats.multilabel import labels_of_arrays, multilabel_task
from trickrun.data.splits.keys import array_keys
from trickrun.data.splits.source import Keys, Source, Task
from trickrun.errors import DataError
from trickrun.findings.words import counted

if TYPE_CHECKING:
    import numpy as np
    import torch

    Array = np.ndarray[Any, Any]

TaskKind = Literal["auto", "classification", "regression", "multilabel"]

Channels = Literal["auto", "first", "last"]
"""On which axis images have their channels."""

CHANNELS = (
    "the axis of an image's channels; first: [N, C, H, W]; last: [N, H, W, C]; auto: first, but "
    "in uint8 last where that axis is 1, 3 or 4 and the first is not"
)
"""Description of the parameter."""


def source_from_arrays(
    parts: Mapping[str, tuple[Any, Any]],
    kind: TaskKind,
    where: str,
    labels: tuple[str, ...] = (),
    features: tuple[str, ...] = (),
    gaps: bool = False,
    channels: Channels = "auto",
) -> Source:
    """Return the data set of ``parts``: "train" and perhaps "val" and "test".

    Args:
        parts: each an input array [N, *shape] and a target array, or what numpy makes one of.
        kind: the task; auto asks the training targets' type.
        where: what an error names.
        labels: the classes' names, or the target columns' or labels', if the data has them.
        features: the inputs' names, if the data has them.
        gaps: inputs may be NaN, which stands for a missing value.
        channels: which axis of images they are on.

    Raises DataError for whatever does not make a data set.
    """
    inputs = {
        name: as_inputs(x, f"{where}: {name} x", gaps, channels) for name, (x, _) in parts.items()
    }
    targets = {name: as_array(y, f"{where}: {name} y") for name, (_, y) in parts.items()}

    def identify() -> Keys:
        raw = {name: as_array(x, where) for name, (x, _) in parts.items()}
        return Keys({n: array_keys(x, told_apart(targets[n])) for n, x in raw.items()})

    for name, x in inputs.items():
        check_lengths(len(x), targets[name], f"{where}: {name}")
        check_shape(tuple(x.shape[1:]), tuple(inputs["train"].shape[1:]), f"{where}: {name} x")
    if kind == "auto":
        kind = infer_kind(targets["train"], f"{where}: train y")
    if kind == "regression":
        values = {name: as_values(y, f"{where}: {name} y") for name, y in targets.items()}
        count = values["train"].shape[1]
        task = Task("regression", targets=count, labels=labels, features=features)
        check_names(labels, task.targets, "target columns", where)
        for name, y in values.items():
            check_shape(tuple(y.shape[1:]), (task.targets,), f"{where}: {name} y")
        found = {name: (inputs[name], values[name]) for name in parts}
        return Source(found, task, identify=identify)
    if kind == "multilabel":
        held, names = labels_of_arrays(targets, labels, where)
        found = {name: (inputs[name], held[name]) for name in parts}
        return Source(found, multilabel_task(names, features), identify=identify)
    classes, names = as_classes(targets, labels, where)
    check_two_classes(classes["train"], names, where)
    task = Task("classification", classes=len(names), labels=names, features=features)
    found = {name: (inputs[name], classes[name]) for name in parts}
    return Source(found, task, identify=identify)


def told_apart(y: Array) -> Array | list[bytes]:
    """Return what tells targets [N] or [N, targets] apart, in whatever type they are given."""
    import numpy as np

    if y.dtype.kind in "US":
        return ["\x1f".join(map(str, np.atleast_1d(label))).encode() for label in y]
    return y.astype(np.float64 if y.dtype.kind == "f" else np.int64)


def as_array(value: Any, where: str) -> Array:
    """Return ``value`` as an array of numbers, booleans or text; DataError if it is none."""
    import numpy as np
    import torch

    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        # numpy has no bfloat16.
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise DataError(
            f"this does not make an array: {error}", where, "all samples need one shape"
        ) from error
    if array.dtype.kind not in "biufUS":
        raise DataError(
            f"its type is {array.dtype}, not a number",
            where,
            "convert it: for example .astype('float32')",
        )
    return array


def as_inputs(
    value: Any, where: str, gaps: bool = False, channels: Channels = "auto"
) -> torch.Tensor:
    """Return inputs [N, *shape] in a type that holds them exactly: see ``held_in``.

    [N] becomes [N, 1]. Images in uint8 become [N, C, H, W]: [N, H, W] gets a channel axis. With
    ``channels`` last, [N, H, W, C] of any type becomes [N, C, H, W]; with auto only uint8 does,
    where the last axis is 1, 3 or 4 and the first is not. Raises DataError, with ``gaps`` not for
    NaN.
    """
    import numpy as np
    import torch

    array = as_array(value, where)
    if array.dtype.kind in "US":
        raise DataError("inputs are text, not numbers", where, "encode them as numbers")
    if array.ndim == 0:
        raise DataError("this is a single number, not an array of samples", where)
    if len(array) == 0:
        raise DataError("there are no samples", where)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.size == 0:
        raise DataError(f"samples of shape {list(array.shape[1:])} have no features", where)
    if channels == "last":
        if array.ndim != 4:
            raise DataError(
                f"the array is {list(array.shape)}, not [N, H, W, C]", where, "see data.channels"
            )
        array = array.transpose(0, 3, 1, 2)
    if array.dtype == np.uint8:
        return torch.from_numpy(np.array(as_images(array, channels == "auto")))
    with np.errstate(over="ignore"):  # of a type beyond float64
        array = array.astype(held_in(array.dtype), copy=False)
    if array.dtype.kind == "f":
        check_finite(array, where, gaps)
    # torch takes neither memory that cannot be written nor an axis that runs backwards.
    as_it_is = array.flags.writeable and min(array.strides) >= 0
    return torch.from_numpy(array if as_it_is else array.copy())


def held_in(dtype: np.dtype[Any]) -> str:
    """Return the name of the type that numbers of a type are held in, until they are normalized:
    what torch can take rows of, with every value that they have."""
    if dtype.kind == "f":
        return "float32" if dtype.itemsize <= 4 else "float64"
    if dtype.kind == "i":
        return f"int{8 * dtype.itemsize}"
    if dtype.kind == "b":
        return "float32"
    return {2: "int32", 4: "int64"}.get(dtype.itemsize, "float64")


def as_images(array: Array, guess: bool) -> Array:
    """Return uint8 images as [N, C, H, W]; other shapes as they are.

    Args:
        guess: whether the channels may be on the last axis.
    """
    if array.ndim == 3:
        return array[:, None]
    if (
        guess
        and array.ndim == 4
        and array.shape[3] in (1, 3, 4)
        and array.shape[1] not in (1, 3, 4)
    ):
        return array.transpose(0, 3, 1, 2)
    return array


def check_finite(array: Array, where: str, gaps: bool) -> None:
    """Raise DataError that names the first place with infinity or, but for ``gaps``, NaN."""
    import numpy as np

    bad = np.isinf(array) if gaps else ~np.isfinite(array)
    if bad.any():
        place = [int(i) for i in np.argwhere(bad)[0]]
        raise DataError(
            f"{counted(int(bad.sum()), 'NaN or infinite value')}, the first at {place}",
            where,
            "remove these samples, or fill the values in",
        )


def check_lengths(inputs: int, targets: Array, where: str) -> None:
    """Raise DataError unless there is one target a sample."""
    if targets.ndim == 0 or len(targets) != inputs:
        found = "one value" if targets.ndim == 0 else f"{len(targets)} targets"
        raise DataError(
            f"{inputs} samples in x, but {found} in y", where, "give one target per sample"
        )


def check_shape(shape: tuple[int, ...], wanted: tuple[int, ...], where: str) -> None:
    """Raise DataError unless a part's samples have the shape of the training part's."""
    if shape == wanted:
        return
    rolled = len(shape) == 3 and (shape[2], *shape[:2]) == wanted
    raise DataError(
        f"samples are {list(shape)}, but in training {list(wanted)}",
        where,
        "the channels are on the last axis: give x.transpose(0, 3, 1, 2)" if rolled else "",
    )


def check_names(names: tuple[str, ...], count: int, things: str, where: str) -> None:
    """Raise DataError if names are given, and not one for each of ``count`` things."""
    if names and len(names) != count:
        raise DataError(f"{len(names)} labels for {count} {things}", where)
