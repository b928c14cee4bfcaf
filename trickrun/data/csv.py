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
from trickrun.data.formats.paths import content_hash, locate
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.row_keys import known_keys, row_keys
from trickrun.data.formats.table import Table, looks_like_data
from trickrun.data.formats.typed import as_task_has, part_names, typed, with_missing
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
)
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit

LOOKED_AT = 200_000
"""Lines of a table up to which columns are kept that nobody trains on. Own: they show leaks, but
reading a column of a million lines takes a second."""

Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Csv(Data):
    """A table in a text file, one sample a line, with the columns' names in its first line.

    When: your own table.
    Defaults: every column but the target is a feature, unless it tells nothing of new samples:
        identifiers, numbers of rows, texts that are all different and columns without a value are
        left out. A column of text becomes one 0/1 feature a category; yes and no, in their usual
        spellings, one such feature; dates in ISO 8601 the days since 1970-01-01, in UTC where they
        name a zone. Numbers with a decimal comma, thousands, a currency or percent sign are read
        where there is but one way; 25 % is 25. A line says so of each column, and what to set where
        there are several ways. types says otherwise.
        task auto: text, or at most 20 different whole numbers that recur, are classes; other
        numbers are values. The classes are named as they are written, and sorted.
        missing fill: a missing number becomes its column's median in the training split, and a
        0/1 feature more says where it was missing; a missing text is a category of its own.
    Interactions: normalize: standard scales 0/1 features too.
    Source: RFC 4180, with any of , ; tab | between cells.
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
        description="the file, gz or not; relative to the recipe", examples=["data.csv"]
    )
    target: str | Names = Field(
        description="the column to predict; several for regression", examples=["label"]
    )
    task: TaskKind = Field(default="auto", description="classes or values")
    features: Names | None = Field(default=None, description="the columns to use; null: all others")
    drop: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="columns to leave out"
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="between cells; null: found out"
    )
    missing: Literal["error", "drop", "fill"] = Field(
        default="error",
        description="cells that are empty, NA, NaN, null or ?; drop: leave such samples out",
    )
    header: bool = Field(
        default=True, description="whether the first line has names; if not: c1, c2, …"
    )
    types: dict[str, AskedType] = Field(
        default={},
        description="what columns are, where they look like something else: number, category, "
        "date; text, id or drop leave one out",
    )
    decimal: Decimal | None = Field(
        default=None, description="before the fraction of numbers; null: a point, or found out"
    )
    thousands: Thousands | None = Field(
        default=None, description="between groups of three digits; null: nothing, or found out"
    )
    date_format: str | None = Field(
        default=None,
        description='of dates that are not in ISO 8601: "%d/%m/%Y" and the like',
    )
    date_parts: Annotated[tuple[DatePart, ...], Field(strict=False)] = Field(
        default=(), description="what of dates becomes two features more, sine and cosine"
    )
    missing_values: Annotated[tuple[str | int | float, ...], Field(strict=False)] | None = Field(
        default=None,
        description="what cells without a value say, beside nothing, in any case; null: NA, N/A, "
        "NaN, null and ?",
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

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns' names."""
        return (self.target,) if isinstance(self.target, str) else self.target

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
        if self.missing == "drop":
            table = table.complete([*self.inputs_of(table, task), *self.targets])
        guesses = {each.name: Guess(each) for each in task.types}
        return self.source_of(table, guesses, task.features)

    def load_again(self, folder: Path, kept: KeptSplit) -> Source:
        table = self.whole_rows(self.table_in(folder))
        places = check_table(kept, self.used(table), known_keys(table, kept), table)
        source = self.source_of(table.with_first(kept.columns).rows(places.tolist()))
        return replace(source, reordered=moved(places))

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        table = self.table_in(folder)
        if self.missing == "drop":
            names = [name for name in self.inputs_of(table, task) if name in kept.columns]
            table = table.complete([*names, *self.targets])
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
        """Return the table without the rows that data.missing leaves out."""
        if self.missing != "drop":
            return table
        inputs = self.inputs(table)
        out = {*left_out_anyway(table, inputs, self.asked)}
        return table.complete([*(name for name in inputs if name not in out), *self.targets])

    def inputs_of(self, table: Table, task: Task) -> list[str]:
        """Return the inputs of a run, whose task is given."""
        out = {each.name for each in task.types if each.kind == "left_out"}
        return [name for name in self.inputs(table) if name not in out]

    def used(self, table: Table) -> tuple[str, ...]:
        """Return the columns that decide what a sample is, and in which part, as they stand."""
        names = {*self.inputs(table), *self.targets, self.split.group, self.split.time}
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
        inputs, gaps, used = self.inputs(table), self.missing == "fill", self.used(table)
        guesses = self.guesses(table, inputs) if known is None else known
        types = {n: guess.type for n, guess in guesses.items() if guess.type is not None}
        table = typed(table, [*types.values()])
        if self.split.time is not None:
            check_times(table, self.split.time)
        if not features:
            features = feature_names(table, self.features_of(inputs, types, table.where), gaps)
        x = encode(table, features, gaps)
        kind, notes = self.asked_task(table), told(guesses)
        y: Any
        if kind == "regression":
            y, labels = target_values(table, self.targets), self.targets
        else:
            labels = class_names(table, self.targets[0])
            notes += joined_labels(table, self.targets[0], labels)
            y = class_places(table, self.targets[0], labels)
        found = source_from_arrays({"train": (x, y)}, kind, table.where, labels, features, gaps)
        return replace(
            found,
            task=replace(found.task, types=(*types.values(),), missing_values=self.words),
            columns=self.compared(table, inputs),
            notes=notes,
            identify=lambda: Keys({"train": row_keys(table, used)}, used),
        )

    def guesses(self, table: Table, inputs: Sequence[str]) -> dict[str, Guess]:
        """Return what each input and target is taken for; the columns of the split only if the
        recipe says it. Raises DataError for a column that it must say it of."""
        found = guess_inputs(table, inputs, self.asked)
        kind = "regression" if len(self.targets) > 1 else self.task
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
            hint = f"they tell nothing of new samples; data.features: [{names}] uses them"
            raise DataError(f"no input is left: {names} were left out", where, hint)
        return found

    def fill(self, source: Source, rows: torch.Tensor) -> Source:
        """Fill missing values with the medians of the training part."""
        if self.missing != "fill":
            return source
        x, _ = source.parts["train"]
        fills = medians(x, rows, source.task.features, self.path)
        fill_gaps(x, fills)
        return replace(source, task=replace(source.task, fills=tuple(fills.tolist())))

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        return read_samples(path, task, shape, self.columns_of_files())

    def columns_of_files(self) -> Columns:
        """Return how the columns of further files are read that are no features."""
        return Columns(
            self.targets, self.drop, self.features is not None, self.delimiter, self.header
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
        left_out = {*self.targets, *self.drop}
        names = list(self.features or (name for name in table.columns if name not in left_out))
        if not names:
            raise DataError("no column is left as input", table.where, "look at data.drop")
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
        } - {*self.targets}
        return tuple(
            read_column(table, name, name in inputs)
            for name in table.columns
            if name in names or name in asked
        )

    def asked_task(self, table: Table) -> Literal["classification", "regression"]:
        """Return the task, for auto by the cells of the target column."""
        several = len(self.targets) > 1
        if self.task == "classification" and several:
            raise DataError("only regression takes several targets", "data.target", "name one")
        if self.task != "auto":
            return self.task
        return "regression" if several else infer_kind_of_cells(table.columns[self.targets[0]])
