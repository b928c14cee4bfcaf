"""A look at a table that names image files: where they are, what they show, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.data.csv import Csv
from trickrun.data.formats.cells import Cells
from trickrun.data.formats.folders import SUFFIXES, is_no_data
from trickrun.data.formats.guess import has_id_name
from trickrun.data.formats.labels import listed
from trickrun.data.formats.table import Table
from trickrun.data.image_table import FILE_COLUMNS, ImageTable
from trickrun.data.survey.facts import ImageTableFacts, SplitBy, Targets
from trickrun.data.survey.pictures import names_images, no_files, pictures_of
from trickrun.data.survey.table import decided, split_by
from trickrun.data.survey.targets import targets_of, with_targets
from trickrun.errors import DataError

TRIED = 20
"""Cells whose files are looked for in each folder. Own."""

MOST_FOLDERS = 50
"""Folders beside a table that are looked into. Own."""


@dataclass(frozen=True)
class Files:
    """Where the images are that a table names.

    Args:
        column: the one that names them.
        folder: relative to the table.
        suffix: what files end in and cells do not; None: nothing.
    """

    column: str
    folder: str = "."
    suffix: str | None = None


def find_files(table: Table, given: Mapping[str, Any]) -> Files | None:
    """Return where the images are that a table names; None if it names none that is there.

    Args:
        given: parameters of the data section that are given already.

    Raises DataError if the recipe says where images are, and none is there.
    """
    asked = [
        each for key in ("file", "folder", "suffix") if isinstance(each := given.get(key), str)
    ]
    names = [*table.columns]
    if isinstance(given.get("file"), str):
        table.column(given["file"], "data.file")
        names = [given["file"]]
    # A column with a usual name, or whose cells end like images, before one of identifiers.
    names.sort(key=lambda name: (not names_images(table.columns[name]), not is_usual(name)))
    for name in names:
        cells = table.columns[name]
        if asked or names_images(cells) or is_usual(name) or has_id_name(name):
            found = files_of(table, name, given)
            if found is not None:
                return found
    if asked:
        likely = next((name for name in names if names_images(table.columns[name])), names[0])
        folder = given.get("folder")
        raise no_files(table, likely, folder if isinstance(folder, str) else None)
    return None


def is_usual(name: str) -> bool:
    """Whether a column is named like one that names files."""
    return name.casefold() in FILE_COLUMNS


def files_of(table: Table, column: str, given: Mapping[str, Any]) -> Files | None:
    """Return where the files are that a column names; None if they are nowhere beside the table."""
    cells = table.columns[column]
    texts = some_of(cells)
    if not texts:
        return None
    home = Path(table.where).parent
    folders = [given["folder"]] if isinstance(given.get("folder"), str) else [*beside(home)]
    endings: list[str | None] = [None, *sorted(SUFFIXES)]
    if isinstance(given.get("suffix"), str):
        endings = [given["suffix"]]
    elif names_images(cells):
        endings = [None]
    # Numbers of rows may happen to be names of some files.
    best, most = None, 0 if names_images(cells) or is_usual(column) else len(texts) // 2
    for folder in folders:
        for suffix in endings:
            data = ImageTable(path=".", target="?", folder=folder, suffix=suffix)
            there = sum(data.file_of(table, text).is_file() for text in texts)
            if there > most:
                best, most = Files(column, folder, suffix), there
    return best


def some_of(cells: Cells) -> list[str]:
    """Return some of a column's cells, at even distances."""
    if not cells.readable:
        return []
    step = max(1, len(cells) // TRIED)
    return [text for row in range(0, len(cells), step) if not cells.is_missing(text := cells[row])]


def beside(home: Path) -> Iterator[str]:
    """Yield the folders, relative to a table's own, in which its images may be."""
    yield "."
    inner = sorted(path.name for path in home.iterdir() if path.is_dir())
    yield from [name for name in inner if not is_no_data(name)][:MOST_FOLDERS]


def survey(table: Table, data: Csv, why: str, files: Files) -> ImageTableFacts:
    """Return the facts about a table that names images. Raises DataError for targets that cannot
    be predicted, and for classes none of whose images is there.

    Args:
        table: all its rows.
        data: the recipe's data section as that of a table, with its targets.
        why: how the targets were chosen.
        files: where the images are.
    """
    if files.column in data.targets:
        message = f"{files.column!r} names the images"
        raise DataError(message, table.where, "name another target: --target COLUMN")
    whole, _ = with_targets(table, data.targets)
    whole = whole.complete([files.column])
    kind = ImageTable(path=".", target="?", folder=files.folder, suffix=files.suffix)
    paths = [kind.file_of(whole, cell) for cell in whole.columns[files.column]]
    there = [row for row, path in enumerate(paths) if path.is_file()]
    known = targets_of(whole, data, why)
    used = whole.rows(there)
    check_left(known, used)
    data = data.model_copy(update={"drop": (*data.drop, files.column)})
    others = [n for n in table.columns if n not in (files.column, *data.targets, *data.drop)]
    cells = whole.columns[files.column]
    absent = [str(cells[row]) for row in sorted({*range(len(paths))} - {*there})]
    return ImageTableFacts(
        path=data.path,
        rows=len(there),
        targets=targets_of(used, data, why),
        pictures=pictures_of([paths[row] for row in there], table.where),
        file=files.column,
        usual=[name for name in table.columns if is_usual(name)] == [files.column],
        folder=files.folder,
        suffix=files.suffix,
        incomplete=len(table) - len(whole),
        absent=tuple(absent),
        left_out=tuple(others),
        split=division(used, data) if others else None,
    )


def check_left(targets: Targets, used: Table) -> None:
    """Raise DataError for classes none of whose images is there."""
    if not targets.classes:
        return
    present = {*used.columns[targets.names[0]].present}
    lost = tuple(label for label, _ in targets.classes if label not in present)
    if lost:
        raise DataError(
            f"none of the images of {listed(lost)} is there",
            used.where,
            "put the images there, or remove these lines",
        )


def division(table: Table, data: Csv) -> SplitBy | None:
    """Return the column that the parts should be divided by, if one suggests itself."""
    decisions, guesses = decided(table, data, ())
    found = split_by(table, guesses, decisions)
    if found is None or found.way == "group":
        return found
    # Images' tables read dates in ISO 8601 alone.
    own = guesses[found.column].type
    return found if own is not None and not own.format else None
