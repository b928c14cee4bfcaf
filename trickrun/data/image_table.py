from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.data._images import Images, keys_of_files, used_images
from trickrun.data.formats.arrays import TaskKind
from trickrun.data.formats.cells import is_missing
from trickrun.data.formats.columns import check_times, read_column
from trickrun.data.formats.files import table_targets
from trickrun.data.formats.folders import SUFFIXES, is_image
from trickrun.data.formats.image_files import first_of
from trickrun.data.formats.labels import (
    as_values,
    check_classes_left,
    check_two_classes,
    class_names,
    class_places,
    counted,
    infer_kind_of_cells,
    target_values,
)
from trickrun.data.formats.multilabel import (
    as_labels,
    check_labels_vary,
    label_values,
    multilabel_task,
)
from trickrun.data.formats.paths import content_hash, locate
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.table import Table
from trickrun.data.splits.source import Keys, Pool, Samples, Source, Task
from trickrun.errors import DataError

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit

Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]

FILE_COLUMNS = ("file", "filename", "file_name", "filepath", "file_path", "path", "image",
                "image_path", "image_file")  # fmt: skip
"""Usual names of the column that names files."""


class ImageTable(Images):
    """Images in files that a table names, with their classes or the values to predict.

    When: the classes stand in a table rather than in folders' names, or you predict values.
    Defaults: the column of files is the one with a usual name (file, path, image, …). The files are
        looked for from the table's own folder on. task auto is as of csv. Images are decoded as of
        image_folder.
    Interactions: data.split can name the table's columns: ``group: patient``.
    Source: the layout of most image competitions; RFC 4180.
    """

    own_split: ClassVar[bool | None] = False
    has_columns: ClassVar[bool] = True

    main: ClassVar[str | None] = "path"

    kind: Literal["image_table"] = "image_table"
    path: str = Field(
        description="the table, as of csv; relative to the recipe", examples=["images.csv"]
    )
    target: str | Names = Field(
        description="the column to predict; several for regression and multilabel",
        examples=["label"],
    )
    file: str | None = Field(
        default=None, description="the column that names files; null: file, path, image, …"
    )
    folder: str = Field(default=".", description="where the files are; relative to the table")
    suffix: str | None = Field(
        default=None, description="the ending of the files if the cells do not have it: .jpg"
    )
    task: TaskKind = Field(
        default="auto", description="classes, values, or several 0/1 labels per sample"
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="between cells; null: detected"
    )
    missing: Literal["error", "drop"] = Field(
        default="error", description="lines without a file or a target; drop: leave them out"
    )

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns' names."""
        return (self.target,) if isinstance(self.target, str) else self.target

    def load(self, folder: Path) -> Source:
        import torch

        table, name = self.table_in(folder)
        if self.split.time is not None:
            check_times(table, self.split.time)
        task, y = self.task_of(table)
        rows, paths, notes = self.existing(table, name)
        used, more = self.readable(paths)
        rows, paths = [*compress(rows, used)], [*compress(paths, used)]
        chosen = torch.tensor(rows, dtype=torch.int64)
        y = y[chosen]
        if task.kind == "classification":
            check_classes_left(y, task.labels, table.where)
            check_two_classes(y, task.labels, table.where)
        elif task.kind == "multilabel":
            check_labels_vary(y, task.labels, table.where)
        asked = [name for name in (self.split.group, self.split.time) if name is not None]
        whole = [read_column(table, column, used=False) for column in asked]
        columns = tuple(replace(column, values=column.values[chosen]) for column in whole)
        parts = {"train": (torch.arange(len(rows)), y)}
        labels = task.labels if task.kind == "classification" else ()
        used_note = f"{Path(table.where).name}: {used_images(parts, labels)}"
        files = self.files(paths)

        def identify() -> Keys:
            return Keys({"train": keys_of_files(files, self.cells_told(table, rows))})

        told = (used_note, *notes, *more)
        return Source(parts, task, files, columns, told, identify)

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        table, name = self.table_in(folder)
        rows, paths, _ = self.existing(table, name)
        used, _ = self.readable(paths)
        rows, files = [*compress(rows, used)], self.files([*compress(paths, used)])

        def read(places: torch.Tensor) -> Samples:
            # As the run knows classes: what else is in the table now may make others of them.
            chosen = table.rows([rows[place] for place in places.tolist()])
            return Samples(places, table_targets(chosen, task, self.targets), files=files)

        return Pool(keys_of_files(files, self.cells_told(table, rows)), read)

    def table_in(self, folder: Path) -> tuple[Table, str]:
        """Return the recipe's table, without the lines that data.missing leaves out, and the name
        of its column of files. Raises DataError, also if a named column is not there."""
        table = read_table(locate(self.path, folder), self.delimiter)
        name = self.file_column(table)
        self.check_columns(table, name)
        if self.missing == "drop":
            table = table.complete([name, *self.targets])
        return table, name

    def cells_told(self, table: Table, rows: Sequence[int]) -> list[str]:
        """Return what tells images apart beside their files: of each of the lines ``rows``, the
        cells of the targets, and of the columns that decide its part."""
        asked = (*self.targets, self.split.group, self.split.time)
        columns = [[*table.columns[name]] for name in asked if name is not None]
        return ["\x1f".join(column[row] for column in columns) for row in rows]

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        import numpy as np

        if path.is_dir() or is_image(path):
            return self.read_place(path)
        table = read_table(path, self.delimiter)
        name = self.file_column(table)
        rows, paths, notes = self.existing(table, name)
        y = table_targets(table, task, self.targets)
        chosen = np.array(rows, dtype=np.int64)
        cells = {**table.columns, "file": table.columns[name]}
        columns = {each: column.take(chosen) for each, column in cells.items()}
        asked = {*self.targets, self.split.group, self.split.time} - {None}
        targets = self.cells_told(table, rows) if asked <= {*table.columns} else None
        found = self.read(paths, columns, y[rows] if y is not None else None, targets)
        return replace(found, notes=(*notes, *found.notes))

    def fingerprint(self, folder: Path) -> Any:
        path = locate(self.path, folder)
        table = read_table(path, self.delimiter)
        digest = hashlib.blake2b(digest_size=16)
        for cell in table.columns[self.file_column(table)]:
            file = self.file_of(table, cell)
            digest.update(f"{file.stat().st_size if file.is_file() else None}\n".encode())
        return [content_hash(path), digest.hexdigest()]

    def file_column(self, table: Table) -> str:
        """Return the name of the column of files. Raises DataError if it is not to be found."""
        if self.file is not None:
            table.column(self.file, "data.file")
            return self.file
        usual = [name for name in table.columns if name.casefold() in FILE_COLUMNS]
        if len(usual) != 1:
            raise DataError(
                f"which column names the files? {' and '.join(usual) or 'none'} could",
                table.where,
                f"set data.file to one of {', '.join(table.columns)}",
            )
        return usual[0]

    def check_columns(self, table: Table, file: str) -> None:
        """Raise DataError if the recipe names a column that is not there, or uses one twice."""
        for name in self.targets:
            table.column(name, "data.target")
            if name == file:
                raise DataError(f"{name!r} names the files", table.where, "name another target")
        for part, column in (("group", self.split.group), ("time", self.split.time)):
            if column is not None:
                table.column(column, f"data.split.{part}")

    def task_of(self, table: Table) -> tuple[Task, torch.Tensor]:
        """Return the task, and the target of each line: classes [N], or values or labels
        [N, targets]."""
        several, kind = len(self.targets) > 1, self.task
        if kind == "classification" and several:
            raise DataError(
                "only regression and multilabel take several targets",
                "data.target",
                "name one, or set data.task: multilabel for several 0/1 labels",
            )
        cells = table.columns[self.targets[0]]
        if kind == "auto":
            kind = "regression" if several else infer_kind_of_cells(cells)
        if kind == "regression":
            values = as_values(target_values(table, self.targets), table.where)
            return Task("regression", targets=values.shape[1], labels=self.targets), values
        if kind == "multilabel":
            held = as_labels(label_values(table, self.targets), table.where)
            return multilabel_task(self.targets), held
        labels = class_names(table, self.targets[0])
        classes = class_places(table, self.targets[0], labels)
        return Task("classification", classes=len(labels), labels=labels), classes

    def file_of(self, table: Table, cell: str) -> Path:
        """Return the file that a cell names; one written on Windows has backslashes."""
        place = Path(table.where).parent / self.folder
        file = place / f"{cell}{self.suffix or ''}"
        return file if "\\" not in cell or file.exists() else Path(str(file).replace("\\", "/"))

    def existing(self, table: Table, name: str) -> tuple[list[int], list[Path], tuple[str, ...]]:
        """Return the lines (from 0) whose files are there, the files, and what is said of others.

        Raises DataError for a cell without a file, and for a missing file unless data.broken is
        skip.
        """
        cells = [*table.columns[name]]
        for row, cell in enumerate(cells):
            if is_missing(cell):
                hint = "name one, or leave such lines out: data.missing: drop"
                raise table.error(row, name, "no file is named", hint)
        files = [self.file_of(table, cell) for cell in cells]
        there = [file.is_file() for file in files]
        rows = [*compress(range(len(files)), there)]
        if len(rows) == len(files):
            return rows, files, ()
        absent = [row for row, found in enumerate(there) if not found]
        if self.broken == "error" or not rows:
            raise self.absent(table, name, absent, files)
        named = "; ".join(first_of([str(cells[row]) for row in absent]))
        note = f"left out {counted(len(absent), 'image')} whose files are missing: {named}"
        return rows, [*compress(files, there)], (note,)

    def absent(
        self, table: Table, name: str, rows: Sequence[int], files: Sequence[Path]
    ) -> DataError:
        """Return the error for files that are missing."""
        first = rows[0]
        others = f", as of {len(rows)} of {len(files)} lines" if len(rows) > 1 else ""
        hint = "correct the table, or leave such lines out: data.broken: skip"
        longer = [
            s for s in sorted(SUFFIXES) if files[first].with_name(files[first].name + s).is_file()
        ]
        if longer:
            hint = f"there is one that ends in {longer[0]}: set data.suffix: {longer[0]}"
        elif len(rows) == len(files):
            hint = f"set data.folder to where they are, relative to {Path(table.where).parent}"
        return table.error(first, name, f"there is no file {files[first]}{others}", hint)
