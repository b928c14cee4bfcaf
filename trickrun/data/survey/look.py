"""From a path to the facts about what lies there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.survey.facts import DataFacts, TextFacts
from trickrun.errors import DataError

if TYPE_CHECKING:
    from trickrun.data.csv import Csv
    from trickrun.data.formats.table import Table

TEXT_SUFFIXES = (".txt", ".text", ".md", ".rst")
"""Files that are one long text, unless they begin like a table."""

ARRAYS = (".npz", ".npy")
"""Files of arrays, whose shape says nothing of what the numbers are."""

AskTarget = Callable[[str, list[str]], str]
"""From the proposed column and all columns to the column to predict."""


def facts_at(
    where: Path, path: str, given: Mapping[str, Any], ask: AskTarget | None = None
) -> DataFacts:
    """Return the facts about a file or folder.

    Args:
        where: the file or folder.
        path: how the recipe names it.
        given: parameters of the data section that are given already, target among them.
        ask: asks for a table's target; None: it is guessed.

    Raises DataError for what is no data, or is damaged.
    """
    if where.is_dir():
        from trickrun.data.survey import images

        return images.survey(where, path)
    if where.suffix.lower() in ARRAYS:
        raise DataError(
            "a recipe for arrays is written by their kind",
            path,
            f"trickrun new NAME --data npz --model mlp data.path={path}",
        )
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
    from trickrun.data.survey.table import Look, survey, target_of

    said = {key: value for key, value in given.items() if key in Csv.model_fields}
    target = said.pop("target", None)
    if target is not None and not isinstance(target, str):
        raise DataError(
            "a starter from data has one target",
            "data.target",
            "for several: trickrun new NAME --data csv --model mlp data.path=… data.target=…",
        )
    try:
        data = Csv(path=path, target="?", **said)
    except ValidationError:
        data = Csv(path=path, target="?")  # the recipe's own check tells what is wrong, and where
    data, table = read(where, data, target)
    table = with_missing(table, data.words)
    why = "as you said"
    if target is None:
        target, why = target_of(table)
        if ask is not None:
            target, why = ask(target, list(table.columns)), "as you said"
    table.column(target, "data.target")
    return survey(Look(table, data.model_copy(update={"target": target}), why))


def read(where: Path, data: Csv, target: str | None) -> tuple[Csv, Table]:
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
    if data.header and target not in table.columns and looks_like_data(list(table.columns)):
        return nameless, read_table(where, data.delimiter, False, None)
    return data, table
