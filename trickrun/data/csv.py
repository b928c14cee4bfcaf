from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._data import Data
from trickrun.data.formats.arrays import TaskKind, source_from_arrays
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
from trickrun.data.formats.labels import (
    class_names,
    class_places,
    infer_kind_of_cells,
    target_values,
)
from trickrun.data.formats.multilabel import label_values
from trickrun.data.formats.paths import content_hash, locate
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.row_keys import known_keys, row_keys
from trickrun.data.formats.table import Table, looks_like_data
from trickrun.data.formats.weights import told_of_weights, weights_in
from trickrun.data.splits.kept import changed_columns, check_table, moved
from trickrun.data.splits.source import Column, Columns, Keys, Pool, Samples, Source, Task, TaskName
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit

LOOKED_AT = 200_000
"""Lines of a table up to which columns are kept that nobody trains on. Own: they show leaks, but
reading a column of a million lines takes a second."""

Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Csv(Data):
    """A table in a file: csv, one sample a line, the columns' names in the first; or Parquet.

    When: your own table.
    Defaults: every column but the target is a feature. A column of text becomes one 0/1 feature a
        category. task auto: text, or at most 20 different whole numbers that recur, are classes;
        other numbers are values. The classes are named as they are written, and sorted. With task
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

    revision: ClassVar[int] = 2
    """2: numbers are normalized in float64."""

    kind: Literal["csv"] = "csv"
    path: str = Field(
        description="csv, Parquet, Arrow or JSON lines, packed or not; relative to the recipe",
        examples=["data.csv"],
    )
    target: str | Names = Field(
        description="the column to predict; several for regression and multilabel",
        examples=["label"],
    )
    task: TaskKind = Field(
        default="auto", description="classes, values, or several 0/1 labels a sample"
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
        default=None, description="between cells; null: found out"
    )
    missing: Literal["error", "drop", "fill"] = Field(
        default="error",
        description="cells that are empty, NA, NaN, null or ?; drop: leave such samples out",
    )
    header: bool = Field(
        default=True, description="whether the first line has names; if not: c1, c2, …"
    )

    categories: Encoding = Field(
        default="one_hot",
        description="what a column of text becomes; one_hot: a 0/1 feature a category; embedding: "
        "the category's number, for which the network learns a vector",
    )
    rare: Annotated[int, Field(ge=2)] | None = Field(
        default=None,
        description="categories that occur fewer times in the training split count as unknown; "
        "null: none",
    )
    unseen: Literal["auto", "error", "unknown"] = Field(
        default="auto",
        description="what a category is that the data did not have; error: the file is refused; "
        "auto: unknown with embedding, error with one_hot",
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

    def load(self, folder: Path) -> Source:
        table = self.table_in(folder)
        return self.source_of(self.whole_rows(table, self.inputs(table)))

    def load_again(self, folder: Path, kept: KeptSplit) -> Source:
        table = self.table_in(folder)
        table = self.whole_rows(table, self.inputs(table))
        places = check_table(kept, self.used(table), known_keys(table, kept), table)
        source = self.source_of(table.with_first(kept.columns).rows(places.tolist()))
        return replace(source, reordered=moved(places))

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        table = self.table_in(folder)
        table = self.whole_rows(table, [n for n in self.inputs(table) if n in kept.columns])
        if (keys := known_keys(table, kept)) is None:
            raise changed_columns(kept, self.used(table), table)
        columns = replace(self.columns_of_files(), ignore_others=True)

        def read(places: torch.Tensor) -> Samples:
            return samples_of(table.rows(places.tolist()), task, (len(task.features),), columns)

        return Pool(keys, read, self.used(table))

    def table_in(self, folder: Path) -> Table:
        """Return the recipe's table. Raises DataError, also if a named column is not there."""
        asked = (*self.targets, self.split.group, self.split.time)
        texts = [name for name in asked if name is not None]
        table = read_table(locate(self.path, folder), self.delimiter, self.header, texts)
        self.check_columns(table)
        return table

    def whole_rows(self, table: Table, inputs: Sequence[str]) -> Table:
        """Return the table without the rows that data.missing leaves out."""
        needed = [*inputs, *self.targets, *self.weights]
        return table.complete(needed) if self.missing == "drop" else table

    def used(self, table: Table) -> tuple[str, ...]:
        """Return the columns that decide what a sample is, and in which part, as they stand."""
        asked = (self.split.group, self.split.time, self.weight)
        names = {*self.inputs(table), *self.targets, *asked}
        return tuple(name for name in table.columns if name in names)

    def source_of(self, table: Table) -> Source:
        """Return the data set that a table of whole rows makes."""
        columns, gaps = self.inputs(table), self.missing == "fill"
        if self.split.time is not None:
            check_times(table, self.split.time)
        rule = self.category_rule
        if rule is None:
            known = Task("regression", features=feature_names(table, columns, gaps))
            x = encode(table, known.features, gaps)
        else:
            known = unfitted(table, columns, gaps, rule)
            x, _ = encode_columns(table, known, gaps)
        features = known.features
        kind = self.asked_task(table)
        y: Any
        if kind == "regression":
            y, labels = target_values(table, self.targets), self.targets
        elif kind == "multilabel":
            y, labels = label_values(table, self.targets), self.targets
        else:
            labels = class_names(table, self.targets[0])
            y = class_places(table, self.targets[0], labels)
        found = source_from_arrays({"train": (x, y)}, kind, table.where, labels, features, gaps)
        used = self.used(table)
        weights = {} if self.weight is None else {"train": weights_in(table, self.weight)}
        return replace(
            found,
            task=replace(found.task, categories=known.categories),
            weights=weights,
            notes=tuple(told_of_weights(weights, name) for name in self.weights),
            columns=self.compared(table, columns),
            identify=lambda: Keys({"train": row_keys(table, used)}, used),
        )

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
            raise DataError("no column is left as input", table.where, "look at data.drop")
        return names

    def compared(self, table: Table, inputs: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns that the split asks for; those that are no inputs and those of text
        too, if the table is not too long for a look at them."""
        asked = {self.split.group, self.split.time}
        names = {
            name
            for name, cells in table.columns.items()
            if len(cells) <= LOOKED_AT and (name not in inputs or is_text(cells))
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
