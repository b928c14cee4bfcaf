"""A look at arrays: what the axes of a sample are, what is to be predicted, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.array_files import read_npz
from trickrun.data.formats.arrays import (
    TaskKind,
    as_inputs,
    check_lengths,
    check_shape,
    told_apart,
)
from trickrun.data.formats.labels import FEW, as_classes, as_values, check_two_classes
from trickrun.data.formats.multilabel import labels_of_arrays
from trickrun.data.npz import find_parts
from trickrun.data.splits.keys import array_keys
from trickrun.data.survey.facts import ArrayFacts, Layout, Targets
from trickrun.data.survey.problems import each_of, refuse
from trickrun.data.survey.targets import (
    AS_VALUES,
    described,
    label_shares,
    most_frequent_first,
)
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Parts = Mapping[str, tuple[Array, Array]]

CHANNELS = (1, 3, 4)
"""Channels that images usually have."""

SMALLEST_IMAGE = 4
"""Pixels of the shorter side from which on convolutions see neighbours. Own."""

IMAGE_SIDE = 8
"""Length of two equal axes from which on a sample may be a grey image. Own."""

FEWEST_A_CLASS = 2
"""Samples a class in the mean from which on whole numbers may be classes."""


def survey(where: Path, path: str, given: Mapping[str, Any]) -> ArrayFacts:
    """Return the facts about a file of arrays. Raises one DataError for all that is wrong in it.

    Args:
        where: the file.
        path: how the recipe names it.
        given: parameters of the data section that are given already.
    """
    if where.suffix.lower() == ".npy":
        hint = f"numpy.savez('{where.stem}.npz', x=inputs, y=targets) writes a file of both"
        raise DataError(
            "this file has one array, and a recipe needs inputs and targets", path, hint
        )
    arrays = read_npz(where)
    parts = parts_in(arrays, path)
    x, y = parts["train"]
    last = channels_last(x, given.get("channels"))
    shapes, problems = shapes_of(parts, path, last)
    _, wrong = each_of(parts, lambda name: check_known(parts[name][1], f"{path}: {name} y"))
    names = tuple(map(str, arrays["labels"].ravel())) if "labels" in arrays else ()
    asked = given.get("task", "auto")
    filled = all(y.ndim and len(y) for _, y in parts.values())
    whole = [parts] if filled and not wrong else []
    targets, unclear = each_of(whole, lambda known: targets_in(known, asked, names, path))
    refuse([*problems, *wrong, *unclear], path)
    layout, doubts = layout_of(x, shapes["train"])
    return ArrayFacts(
        path,
        tuple((name, len(x)) for name, (x, _) in parts.items()),
        shapes["train"],
        layout,
        targets[0],
        channels_last=last and x.dtype != "uint8" and "channels" not in given,
        bytes=x.dtype == "uint8",
        copies=copies_in(x, y),
        open=doubts,
    )


def parts_in(arrays: Mapping[str, Array], path: str) -> dict[str, tuple[Array, Array]]:
    """Return the parts by the arrays' names. Raises DataError, with the line that names two arrays
    as they should be."""
    try:
        return find_parts(arrays, path)
    except DataError as error:
        if len(arrays) == 2 and len({len(a) for a in arrays.values() if a.ndim}) == 1:
            first, second = sorted(arrays, key=lambda name: -arrays[name].ndim)
            error.hint += (
                f"; for example: a = numpy.load({path!r}); "
                f"numpy.savez('named.npz', x=a[{first!r}], y=a[{second!r}])"
            )
        raise


def channels_last(x: Array, given: object) -> bool:
    """Whether samples are images with their channels on the last axis."""
    if x.ndim != 4 or given == "first":
        return False
    return given == "last" or (x.shape[3] in CHANNELS and x.shape[1] not in CHANNELS)


def shapes_of(
    parts: Parts, path: str, last: bool
) -> tuple[dict[str, tuple[int, ...]], list[DataError]]:
    """Return the shape of a sample of each part, and what is wrong with the inputs."""
    shapes: dict[str, tuple[int, ...]] = {}

    def check(name: str) -> None:
        where = f"{path}: {name} x"
        x = as_inputs(parts[name][0], where, channels="last" if last else "first")
        shapes[name] = tuple(x.shape[1:])
        # Training inputs that are no inputs, such as NaN, have a shape nevertheless.
        unread = tuple(parts["train"][0].shape[1:]) if not last else shapes[name]
        check_shape(shapes[name], shapes.get("train", unread), where)

    _, problems = each_of(parts, check)
    sizes = {name: len(x) for name, (x, _) in parts.items() if x.ndim}
    _, more = each_of(sizes, lambda n: check_lengths(sizes[n], parts[n][1], f"{path}: {n}"))
    return shapes, [*problems, *more]


def check_known(y: Array, where: str) -> None:
    """Raise DataError for targets that are NaN or infinite, with how many are."""
    import numpy as np

    if y.dtype.kind != "f":
        return
    bad = ~np.isfinite(y)
    if bad.any():
        first = int(np.argwhere(bad)[0, 0])
        are = "target is" if bad.sum() == 1 else "targets are"
        message = f"{int(bad.sum())} {are} NaN or infinite, the first of sample {first}"
        raise DataError(message, where, "remove these samples")


def task_of(y: Array, asked: TaskKind) -> tuple[TaskKind, str]:
    """Return the task that targets [N] or [N, targets] ask for, and what is doubtful about it."""
    import numpy as np

    if asked in ("classification", "regression", "multilabel"):
        return asked, ""
    if y.dtype.kind not in "biuf":
        return "classification", ""
    if y.ndim == 2 and y.shape[1] > 1:
        labels = bool(((y == 0) | (y == 1)).all())
        one_hot = labels and bool((y.sum(1) == 1).all())
        # One-hot targets are refused as what they are, with what to write instead.
        return ("classification" if one_hot else "multilabel" if labels else "regression"), ""
    different = np.unique(y)
    whole = bool((different % 1 == 0).all())
    numbered = whole and bool((different == np.arange(len(different))).all())
    many = len(y) < FEWEST_A_CLASS * len(different)
    if y.dtype.kind == "f":
        classes = numbered and len(different) <= FEW
    else:
        classes = (numbered or len(different) <= FEW) and not many
    if not classes:
        return "regression", ""
    # Numbers of classes are rarely kept as floats.
    doubtful = y.dtype.kind == "f" and len(different) > 2
    return "classification", f"y is taken for classes; {AS_VALUES}" if doubtful else ""


def targets_in(parts: Parts, asked: TaskKind, names: tuple[str, ...], path: str) -> Targets:
    """Return what is to be predicted. Raises DataError for what cannot be.

    Args:
        asked: the task, if somebody said it.
        names: those of classes, values or labels, if the file has them.
        path: the file, for errors.
    """
    why = "the array y"
    kind, doubt = task_of(parts["train"][1], asked)
    found = {name: y for name, (_, y) in parts.items()}
    if kind == "classification":
        classes, labels = as_classes(found, names, path)
        check_two_classes(classes["train"], labels, path)
        counts = classes["train"].bincount(minlength=len(labels)).tolist()
        pairs = [(label, n) for label, n in zip(labels, counts, strict=True) if n]
        return Targets(("y",), why, classes=most_frequent_first(pairs), open=doubt)
    if kind == "multilabel":
        held, labels = labels_of_arrays(found, names, path)
        shares = label_shares(labels, held["train"].mean(0).tolist(), path)
        return Targets(labels, why, labels=shares)
    values, problems = each_of(found, lambda name: as_values(found[name], f"{path}: {name} y"))
    refuse(problems, path)
    train = values[0].numpy()
    columns = columns_of(train, names)
    each, problems = each_of(
        [*enumerate(columns)], lambda pair: described(train[:, pair[0]], pair[1], path)
    )
    refuse(problems, path)
    return Targets(columns, why, values=tuple(each))


def columns_of(y: Array, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the values [N, targets] are called."""
    count = y.shape[1]
    if len(names) == count:
        return names
    return ("y",) if count == 1 else tuple(f"y[{place}]" for place in range(count))


def layout_of(x: Array, shape: tuple[int, ...]) -> tuple[Layout, tuple[str, ...]]:
    """Return what the axes of a sample are, and what is doubtful about it.

    Args:
        x: the inputs as the file has them.
        shape: of one sample as the recipe has it.
    """
    if len(shape) == 1:
        return "features", ()
    if len(shape) == 3 and min(shape[1:]) >= SMALLEST_IMAGE:
        return "images", ()
    if len(shape) == 2:
        if shape[0] == shape[1] >= IMAGE_SIDE:
            said = (
                f"x is {list(x.shape)} of {x.dtype}: if these are grey images, save them as "
                "x[:, None], and convolutions can be used"
            )
            return "other", (said,)
        said = f"x is {list(x.shape)}: taken for {shape[0]} steps of {shape[1]} features each"
        return "sequences", (said,)
    return "other", ()


def copies_in(x: Array, y: Array) -> int:
    """Return how many samples are equal to an earlier one."""
    keys = array_keys(x, told_apart(y))
    return len(keys) - len(keys.unique())
