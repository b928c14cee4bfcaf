from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from trickrun.data._data import Data
from trickrun.data.formats.arrays import TaskKind, source_from_arrays
from trickrun.data.formats.asked import (
    Asked,
    AskedType,
    Decimal,
    Thousands,
    checked_format,
)
from trickrun.data.formats.categories import (
    CategoryRule,
    Encoding,
    encode_columns,
    fitted,
    unfitted,
)
from trickrun.data.formats.columns import check_times, read_column
from trickrun.data.formats.encode import encode, feature_names, fill_gaps, is_text, medians
from trickrun.data.formats.files import read_samples, samples_of
from trickrun.data.formats.guess import (
    Guess,
    guess_inputs,
    guess_target,
    left_out_anyway,
    told,
)
from trickrun.data.formats.labels import (
    class_names,
    class_places,
    infer_kind_of_cells,
    joined_labels,
    target_values,
)
from trickrun.data.formats.multilabel import label_values
from trickrun.data.formats.paths import content_hash, locate
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.row_keys import known_keys, row_keys
from trickrun.data.formats.table import Table, looks_like_data
from trickrun.data.formats.typed import as_task_has, part_names, typed, with_missing
from trickrun.data.formats.weights import told_of_weights, weights_in
from trickrun.data.splits.kept import changed_columns, check_table, moved
from trickrun.data.splits.source import (
    Column,
    Columns,
    ColumnType,
    DatePart,
    Keys,
    Pool,
    Samples,
    Source,
    Task,
    TaskName,
)
from trickrun.errors import DataError
from trickrun.params import TwoOrMore

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trickrun.data.splits.kept import KeptSplit

    Array = np.ndarray[Any, Any]

LOOKED_AT = 200_000
"""Lines of a table up to which columns are kept that nobody trains on. Own: they show leaks, but
reading a column of a million lines takes a second."""

Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Csv(Data):
    """A table in a file: csv, one sample a line, the columns' names in the first; or Parquet.

    When: your own table.
    Defaults: every column but the target is a feature, unless it tells nothing of new samples:
        identifiers, numbers of rows, texts that are all different and columns without a value are
        left out. A column of text becomes one 0/1 feature per category; yes and no, in their usual
        spellings, one such feature; dates in ISO 8601 the days since 1970-01-01, in UTC where they
        name a zone. Numbers with a decimal comma, thousands, a currency or percent sign are read
        where there is but one way; 25 % is 25. A line says so of each column, and what to set where
        there are several ways. types says otherwise.
        task auto: text, or at most 20 different whole numbers that recur, are classes; other
        numbers are values. The classes are named as they are written, and sorted. With task
        multilabel each target column is a label: its cells are 0 or 1, true or false.
        missing fill: a missing number becomes its column's median in the training split, and a
        0/1 feature more says where it was missing; a missing text is a category of its own.
        categories embedding, rare, and unseen unknown take the categories of the training split
        alone for known. With embedding, where less than 1 % of a column's training cells are
        unknown, others become so at random in training, each with probability
        (0.01 - r) / (1 - r) for a share r that is unknown anyway (Bowman et al. 2016).
    Interactions: normalize: standard scales 0/1 features too, and leaves the numbers of categories
        alone. categories: embedding needs model: mlp, or python. weight makes losses, metrics,
        class shares and balanced class weights those of the weights: sum(w * loss) / sum(w). It
        goes neither with sampling: balanced nor with code of your own that sees training targets,
        an augmentation or a step.
    Source: RFC 4180, with any of , ; tab | between cells; Apache Parquet, Arrow, JSON lines.
    """

    table: ClassVar[bool] = True
    own_split: ClassVar[bool | None] = False
    from_user: ClassVar[bool] = True
    has_columns: ClassVar[bool] = True

    main: ClassVar[str | None] = "path"

    revision: ClassVar[int] = 3
    """2: numbers are normalized in float64. 3: dates, yes and no, decimal commas, identifiers
    are known."""

    kind: Literal["csv"] = "csv"
    path: str = Field(
        description="csv, Parquet, Arrow or JSON lines, compressed or not; relative to the recipe",
        examples=["data.csv"],
    )
    target: str | Names = Field(
        description="the column to predict; several for regression and multilabel",
        examples=["label"],
    )
    task: TaskKind = Field(
        default="auto", description="classes, values, or several 0/1 labels per sample"
    )
    features: Names | None = Field(default=None, description="the columns to use; null: all others")
    drop: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="columns to leave out"
    )
    weight: str | None = Field(
        default=None,
        description="the column of each sample's weight, 0 or more, in losses and metrics; null: "
        "all count alike",
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="between cells; null: detected"
    )
    missing: Literal["error", "drop", "fill"] = Field(
        default="error",
        description="cells that are empty, NA, NaN, null or ?; drop: leave such samples out",
    )
    without_target: Literal["error", "drop"] = Field(
        default="error", description="rows without a target; drop: leave such rows out"
    )
    header: bool = Field(
        default=True, description="whether the first line has names; if not: c1, c2, …"
    )
    types: dict[str, AskedType] = Field(
        default={},
        description="the type of a column that looks like something else: number, category, date; "
        "text, id or drop leave it out",
    )
    decimal: Decimal | None = Field(
        default=None, description="before the fraction of numbers; null: a point, or detected"
    )
    thousands: Thousands | None = Field(
        default=None, description="between groups of three digits; null: nothing, or detected"
    )
    date_format: str | None = Field(
        default=None,
        description='of dates that are not in ISO 8601: "%d/%m/%Y" and the like',
    )
    date_parts: Annotated[tuple[DatePart, ...], Field(strict=False)] = Field(
        default=(), description="parts of dates that become two more features, sine and cosine"
    )
    missing_values: Annotated[tuple[str | int | float, ...], Field(strict=False)] | None = Field(
        default=None,
        description="words in cells that mean a missing value, besides an empty cell, in any "
        "case; null: NA, N/A, NaN, null and ?",
    )

    @field_validator("date_format")
    @classmethod
    def _is_a_format(cls, value: str | None) -> str | None:
        return checked_format(value)

    @model_validator(mode="after")
    def _divides_one_thing(self) -> Csv:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same")
        return self

    categories: Encoding = Field(
        default="one_hot",
        description="what a column of text becomes; one_hot: a 0/1 feature per category; "
        "embedding: the category's number, for which the network learns a vector",
    )
    rare: TwoOrMore | None = Field(
        default=None,
        description="categories that occur fewer times in the training split count as unknown; "
        "null: none",
    )
    unseen: Literal["auto", "error", "unknown"] = Field(
        default="auto",
        description="the treatment of new categories; unknown: a category of its own; error: the "
        "file is refused; auto: unknown with embedding, error with one_hot",
    )

    @property
    def embeds_categories(self) -> bool:
        return self.categories == "embedding"

    @property
    def without_unknown(self) -> dict[str, str]:
        learns = self.embeds_categories and self.unseen != "error"
        return {"data.unseen": "error"} if learns else {}

    @property
    def category_rule(self) -> CategoryRule | None:
        """How categories are fitted on the training split; None: all of the data's are known."""
        unseen = self.unseen
        if unseen == "auto":
            unseen = "unknown" if self.categories == "embedding" else "error"
        if self.categories == "one_hot" and self.rare is None and unseen == "error":
            return None
        return CategoryRule(self.categories, self.rare or 1, unseen)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns' names."""
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def weights(self) -> tuple[str, ...]:
        """The name of the column with weights, if there is one."""
        return () if self.weight is None else (self.weight,)

    @property
    def words(self) -> tuple[str, ...] | None:
        """What cells without a value say; None: the usual words."""
        return None if self.missing_values is None else (*map(str, self.missing_values),)

    @property
    def asked(self) -> Asked:
        """What the recipe says of columns."""
        return Asked(
            self.types,
            self.decimal,
            self.thousands,
            self.date_format,
            self.date_parts,
            self.features is not None,
        )

    def load(self, folder: Path) -> Source:
        return self.source_of(self.whole_rows(self.table_in(folder)))

    def load_for(self, folder: Path, task: Task) -> Source:
        table = self.table_in(folder)
        table = self.complete(table, self.inputs_of(table, task))
        guesses = {each.name: Guess(each) for each in task.types}
        return self.source_of(table, guesses, task.features)

    def load_again(self, folder: Path, kept: KeptSplit) -> Source:
        table = self.whole_rows(self.table_in(folder))
        places = check_table(kept, self.used(table), known_keys(table, kept), table)
        source = self.source_of(table.with_first(kept.columns).rows(places.tolist()))
        return replace(source, reordered=moved(places))

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        table = self.table_in(folder)
        names = [name for name in self.inputs_of(table, task) if name in kept.columns]
        table = self.complete(table, names)
        if (keys := known_keys(table, kept)) is None:
            raise changed_columns(kept, self.used(table), table)
        columns = replace(self.columns_of_files(), ignore_others=True)

        def read(places: torch.Tensor) -> Samples:
            rows = as_task_has(table.rows(places.tolist()), task)
            return samples_of(rows, task, (len(task.features),), columns)

        return Pool(keys, read, self.used(table))

    def table_in(self, folder: Path) -> Table:
        """Return the recipe's table. Raises DataError, also if a named column is not there."""
        asked = (*self.targets, self.split.group, self.split.time, *self.types)
        texts = [name for name in asked if name is not None]
        said = (self.decimal, self.thousands, self.missing_values)
        every = any(each is not None for each in said)
        where = locate(self.path, folder)
        table = read_table(where, self.delimiter, self.header, None if every else texts)
        self.check_columns(table)
        return with_missing(table, self.words)

    def whole_rows(self, table: Table) -> Table:
        """Return the table without the rows that data.missing and data.without_target leave out."""
        if self.missing != "drop":
            return self.complete(table, ())
        inputs = self.inputs(table)
        out = {*left_out_anyway(table, inputs, self.asked)}
        return self.complete(table, [name for name in inputs if name not in out])

    def complete(self, table: Table, inputs: Sequence[str]) -> Table:
        """Return the table without the rows that data.missing and data.without_target leave out:
        those that miss one of ``inputs``, or a target."""
        needed: tuple[str, ...] = ()
        if self.missing == "drop":
            needed = (*inputs, *self.targets, *self.weights)
        elif self.without_target == "drop":
            needed = self.targets
        return table.complete(needed) if needed else table

    def inputs_of(self, table: Table, task: Task) -> list[str]:
        """Return the inputs of a run, whose task is given."""
        out = {each.name for each in task.types if each.kind == "left_out"}
        return [name for name in self.inputs(table) if name not in out]

    def used(self, table: Table) -> tuple[str, ...]:
        """Return the columns that decide what a sample is, and in which part, as they stand."""
        asked = (self.split.group, self.split.time, self.weight)
        names = {*self.inputs(table), *self.targets, *asked}
        return tuple(name for name in table.columns if name in names)

    def source_of(
        self,
        table: Table,
        known: Mapping[str, Guess] | None = None,
        features: tuple[str, ...] = (),
    ) -> Source:
        """Return the data set that a table of whole rows makes.

        Args:
            known: what columns were taken for before; None: it is found out.
            features: those that were made of them; empty: it is found out.
        """
        inputs, used = self.inputs(table), self.used(table)
        guesses = self.guesses(table, inputs) if known is None else known
        types = {n: guess.type for n, guess in guesses.items() if guess.type is not None}
        table = typed(table, [*types.values()])
        if self.split.time is not None:
            check_times(table, self.split.time)
        encoded, x = self.encoded(table, self.features_of(inputs, types, table.where), features)
        kind, notes = self.asked_task(table), told(guesses)
        y: Any
        if kind == "regression":
            y, labels = target_values(table, self.targets), self.targets
        elif kind == "multilabel":
            y, labels = label_values(table, self.targets), self.targets
        else:
            labels = class_names(table, self.targets[0])
            notes += joined_labels(table, self.targets[0], labels)
            y = class_places(table, self.targets[0], labels)
        found = source_from_arrays(
            {"train": (x, y)}, kind, table.where, labels, encoded.features, self.missing == "fill"
        )
        weights = {} if self.weight is None else {"train": weights_in(table, self.weight)}
        notes += tuple(told_of_weights(weights, name) for name in self.weights)
        task = replace(
            found.task,
            categories=encoded.categories,
            types=(*types.values(),),
            missing_values=self.words,
        )
        return replace(
            found,
            task=task,
            weights=weights,
            columns=self.compared(table, inputs),
            notes=notes,
            identify=lambda: Keys({"train": row_keys(table, used)}, used),
        )

    def encoded(
        self, table: Table, columns: Sequence[str], features: tuple[str, ...]
    ) -> tuple[Task, Array]:
        """Return a task that names the features and, before they are fitted, the categories that
        ``columns`` become, and the values [N, features] in float64.

        Args:
            features: see ``source_of``; categories that are fitted are found out anew.
        """
        gaps, rule = self.missing == "fill", self.category_rule
        if rule is not None:
            task = unfitted(table, columns, gaps, rule)
            return task, encode_columns(table, task, gaps)[0]
        task = Task("regression", features=features or feature_names(table, columns, gaps))
        return task, encode(table, task.features, gaps)

    def guesses(self, table: Table, inputs: Sequence[str]) -> dict[str, Guess]:
        """Return what each input and target is taken for; the columns of the split only if the
        recipe says it. Raises DataError for a column that it must say it of."""
        found = guess_inputs(table, inputs, self.asked)
        kind: Literal["auto", "classification", "regression"] = "regression"
        if self.task in ("classification", "multilabel"):
            kind = "classification"  # no target is a number
        elif self.task == "auto" and len(self.targets) == 1:
            kind = "auto"
        found |= {n: guess_target(table, n, self.asked, kind) for n in self.targets}
        others = {self.split.group, self.split.time} & {*self.types} - {*found}
        return found | guess_inputs(table, sorted(n for n in others if n), self.asked)

    @staticmethod
    def features_of(
        inputs: Sequence[str], types: Mapping[str, ColumnType], where: str
    ) -> list[str]:
        """Return the columns that become features, dates with their parts. Raises DataError if
        there is none."""
        found = []
        for name in inputs:
            own = types.get(name)
            if own is None or own.kind != "left_out":
                found += [name, *(part_names(own) if own is not None else [])]
        if not found:
            names = ", ".join(inputs)
            hint = f"they say nothing about new samples; data.features: [{names}] uses them"
            raise DataError(f"no input is left: {names} were left out", where, hint)
        return found

    def fill(self, source: Source, rows: torch.Tensor) -> Source:
        """Fill missing values with the medians of the training part, and fit its categories."""
        rule, (x, y), task = self.category_rule, source.parts["train"], source.task
        if self.missing == "fill":
            fills = medians(x, rows, task.features, self.path)
            fill_gaps(x, fills)
            task = replace(task, fills=tuple(fills.tolist()))
        notes: tuple[str, ...] = ()
        if rule is not None:
            x, task, notes = fitted(x, rows, task, rule, self.path)
        parts = {**source.parts, "train": (x, y)}
        return replace(source, parts=parts, task=task, notes=(*source.notes, *notes))

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        return read_samples(path, task, shape, self.columns_of_files())

    def columns_of_files(self) -> Columns:
        """Return how the columns of further files are read that are no features."""
        return Columns(
            self.targets,
            self.drop,
            self.features is not None,
            self.delimiter,
            self.header,
            self.weight,
        )

    def fingerprint(self, folder: Path) -> Any:
        return content_hash(locate(self.path, folder))

    def check_columns(self, table: Table) -> None:
        """Raise DataError if the recipe names a column that is not there, or uses one twice."""
        columns = list(table.columns)
        if self.header and self.targets[0] not in columns and looks_like_data(columns):
            raise DataError(
                f"the first line looks like a sample, not like names: {', '.join(columns[:5])}",
                table.where,
                "add a line of names, or set data.header: false for the names c1, c2, …",
            )
        places: dict[str, tuple[str, ...]] = {
            "target": self.targets,
            "features": self.features or (),
            "drop": self.drop,
            "weight": self.weights,
        }
        for name in self.types:
            table.column(name, "data.types")
        seen: dict[str, str] = {}
        for place, names in places.items():
            for name in names:
                table.column(name, f"data.{place}")
                if name in seen:
                    both = f"data.{seen[name]} and data.{place}"
                    raise DataError(f"{name!r} is in {both}", table.where, "name it once")
                seen[name] = place
        if self.split.group is not None:
            table.column(self.split.group, "data.split.group")
        if self.split.time is not None:
            table.column(self.split.time, "data.split.time")

    def inputs(self, table: Table) -> list[str]:
        """Return the names of the columns that are inputs. Raises DataError if none is left."""
        left_out = {*self.targets, *self.drop, *self.weights}
        names = list(self.features or (name for name in table.columns if name not in left_out))
        if not names:
            raise DataError("no column is left as input", table.where, "check data.drop")
        return names

    def compared(self, table: Table, inputs: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns that the split asks for; those that are no inputs and those of text
        too, if the table is not too long for a look at them."""
        asked = {self.split.group, self.split.time}
        names = {
            name
            for name, cells in table.columns.items()
            if len(cells) <= LOOKED_AT
            and cells.readable
            and (name not in inputs or is_text(cells.as_read or cells))
        } - {*self.targets, *self.weights}
        return tuple(
            read_column(table, name, name in inputs)
            for name in table.columns
            if name in names or name in asked
        )

    def asked_task(self, table: Table) -> TaskName:
        """Return the task, for auto by the cells of the target column."""
        several = len(self.targets) > 1
        if self.task == "classification" and several:
            raise DataError(
                "only regression and multilabel take several targets",
                "data.target",
                "name one, or set data.task: multilabel for several 0/1 labels",
            )
        if self.task != "auto":
            return self.task
        return "regression" if several else infer_kind_of_cells(table.columns[self.targets[0]])
