"""The split that a run keeps: which samples are in which part, whatever becomes of their file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from trickrun.data.splits.source import Keys, Samples, Source, SplitData, Task
from trickrun.errors import DataChanged, DataError

if TYPE_CHECKING:
    import torch

    from trickrun.data._data import Data
    from trickrun.data.formats.table import Table

    Part = tuple[torch.Tensor, torch.Tensor]

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class KeptSplit:
    """Which samples a run trains, validates and tests on.

    A sample is known by its key and by its number among those with the same one.

    Args:
        keys: int64 [N], in the order in which the data were loaded: of the training part that the
            data have, then of the validation and the test part that they bring, if any.
        parts: uint8 [N], the part that each sample is in: its place in PARTS, from 1; 0: none.
        sizes: how many samples each of the three parts of the data had; 0: it had none.
        columns: of a table: the columns whose cells the keys are made of, in its order.
    """

    keys: torch.Tensor
    parts: torch.Tensor
    sizes: tuple[int, int, int]
    columns: tuple[str, ...] = ()

    def members(self, name: str) -> torch.Tensor:
        """Return the places [M] in ``keys`` of the samples of a part."""
        return (self.parts == 1 + PARTS.index(name)).nonzero().flatten()

    def rows(self) -> Mapping[str, torch.Tensor]:
        """Return the indices [M] of each part that was drawn from the data's training part."""
        drawn = self.parts[: self.sizes[0]]
        indices = {
            name: (drawn == number).nonzero().flatten() for number, name in enumerate(PARTS, 1)
        }
        return {name: found for name, found in indices.items() if len(found)}

    def in_order(self, keys: torch.Tensor, noun: str, where: str) -> torch.Tensor:
        """Return the place [N] in ``keys`` of each sample of the run.

        Args:
            keys: of all samples that the data have now.
            noun: what its samples are called, in the plural.
            where: what an error names.

        Raises DataChanged, which says what else there is, or what is missing.
        """
        changes, places = compare(self, keys)
        if changes.any:
            raise changed(changes, noun, where)
        return places


@dataclass(frozen=True)
class Changes:
    """How data differ from what a run was begun with, but for the order.

    Args:
        before, now: how many samples there were and are.
        added, removed: samples that are new or gone.
        altered: samples in whose place stands another one.
        columns_added, columns_removed: of a table, among those that inputs or targets are made of.
    """

    before: int
    now: int
    added: int = 0
    removed: int = 0
    altered: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        samples = self.added + self.removed + self.altered
        return bool(samples or self.columns_added or self.columns_removed)

    def of_columns(self, before: Sequence[str], now: Sequence[str]) -> Changes:
        """Return these changes, and those of a table's columns."""
        old, new = {*before}, {*now}
        return replace(
            self,
            columns_added=tuple(name for name in now if name not in old),
            columns_removed=tuple(name for name in before if name not in new),
        )

    def told(self, noun: str) -> str:
        """Return the changes in words: ``4 rows added (150 then, 154 now)``.

        Args:
            noun: what samples are called, in the plural.
        """
        columns = {"added": self.columns_added, "removed": self.columns_removed}
        said = [
            f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))} {what}"
            for what, names in columns.items()
            if names
        ]
        if self.before and self.removed + self.altered == self.before:
            return ", ".join([*said, f"none of its {self.before} {noun} is left"])
        counts = {"added": self.added, "removed": self.removed, "altered": self.altered}
        said += [
            f"{count} {noun if count > 1 else noun.removesuffix('s')} {what}"
            for what, count in counts.items()
            if count
        ]
        sizes = f" ({self.before} then, {self.now} now)" if self.before != self.now else ""
        return ", ".join(said) + sizes


def keep(source: Source, keys: Keys, rows: Mapping[str, torch.Tensor]) -> KeptSplit:
    """Return the split of ``source`` that a run keeps.

    Args:
        rows: the indices of each part that is drawn from the training part.
    """
    import torch

    sizes = [len(source.parts[name][0]) if name in source.parts else 0 for name in PARTS]
    parts = [torch.full((size,), number) for number, size in enumerate(sizes, 1)]
    parts[0][:] = 0
    for name, indices in rows.items():
        parts[0][indices] = 1 + PARTS.index(name)
    together = torch.cat(parts).to(torch.uint8)
    return KeptSplit(keys.together(), together, (sizes[0], sizes[1], sizes[2]), keys.columns)


def compare(kept: KeptSplit, keys: torch.Tensor) -> tuple[Changes, torch.Tensor]:
    """Return what differs between the samples of a run and those with ``keys``, and the place in
    ``keys`` of each of the run's samples [N], or -1 where it is gone."""
    import torch

    places = places_in(keys, kept.keys)
    gone = places < 0
    known = torch.full((len(keys),), -1)
    known[places[~gone]] = (~gone).nonzero().flatten()
    new = known < 0
    missing, added = int(gone.sum()), int(new.sum())
    altered = 0
    if missing and added:
        still = torch.arange(len(gone)).where(~gone, -1)
        altered = int(torch.isin(slots(still), slots(known)).sum())
    changes = Changes(len(kept.keys), len(keys), added - altered, missing - altered, altered)
    return changes, places


def places_in(keys: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return where each of the keys ``wanted`` [N] is in ``keys``, or -1: the first with the first
    of equal ones, the second with the second, and so on."""
    import torch

    if len(keys) == 0:
        return torch.full((len(wanted),), -1)
    ordered, order = keys.sort(stable=True)
    place = torch.searchsorted(ordered, wanted) + numbers_among_equals(wanted)
    within = place.clamp(max=len(keys) - 1)
    there = (place < len(keys)) & (ordered[within] == wanted)
    return order[within].where(there, -1)


def trained_on(kept: KeptSplit, samples: Samples) -> int | None:
    """Return how many of the ``samples`` a run was trained on; None if they do not tell."""
    import torch

    keys = samples.identify(kept) if samples.identify is not None else None
    if keys is None:
        return None
    return int(torch.isin(keys, kept.keys[kept.members("train")]).sum())


def numbers_among_equals(keys: torch.Tensor) -> torch.Tensor:
    """Return of each key [N] how many equal ones stand before it."""
    import torch

    ordered, order = keys.sort(stable=True)
    numbers = torch.empty_like(order)
    numbers[order] = torch.arange(len(keys)) - torch.searchsorted(ordered, ordered)
    return numbers


def slots(known: torch.Tensor) -> torch.Tensor:
    """Return of each sample that is not known what its place is told by: the last known sample
    before it, and how far away that is.

    Args:
        known: the number [N] of each sample that stands in both data sets, else -1.
    """
    import torch

    index = torch.arange(len(known))
    before = index.where(known >= 0, -1).cummax(0).values
    anchor = known[before.clamp(min=0)].where(before >= 0, -1)
    code = (anchor + 1) * 2**31 + index - before
    return code[known < 0]


def restored(source: Source, kept: KeptSplit, keys: Keys, noun: str) -> Source:
    """Return the data set with its samples in the order, and in the parts, that a run knows.

    Raises DataChanged if they are not the same samples.
    """
    order = kept.in_order(keys.together(), noun, "data")
    sizes = tuple(len(source.parts[name][0]) if name in source.parts else 0 for name in PARTS)
    if sizes == kept.sizes and not moved(order):
        return source
    ends = list(accumulate(kept.sizes))
    parts = {
        name: gathered(source, order[end - size : end])
        for name, size, end in zip(PARTS, kept.sizes, ends, strict=True)
        if size
    }
    drawn = order[: kept.sizes[0]]
    columns = tuple(replace(c, values=c.values[drawn]) for c in source.columns)
    return replace(source, parts=parts, columns=columns, reordered=True)


def moved(places: torch.Tensor) -> bool:
    """Whether samples whose ``places`` [N] are given stand in another order."""
    return bool((places.diff() < 0).any())


def gathered(source: Source, places: torch.Tensor) -> Part:
    """Return the inputs and targets of the samples ``places`` [M], counted through all parts."""
    x, y = source.parts["train"]
    inputs, targets = x.new_empty(len(places), *x.shape[1:]), y.new_empty(len(places), *y.shape[1:])
    start = 0
    for name in PARTS:
        if name not in source.parts:
            continue
        x, y = source.parts[name]
        here = (places >= start) & (places < start + len(x))
        inputs[here], targets[here] = x[places[here] - start], y[places[here] - start]
        start += len(x)
    return inputs, targets


def read_places(
    data: Data, source: Source, known: torch.Tensor, places: torch.Tensor, task: Task
) -> Samples:
    """Return the samples ``places`` [M] of ``source`` for a run, whose ``task`` is given.

    Args:
        known: the places of what is there of its training part: what ``data`` must learn from it,
            it learns from them.
    """
    if len(known):
        train_rows = known[known < len(source.parts["train"][0])]
        source = data.fill(source, train_rows) if len(train_rows) else source
    x, y = gathered(source, places)
    if len(known):
        train = SplitData(*gathered(source, known))
        _, _, chosen, own = data.finish(source, train, None, SplitData(x, y))
        assert chosen is not None
        x, y, now = chosen.x, chosen.y, own
    else:
        now = source.task
    return Samples(x, renamed(y, now, task), files=source.files)


def renamed(y: torch.Tensor, now: Task, task: Task) -> torch.Tensor:
    """Return class indices among the classes of ``now`` as those of the same names in ``task``;
    targets of other kinds as they are.

    Raises DataError for a class that ``task`` lacks.
    """
    import torch

    if task.kind != "classification" or now.labels == task.labels:
        return y
    places = {label: index for index, label in enumerate(task.labels)}
    table = torch.tensor([places.get(label, -1) for label in now.labels])
    found = table[y]
    if bool((found < 0).any()):
        unknown = now.labels[int(y[found < 0][0])]
        raise DataError(f"the run knows no class {unknown!r}", "data")
    return found


def changed(changes: Changes, noun: str, where: str) -> DataChanged:
    """Return the error about data that a run cannot go on with."""
    return DataChanged(
        f"the data has changed since the run started: {changes.told(noun)}",
        where,
        "restore it, or train the run's recipe.yaml again; `trickrun eval RUN` scores what is "
        "left of the run's own test split",
    )


def check_table(
    kept: KeptSplit, columns: Sequence[str], keys: torch.Tensor | None, table: Table
) -> torch.Tensor:
    """Return where in a table each row of the run is.

    Args:
        columns: those of the table that inputs and targets are made of.
        keys: of its rows; None if it lacks a column that the run's keys are made of.

    Raises DataChanged if its rows or columns are not those of the run.
    """
    if keys is None:
        raise changed_columns(kept, columns, table)
    changes, places = compare(kept, keys)
    changes = changes.of_columns(kept.columns, columns)
    if changes.any:
        raise changed(changes, "rows", table.where)
    return places


def changed_columns(kept: KeptSplit, columns: Sequence[str], table: Table) -> DataChanged:
    """Return the error about a table that lacks columns, so that none of its rows is known."""
    changes = Changes(len(kept.keys), len(table)).of_columns(kept.columns, columns)
    return changed(changes, "rows", table.where)
