"""What loading gives: a data set with its task and splits, or samples of another file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import torch

    from trickrun.data.formats.image_files import ImageFiles
    from trickrun.data.splits.kept import KeptSplit


@dataclass(frozen=True)
class SplitData:
    """The samples of one split, held once in their smallest type.

    Args:
        x: inputs [N, *shape]: numbers in the training type, normalized; uint8 images; int64 token
            ids, or where images stay in their files, their numbers there, [N].
        y: int64 class indices [N], or [N, T] for next tokens, or float64 values or labels
            [N, targets], labels being 0 or 1.
        w: how much each sample counts, float64 [N], in losses and metrics; None: all alike.
    """

    x: torch.Tensor
    y: torch.Tensor
    w: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device) -> SplitData:
        w = None if self.w is None else self.w.to(device)
        return SplitData(self.x.to(device), self.y.to(device), w)

    def weight(self) -> torch.Tensor | None:
        """Return how much each sample counts, on the CPU; None: all alike."""
        return None if self.w is None else self.w.cpu()

    def at(self, indices: torch.Tensor | slice) -> SplitData:
        """Return some of the samples."""
        return SplitData(
            self.x[indices], self.y[indices], None if self.w is None else self.w[indices]
        )


DATA_FILE = "data.json"
"""The file in a run folder that says what predictions need to know of the training data."""

TaskName = Literal["classification", "regression", "multilabel"]
TASK_NAMES: tuple[TaskName, ...] = get_args(TaskName)


@dataclass(frozen=True)
class Categories:
    """The categories of a table's column of text, as fitted on the training part.

    Args:
        column: its name.
        known: those with an index of their own, in the order of their indices, from 1.
        shared: the data's other ones, which count as unknown: index 0.
    """

    column: str
    known: tuple[str, ...]
    shared: tuple[str, ...] = ()


DatePart = Literal["month", "weekday", "yearday", "hour"]
"""What of a date comes round again."""


@dataclass(frozen=True)
class ColumnType:
    """What a table's column is taken for, where that is not plain from its cells.

    Args:
        name: of the column.
        kind: number, as written with ``decimal`` and ``thousands``; date, the days since
            1970-01-01 in UTC; boolean, 0 or 1; category, whatever its cells look like; left_out, no
            input.
        decimal: what stands before a number's fraction.
        thousands: what may stand between groups of three digits; empty: nothing.
        format: of dates, for ``datetime.strptime``; empty: ISO 8601.
        parts: of dates, those that become features beside the days.
    """

    name: str
    kind: Literal["number", "category", "boolean", "date", "left_out"]
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    format: str = ""
    parts: tuple[DatePart, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is to be predicted.

    Args:
        kind: classification (one class of several), regression (one or more values), or multilabel
            (several labels, each 0 or 1).
        classes: number of classes; 0 for regression and multilabel.
        targets: number of values or labels a sample; 1 for classification.
        labels: the classes' names in index order, or the targets' or labels' names.
        features: the input features' names where the data has them.
        fills: what stands in for a missing value of each feature; empty: none may be missing.
        priors: share of each class, or of the samples that have each label, in the training split;
            empty until the split is made.
        vocabulary: the tokens by their ids, where inputs are token ids [T]; empty for numbers.
        next_token: whether each place of an input asks for the token after it, so that targets
            are [N, T] and the classes are the vocabulary.
        categories: those of each column of text, where they are fitted on the training part. A
            column that is a feature itself holds their indices, which only an embedding makes
            numbers of.
        unseen: what a category is that is none of ``categories``: an error, or unknown.
        types: of a table's columns: those that say how cells are read, and what is left out.
        missing_values: what a cell says that has no value; None: the usual words.
    """

    kind: TaskName
    classes: int = 0
    targets: int = 1
    labels: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    fills: tuple[float, ...] = ()
    priors: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    next_token: bool = False
    categories: tuple[Categories, ...] = ()
    unseen: Literal["error", "unknown"] = "error"
    types: tuple[ColumnType, ...] = ()
    missing_values: tuple[str, ...] | None = None

    @property
    def rows(self) -> tuple[int, ...]:
        """Of each feature, how many indices it may hold: its categories and the unknown one, and 0
        for numbers. Empty if all are numbers."""
        counts = {each.column: len(each.known) + 1 for each in self.categories}
        found = tuple(counts.get(feature, 0) for feature in self.features)
        return found if any(found) else ()


def task_in(facts: Mapping[str, Any]) -> Task:
    """Return the task that a run's DATA_FILE tells. Raises ValueError if it tells none."""
    from pydantic import TypeAdapter

    return TypeAdapter(Task).validate_python(facts.get("task"))


ColumnKind = Literal["numbers", "times", "texts"]


@dataclass(frozen=True)
class Column:
    """A column of a table, as far as its cells can be compared.

    Args:
        name: as the table has it.
        kind: numbers or times, if all cells that are not missing are such; else texts.
        values: int64 [N]; equal for equal cells, larger for larger ones (for texts: later ones in
            the alphabet), and -1 where the cell is missing.
        used: whether inputs are made of it.
    """

    name: str
    kind: ColumnKind
    values: torch.Tensor
    used: bool = False


@dataclass(frozen=True)
class Keys:
    """What tells the samples of a data set apart.

    Args:
        parts: of each part, an int64 key [N] for each sample; equal for equal ones.
        columns: of a table: the columns whose cells the keys are made of, in its order.
    """

    parts: Mapping[str, torch.Tensor]
    columns: tuple[str, ...] = ()

    def together(self) -> torch.Tensor:
        """Return the keys of all parts: training, validation, test."""
        import torch

        return torch.cat([self.parts[n] for n in ("train", "val", "test") if n in self.parts])


@dataclass(frozen=True)
class Source:
    """A data set as loaded, before splitting and normalization.

    Args:
        parts: "train", and "val" or "test" where the data set brings its own; each a pair of
            inputs [N, *shape] in a type that holds them exactly (images uint8, a table's numbers
            float64) and targets (int64 class indices [N], or float64 values or labels
            [N, targets]).
        task: what is to be predicted.
        files: where images stay in their files: what decodes them. The inputs are then their
            numbers there, int64 [N].
        columns: of a table: the columns of "train" that the split asks for, those that are no
            inputs, and those of text.
        notes: what people should know of how it was loaded, a line each: what was left out and why.
        identify: returns what tells samples apart, if their tensors do not.
        reordered: whether samples had another order, and were brought back to that of a run.
        weights: of each part, how much each sample counts, float64 [N]; empty: all alike.
    """

    parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    task: Task
    files: ImageFiles | None = None
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()
    identify: Callable[[], Keys] | None = None
    reordered: bool = False
    weights: Mapping[str, torch.Tensor] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """Return the column ``name``, which the recipe's split asks for."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Samples:
    """Samples to predict or score.

    Args:
        x: inputs [N, *shape], as the run's own data had them before normalization.
        y: targets as in Source, or None where the file has none.
        columns: what each sample is known by, in the order of ``x``: a table's cells, or ``file``.
        told: which of ``columns`` stand beside predictions if nobody asks for others.
        notes: see Source.
        files: where images stay in their files: what decodes them; see Source.
        identify: returns the samples' keys [N], made as those of a run's split; None where they
            lack something that these are made of, for example targets.
        w: how much each sample counts, float64 [N]; None: nothing says so.
    """

    x: torch.Tensor
    y: torch.Tensor | None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: ImageFiles | None = None
    identify: Callable[[KeptSplit], torch.Tensor | None] | None = None
    w: torch.Tensor | None = None


@dataclass(frozen=True)
class Pool:
    """The samples that a run's data have now, told apart before they are read.

    Args:
        keys: see Keys; int64 [N], of all parts together.
        read: returns the samples at some places [M], as the run's own have been.
        columns: of a table: those that inputs and targets would be made of now.
    """

    keys: torch.Tensor
    read: Callable[[torch.Tensor], Samples]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """How to read a table's columns that are not features.

    Args:
        targets: columns with targets, which may be missing; none given: for classes ``target``,
            for values the names that the task has.
        ignored: columns that may be there and mean nothing.
        ignore_others: whether every other column may be there too.
        delimiter, header: see read_table.
        weight: the column that says how much each sample counts, which may be missing.
    """

    targets: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    ignore_others: bool = False
    delimiter: str | None = None
    header: bool = True
    weight: str | None = None
