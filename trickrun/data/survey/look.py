"""From a path to the facts about what lies there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.survey.facts import DataFacts, TextFacts
from trickrun.data.survey.problems import each_of, refuse
from trickrun.errors import DataError

if TYPE_CHECKING:
    from trickrun.data.csv import Csv
    from trickrun.data.formats.table import Table

TEXT_SUFFIXES = (".txt", ".text", ".md", ".rst")
"""Files that are one long text, unless they begin like a table."""

ARRAYS = (".npz", ".npy")
"""Files of arrays."""

FEWEST_ROWS = 5
"""Rows below which the usual split leaves a part empty."""

AskTarget = Callable[[str, list[str]], str]
"""From the proposed column and all columns to the column to predict."""


def facts_at(
    where: Path, path: str, given: Mapping[str, Any], ask: AskTarget | None = None
) -> DataFacts:
    """Return the facts about a file or folder.

    Args:
        where: the file or folder.
        path: how the recipe names it.
        given: parameters of the data section that are given already, targets among them.
        ask: asks for a table's target; None: it is guessed.

    Raises DataError for what is no data, or is damaged.
    """
    if where.is_dir():
        from trickrun.data.survey import images

        return images.survey(where, path)
    if where.suffix.lower() in ARRAYS:
        from trickrun.data.survey import arrays

        return arrays.survey(where, path, given)
    if where.name.lower().endswith(TEXT_SUFFIXES) and "target" not in given:
        from trickrun.data.formats.paths import decoded

        text = decoded(where)
        if not any(sign in text.partition("\n")[0] for sign in ",;\t|"):
            return TextFacts(path, len(text))
    return table_facts(where, path, given, ask)


def table_facts(
    where: Path, path: str, given: Mapping[str, Any], ask: AskTarget | None
) -> DataFacts:
    """Return the facts about a table, as ``facts_at`` does."""
    from pydantic import ValidationError

    from trickrun.data.csv import Csv
    from trickrun.data.formats.typed import with_missing
    from trickrun.data.survey import image_table
    from trickrun.data.survey.table import Look, survey, target_of

    said = {key: value for key, value in given.items() if key in Csv.model_fields}
    asked = targets_said(said.pop("target", None))
    try:
        data = Csv(path=path, target="?", **said)
    except ValidationError:
        data = Csv(path=path, target="?")  # the recipe's own check tells what is wrong, and where
    data, table = read(where, data, asked)
    check_rows(table)
    table = with_missing(table, data.words)
    check_named(table, asked)
    files = image_table.find_files(table, given)
    targets, why = asked, "as you said"
    if not targets:
        target, why = target_of(table, None if files is None else files.column)
        if ask is not None:
            target, why = ask(target, list(table.columns)), "as you said"
        targets = (target,)
    check_named(table, targets)
    one = targets[0] if len(targets) == 1 else targets
    data = data.model_copy(update={"target": one})
    if files is not None:
        return image_table.survey(table, data, why, files)
    return survey(Look(table, data, why))


def targets_said(said: object) -> tuple[str, ...]:
    """Return the targets that somebody named; none if nobody did, or no names."""
    if isinstance(said, str):
        return (said,)
    names = said if isinstance(said, list) else []
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def check_rows(table: Table) -> None:
    """Raise DataError for a table of too few rows to learn from and to test on."""
    if len(table) < FEWEST_ROWS:
        raise DataError(
            f"it has {len(table)} rows: too few for a training, a validation and a test part",
            table.where,
            f"give {FEWEST_ROWS} or more",
        )


def check_named(table: Table, names: Sequence[str]) -> None:
    """Raise one DataError for all targets that are no columns."""
    _, problems = each_of(names, lambda name: table.column(name, "data.target"))
    for problem, name in zip(problems, [n for n in names if n not in table.columns], strict=True):
        parts = [part.strip() for part in name.split(",")]
        if len(parts) > 1 and all(part in table.columns for part in parts):
            several = " ".join(f"--target {part}" for part in parts)
            problem.hint = f"for several targets: {several}"
    refuse(problems, table.where)


def read(where: Path, data: Csv, targets: Sequence[str]) -> tuple[Csv, Table]:
    """Return a table, and the parameters by which it was read: without names, where its first line
    looks like a sample."""
    from trickrun.data.formats.reader import read_table
    from trickrun.data.formats.table import looks_like_data

    nameless = data.model_copy(update={"header": False})
    try:
        table = read_table(where, data.delimiter, data.header, None)
    except DataError:
        # Samples for names are often equal ones.
        bare = read_table(where, data.delimiter, False, None)
        if not data.header or not looks_like_data([cells[0] for cells in bare.columns.values()]):
            raise
        return nameless, bare
    known = bool(targets) and {*targets} <= {*table.columns}
    if data.header and not known and looks_like_data(list(table.columns)):
        return nameless, read_table(where, data.delimiter, False, None)
    return data, table
