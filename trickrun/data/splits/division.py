"""Which samples of a loaded data set train, validate and test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trickrun.data._data import Split
from trickrun.data.splits.groups import joined, take_whole, take_whole_fold
from trickrun.data.splits.hashes import pair_hashes
from trickrun.data.splits.source import Source, Task
from trickrun.data.splits.split import take, take_fold
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch


def divided(wanted: Split, source: Source) -> Mapping[str, torch.Tensor]:
    """Return the indices [M] of the training samples, and of each part that ``source`` lacks.

    A part whose share is 0 is left out. Raises DataError if a part would be empty, or a class is
    too small to be split.
    """
    import torch

    if wanted.time is not None:
        return by_time(wanted, source.column(wanted.time).values)
    x, y = source.parts["train"]
    strata = y if has_strata(source.task) and wanted.stratified else None
    groups = groups_of(wanted, source)
    rest = torch.arange(len(x))
    if "val" in source.parts and wanted.folds is not None:
        raise DataError("the data has its own validation split", "data.split.folds", "remove folds")
    found: dict[str, torch.Tensor] = {}
    for name in ("test", "val"):
        if name in source.parts:
            continue
        indices, rest = draw(wanted, name, rest, strata, groups, len(x))
        if len(indices):
            found[name] = indices
    if len(rest) == 0:
        raise DataError(
            f"none of the {len(x)} samples is left to train on",
            "data.split",
            f"val takes {wanted.val:g} and test {wanted.test:g} of the samples"
            + ("; groups stay whole" if groups is not None else ""),
        )
    if strata is not None and len(rest) < len(x):
        check_class_sizes(wanted, source, rest, grouped=groups is not None)
    return {**found, "train": rest}


def by_time(wanted: Split, times: torch.Tensor) -> Mapping[str, torch.Tensor]:
    """Return the indices of the samples that train, validate and test, in this order of time.

    Samples of one time stay together, so that shares are met as nearly as times allow. Of ``folds``
    all samples before the test part are divided into one block more, in the order of time: fold k
    trains on the first k + 1 blocks and validates on the next one, and later ones are left out.

    Args:
        times: the place [N] of each sample's time among all different times.

    Raises DataError if a part would be empty.
    """
    import torch

    total = len(times)
    ends = torch.bincount(times).cumsum(0)
    test = last_cut(ends, total, total, wanted.test, "test")
    if wanted.folds is not None:
        blocks = wanted.folds + 1
        cuts = [nearest_end(ends, round(test * block / blocks)) for block in range(blocks + 1)]
        if len({0, *cuts}) <= blocks:
            raise DataError(
                f"{test} samples, of {int((ends <= test).sum())} different times, do not make "
                f"{blocks} blocks, one more than folds",
                "data.split.folds",
                "set fewer folds",
            )
        train, val = cuts[wanted.fold + 1], cuts[wanted.fold + 2]
    else:
        train, val = last_cut(ends, test, total, wanted.val, "val"), test
    if train == 0:
        raise DataError(
            f"none of the {total} samples is left to train on",
            "data.split",
            "val and test take all of them; samples of one time stay together",
        )
    # The place of each sample in the order of time.
    order = times.argsort(stable=True)
    parts = {"train": (0, train), "val": (train, val), "test": (test, total)}
    return {
        name: order[start:end].sort().values for name, (start, end) in parts.items() if end > start
    }


def last_cut(ends: torch.Tensor, upto: int, total: int, share: float, name: str) -> int:
    """Return how many of the first ``upto`` samples stand before the part ``name``, their last.

    Args:
        ends: the number of samples up to each time, and with it.
        share: of all ``total`` samples that the part shall have.

    Raises DataError if the part would be empty.
    """
    cut = nearest_end(ends, max(0, upto - round(share * total)))
    if share > 0 and cut >= upto:
        raise DataError(
            f"{share:g} of {total} samples is none: samples of one time stay together",
            f"data.split.{name}",
            f"set it to 0 for no {name} split, or higher",
        )
    return cut


def nearest_end(ends: torch.Tensor, count: int) -> int:
    """Return the number of samples nearest to ``count`` at which one time ends."""
    before = int(ends[ends <= count].max()) if bool((ends <= count).any()) else 0
    after = int(ends[ends >= count].min())
    return before if count - before <= after - count else after


def has_strata(task: Task) -> bool:
    """Whether each sample has one class, whose shares splits can keep."""
    return task.kind == "classification" and not task.next_token


def groups_of(wanted: Split, source: Source) -> torch.Tensor | None:
    """Return a code [N] that the samples share which must stay together; None if none must."""
    groups = column_groups(source, wanted.group) if wanted.group is not None else None
    if not wanted.group_duplicates:
        return groups
    x, y = source.parts["train"]
    inputs = x if source.files is None else source.files.contents()[x]
    equal = equal_pairs(inputs, y)
    return equal if groups is None else joined(groups, equal)


def equal_pairs(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return a code [N] that samples with equal inputs and targets share.

    Its order, which decides what is drawn, is that of the hashes in float32: then a run that was
    split when all numbers were float32 is still split as it was.
    """
    import torch

    known = (torch.uint8, torch.float32, torch.bool)
    rough = x if x.dtype in known else x.float(), y.float() if y.is_floating_point() else y
    hashes = torch.stack([pair_hashes(*rough), pair_hashes(x, y)], 1)
    codes: torch.Tensor = torch.unique(hashes, dim=0, return_inverse=True)[1]
    return codes


def column_groups(source: Source, name: str) -> torch.Tensor:
    """Return the code [N] of each sample's cell; a missing one is a group of its own."""
    import torch

    values = source.column(name).values
    own = torch.arange(len(values)) + values.max() + 1
    return values.where(values >= 0, own)


def draw(
    wanted: Split,
    name: str,
    rest: torch.Tensor,
    strata: torch.Tensor | None,
    groups: torch.Tensor | None,
    total: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of the part ``name``, val or test, and what remains of ``rest``.

    Raises DataError if a share or a fold of ``total`` samples is less than one.
    """
    if name == "val" and wanted.folds is not None:
        return draw_fold(wanted, wanted.folds, rest, strata, groups)
    share: float = getattr(wanted, name)
    count = round(share * total)
    if share > 0 and count == 0:
        raise DataError(
            f"{share:g} of {total} samples is none",
            f"data.split.{name}",
            f"set it to 0 for no {name} split, or to {1 / total:.2g} or more",
        )
    if groups is None:
        return take(rest, strata, count, wanted.seed, name)
    drawn, left = take_whole(rest, groups, strata, count, wanted.seed, name)
    if count and len(drawn) == 0:
        raise too_large(wanted, name, rest, groups, total)
    return drawn, left


def draw_fold(
    wanted: Split,
    folds: int,
    rest: torch.Tensor,
    strata: torch.Tensor | None,
    groups: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the indices of the fold that validates, and those of the others."""
    import torch

    things = len(rest) if groups is None else len(torch.unique(groups[rest]))
    if folds > things:
        what = "samples" if groups is None else "groups"
        raise DataError(f"{things} {what} do not make {folds} folds", "data.split.folds")
    if groups is None:
        return take_fold(rest, strata, folds, wanted.fold, wanted.seed)
    return take_whole_fold(rest, groups, strata, folds, wanted.fold, wanted.seed)


def too_large(
    wanted: Split, name: str, rest: torch.Tensor, groups: torch.Tensor, total: int
) -> DataError:
    """Return the error about groups of which each is too large for the part ``name``."""
    import torch

    sizes = torch.unique(groups[rest], return_counts=True)[1]
    least = int(sizes.min())
    asked = f"data.split.{'group' if wanted.group is not None else 'group_duplicates'}"
    return DataError(
        f"no whole group is small enough for {name}, {getattr(wanted, name):g} of {total} samples. "
        f"The smallest of {len(sizes)} groups has {least} samples",
        asked,
        f"set data.split.{name} to {least / total:.2g} or more, or to 0 for no {name} split",
    )


def check_class_sizes(wanted: Split, source: Source, rest: torch.Tensor, *, grouped: bool) -> None:
    """Raise DataError for a class with one sample, or with none left in ``rest`` to train on.

    Args:
        grouped: whether samples had to stay together, which may be the reason.
    """
    import torch

    task, y = source.task, source.parts["train"][1]
    before = torch.bincount(y, minlength=task.classes)
    after = torch.bincount(y[rest], minlength=task.classes)
    small = ((before == 1) | ((before > 0) & (after == 0))).nonzero().flatten().tolist()
    if not small:
        return
    label, count = task.labels[small[0]], int(before[small[0]])
    message = f"class {label!r} is too small to be split: it has {count} of {len(y)} samples"
    ways = ["add samples of it", "leave it out"]
    if grouped and count > 1:
        message = f"no sample of class {label!r} is left to train on: the groups that have it "
        message += "validate or test"
        ways = ["try another data.split.seed"]
    if trains_all(wanted.model_copy(update={"stratified": False}), source):
        ways.append("set data.split.stratified: false, which trains on some of each class")
    hint = ", or ".join(filter(None, [", ".join(ways[:-1]), ways[-1]]))
    raise DataError(message, "data.split", hint)


def trains_all(wanted: Split, source: Source) -> bool:
    """Return whether a split leaves samples of each class to train on."""
    import torch

    y = source.parts["train"][1]
    try:
        train = divided(wanted, source)["train"]
    except DataError:
        return False
    return torch.equal(torch.unique(y[train]), torch.unique(y))
