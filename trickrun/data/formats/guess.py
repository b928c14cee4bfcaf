"""What a table's columns are taken for: by the recipe's word, or where their cells leave no doubt.

Where they do, the column stays text, and what to set is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trickrun.data.formats.asked import Asked
from trickrun.data.formats.cells import Cells, number
from trickrun.data.formats.dates import days_of, fitting_formats, has_zone, read_date
from trickrun.data.formats.encode import is_text, too_many
from trickrun.data.formats.numerals import Notation, possible_notations, safe_notation, same_unit
from trickrun.data.formats.table import Table
from trickrun.data.formats.typed import FALSE, TRUE
from trickrun.data.splits.source import ColumnType
from trickrun.errors import DataError

if TYPE_CHECKING:
    from datetime import datetime

FEWEST = 20
"""Rows from which on a column that counts them is taken for a number of the row. Own: in shorter
tables columns happen to count."""

EXACT = 2.0**53
"""Beyond it float64 leaves whole numbers out."""
INT64 = 2.0**64
"""Beyond it no whole numbers are meant."""

ID_NAME = re.compile(
    r"id|ids|index|idx|uuid|guid|key|pk|no|nr|row|rowid|rownum|rownumber|#|unnamed: ?\d+|"
    r"row[ _.-]?(?:id|no|nr|num|number|index)|(?:id|uuid|guid)[ _.-].*|"
    r".*[ _.-](?:id|uuid|guid|key)|.*[a-z](?:Id|ID)"
)
"""Names of columns that tell rows apart."""

TIME_NAME = re.compile(
    r"(^|[_\W])(time|date|datetime|timestamp|day|week|month|year|hour)($|[_\W])", re.IGNORECASE
)
"""Names of columns of times, which may be numbers."""

CODE_NAME = re.compile(r"zip|plz|post|phone|code|fips|sku|ean|isbn|account", re.IGNORECASE)
"""What names of columns have in them whose numbers may be codes."""
CODE = re.compile(r"0[0-9]+")
"""A number with a zero before it."""

GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
"""A number that has a point where one may divide thousands."""

MOST_NAMED = 8
"""Columns that a line names."""


@dataclass(frozen=True)
class Note:
    """What is said of a column; columns of which the same is said share a line.

    Args:
        what: after the column's name. ``<name>`` stands for it, ``<such>`` for an example,
            ``<texts>`` for how many different texts there are.
        such: the example.
        count: how many different texts it has.
    """

    what: str
    such: str = ""
    count: int = 0

    def about(self, names: Sequence[str]) -> str:
        """Return what is said of columns, without their names."""
        texts = f"{self.count} texts" if len(names) == 1 else "texts"
        such = f" ({self.such})" if self.such else ""
        found = self.what.replace("<texts>", texts).replace("<such>", such)
        return found.replace("<name>", names[0])

    def line(self, names: Sequence[str]) -> str:
        """Return the line about columns."""
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"{', '.join(names[:MOST_NAMED])}{more}: {self.about(names)}"


@dataclass(frozen=True)
class Guess:
    """What a column is taken for.

    Args:
        type: None: what it looks like, number or category.
        note: what is said of it.
    """

    type: ColumnType | None = None
    note: Note | None = None

    @property
    def left_out(self) -> bool:
        """Whether it is no input."""
        return self.type is not None and self.type.kind == "left_out"


PLAIN = Guess()


def told(guesses: Mapping[str, Guess]) -> tuple[str, ...]:
    """Return what is said of columns, a line for those of which the same is."""
    groups: dict[str, tuple[Note, list[str]]] = {}
    for name, guess in guesses.items():
        if guess.note is not None:
            groups.setdefault(guess.note.what, (guess.note, []))[1].append(name)
    return tuple(note.line(names) for note, names in groups.values())


def left_out(name: str, why: str, instead: str) -> Guess:
    """Return the guess about a column that is no input.

    Args:
        instead: the type that keeps it as one.
    """
    note = Note(f"left out, {why}; data.types: {{<name>: {instead}}} keeps it")
    return Guess(ColumnType(name, "left_out"), note)


def guess_inputs(table: Table, names: Sequence[str], asked: Asked) -> dict[str, Guess]:
    """Return what each input is taken for. Raises DataError for one that is to be decided."""
    found = {name: guess_input(table, name, asked) for name in names}
    kept = [name for name, guess in found.items() if not guess.left_out]
    counting = [name for name in kept if name not in asked.types and numbers_rows(table, name)]
    # What numbers the rows is an input where there is no other: the x of y = f(x).
    if not asked.named and len(counting) < len(kept):
        found |= {
            name: left_out(name, "because it numbers the rows", "number") for name in counting
        }
    return found


def left_out_anyway(table: Table, names: Sequence[str], asked: Asked) -> list[str]:
    """Return the inputs that are none in whatever order rows stand, and whichever are there."""
    return [
        name
        for name in names
        if (name in asked.types and asked.types[name].kind in ("text", "id", "drop"))
        or (name not in asked.types and without_use(table, name, asked) is not None)
    ]


def without_use(table: Table, name: str, asked: Asked) -> Guess | None:
    """Return that an input tells nothing of new samples; None if it may tell something."""
    cells = table.columns[name]
    if asked.named or not cells.readable:
        return None
    if cells.missing.all():
        return Guess(ColumnType(name, "left_out"), Note("left out, because every cell is empty"))
    if has_id_name(name) and all_different(cells):
        return left_out(name, "as an identifier: no two rows have the same value", "number")
    return None


def guess_input(table: Table, name: str, asked: Asked) -> Guess:
    """Return what an input is taken for."""
    if name in asked.types:
        return declared(table, name, asked)
    if (useless := without_use(table, name, asked)) is not None:
        return useless
    cells = table.columns[name]
    if not cells.readable:
        return PLAIN  # which an error tells when it is read
    cells = cells.plain()
    return (guess_numbers if cells.numbers is not None else guess_texts)(table, name, cells, asked)


LEFT_OUT = {
    "text": Note("left out, because csv does not train on free text; kind: text does"),
    "id": Note("left out, as an identifier"),
    "drop": None,
}
"""What is said of a column that the recipe leaves out by its type."""


def declared(table: Table, name: str, asked: Asked) -> Guess:
    """Return the type of a column as the recipe has it."""
    said, texts = asked.types[name], table.columns[name].present
    if said.kind in LEFT_OUT:
        return Guess(ColumnType(name, "left_out"), LEFT_OUT[said.kind])
    if said.kind == "category":
        return Guess(ColumnType(name, "category"))
    if said.kind == "date":
        form = said.format or asked.date_format or ""
        return dates(name, form, [read_date(text, form) for text in texts], asked)
    found = asked.number(name)
    return Guess(found, unit_note(Notation(found.decimal, found.thousands), texts))


def dates(name: str, form: str, found: Sequence[datetime | None], asked: Asked) -> Guess:
    """Return the type of a column of dates, and what becomes of them."""
    known = [date for date in found if date is not None]
    zone = ", in UTC" if known and has_zone(known[0]) else ""
    what = f"dates ({form or 'ISO 8601'}), read as days since 1970-01-01{zone}"
    return Guess(asked.date(name, form, [days_of(date) for date in known]), Note(what))


def unit_note(notation: Notation, texts: Sequence[str]) -> Note | None:
    """Return what is said of the sign at numbers, if they have one."""
    first = notation.read(texts[0]) if texts else None
    if first is None or not first.unit:
        return None
    example = f"{texts[0]!r} is {first.value:.15g}"
    return Note(f"numbers with {first.unit}, read without it<such>", example)


def guess_numbers(table: Table, name: str, cells: Cells, asked: Asked) -> Guess:
    """Return what a column is taken for that is plainly of numbers.

    Raises DataError for points that may divide thousands, where decimals are written with a comma.
    """
    import numpy as np

    assert cells.numbers is not None
    number = asked.number(name)
    if number.decimal == "," and not cells.stored:
        pointed = [text for text in cells.present if "." in text]
        if number.thousands == "." and all(GROUPED.fullmatch(text) for text in pointed):
            return Guess(number) if pointed else PLAIN
        if pointed and all(GROUPED.fullmatch(text) for text in pointed):
            raise DataError(
                f"the points in column {name!r} may separate thousands ({pointed[0]!r}), as "
                "data.decimal is a comma",
                table.where,
                f'set data.thousands: ".", or, if they are decimal points, data.types: {{{name}: '
                '{kind: number, decimal: "."}}',
            )
        return Guess(None, Note("numbers with a decimal point")) if pointed else PLAIN
    low, high = np.fmin.reduce(cells.numbers), np.fmax.reduce(cells.numbers)
    whole = bool(np.isfinite(high) and cells.numbers[int(np.nanargmax(cells.numbers))] % 1 == 0)
    if EXACT < max(-low, high) < INT64 and whole:
        return Guess(
            None,
            Note(
                "whole numbers above 2^53, which float64 cannot all represent, so that different "
                "ones may become equal; if they identify something, set data.types: {<name>: id}"
            ),
        )
    if whole and CODE_NAME.search(name):
        code = next((text for text in cells.present if CODE.fullmatch(text)), None)
        if code is not None:
            what = "numbers with leading zeros<such>; if they are codes, set data.types: "
            return Guess(None, Note(what + "{<name>: category}", repr(code)))
    return PLAIN


def guess_texts(table: Table, name: str, cells: Cells, asked: Asked) -> Guess:
    """Return what a column is taken for that is not plainly of numbers.

    Raises DataError if it may be several things, and has too many different texts for categories.
    """
    texts = cells.present
    if (guess := guess_numerals(name, cells, asked)) is not None:
        return guess
    if not is_text(cells):
        return PLAIN  # numbers but for some cells, which an error names
    if (yes := word_for_yes(texts)) is not None:
        note = Note(f"yes or no, read as a 0/1 feature: 1 is {yes}")
        return Guess(ColumnType(name, "boolean"), note)
    if (guess := guess_dates(name, texts, asked)) is not None:
        return guess
    many = too_many(len(texts), len(table))
    doubt = doubts(texts)
    if doubt is not None and many:
        raise undecided(table, f"column {name!r} has", name, doubt)
    if doubt is not None:
        said, ways = doubt.what.split(": ", 1)
        return Guess(None, Note(f"{said}, treated as categories: {ways}", doubt.such, doubt.count))
    if many and not asked.named and all_different(cells):
        return left_out(name, "because no two rows have the same text", "category")
    return PLAIN


def guess_numerals(name: str, cells: Cells, asked: Asked) -> Guess | None:
    """Return that a column is of numbers, if it is: as the recipe has them written, or if there is
    but one way to read them."""
    texts, number = cells.present, asked.number(name)
    notation = Notation(number.decimal, number.thousands)
    said = asked.decimal is not None or asked.thousands is not None
    if said and same_unit(notation, texts):
        return Guess(number, unit_note(notation, texts))
    found = safe_notation(texts)
    # One comma among points may be a slip.
    if found is None or (found.decimal == "," and not is_text(cells)):
        return None
    number = ColumnType(name, "number", found.decimal, found.thousands)
    if found == Notation():
        return Guess(number, unit_note(found, texts) or Note("numbers<such>", repr(texts[0])))
    return Guess(number, Note(f"numbers<such>, read as with {setting(found)}", repr(texts[0])))


def word_for_yes(texts: Sequence[str]) -> str | None:
    """Return the word for yes, of texts that are words for yes and no; None if they are not."""
    if not 2 <= len(texts) <= len(TRUE | FALSE):
        return None
    yes = [text for text in texts if text.lower() in TRUE]
    no = [text for text in texts if text.lower() in FALSE]
    return min(yes) if yes and no and len(yes) + len(no) == len(texts) else None


def guess_dates(name: str, texts: Sequence[str], asked: Asked) -> Guess | None:
    """Return that a column is of dates, if all are of the recipe's format or in ISO 8601."""
    for form in (asked.date_format, ""):
        if form is None:
            continue
        found = read_dates(texts, form)
        if found and len({has_zone(date) for date in found}) == 1:
            return dates(name, form, found, asked)
    return None


def read_dates(texts: Sequence[str], form: str) -> list[datetime] | None:
    """Return the dates that texts say; None if one says none."""
    found = []
    for text in texts:
        date = read_date(text, form)
        if date is None:
            return None
        found.append(date)
    return found


def doubts(texts: Sequence[str]) -> Note | None:
    """Return what texts look like that are neither words nor plainly numbers or dates, and what to
    set; None: they are words."""
    category = "data.types: {<name>: category}"
    if ways := possible_notations(texts):
        # One way for each thing that they may say.
        said = {tuple(unit_and_value(way, text) for text in texts): way for way in reversed(ways)}
        settings = [setting(way) for way in ways if way in said.values() and way != Notation()]
        if len({unit_and_value(ways[0], text)[0] for text in texts}) > 1:
            settings = ["one unit for all"]
        asked = " or ".join(settings) or "data.types: {<name>: number}"
        what = f"<texts> that look like numbers<such>: set {asked}, or {category}"
        return Note(what, repr(texts[0]), len(texts))
    if forms := fitting_formats(texts):
        asked = f'data.types: {{<name>: {{kind: date, format: "{forms[0]}"}}}}'
        others = f" (or {' or '.join(forms[1:])}, which fit too)" if len(forms) > 1 else ""
        what = f"<texts> that look like dates<such>: set {asked}{others}, or {category}"
        return Note(what, repr(texts[0]), len(texts))
    return None


def unit_and_value(notation: Notation, text: str) -> tuple[str, float]:
    """Return what a text says that is a number in a notation."""
    found = notation.read(text)
    assert found is not None
    return found.unit, found.value


def setting(notation: Notation) -> str:
    """Return what sets a notation: ``data.decimal: "," and data.thousands: "."``."""
    said = [f'data.decimal: "{notation.decimal}"'] if notation.decimal != "." else []
    said += [f'data.thousands: "{notation.thousands}"'] if notation.thousands else []
    return " and ".join(said)


def undecided(table: Table, who: str, name: str, doubt: Note) -> DataError:
    """Return the error about a column that may be several things."""
    said, ways = doubt.about([name]).split(": ", 1)
    return DataError(f"{who} {said}", table.where, ways)


def guess_target(
    table: Table, name: str, asked: Asked, task: Literal["auto", "classification", "regression"]
) -> Guess:
    """Return what a target is taken for.

    Raises DataError for one that is declared as no target, or that may be several things.
    """
    if name in asked.types:
        kind = asked.types[name].kind
        if kind in LEFT_OUT:
            hint = "a target must be a number, a category or a date"
            raise DataError(f"the target {name!r} is {kind} (data.types)", table.where, hint)
        return declared(table, name, asked)
    cells = table.columns[name].plain()
    if task == "classification" or cells.missing.all():
        return PLAIN
    if cells.numbers is not None:
        return guess_numbers(table, name, cells, asked) if asked.decimal == "," else PLAIN
    number = guess_numerals(name, cells, asked)
    if number is not None and (task == "regression" or not guessed_notation(number, asked)):
        return number
    if (guess := guess_dates(name, cells.present, asked)) is not None:
        return guess
    if (number is not None or is_text(cells)) and (doubt := doubts(cells.present)) is not None:
        raise undecided(table, f"the target {name!r} has", name, doubt)
    return PLAIN


def guessed_notation(guess: Guess, asked: Asked) -> bool:
    """Whether numbers are written otherwise than with a decimal point alone, and nobody said so."""
    found = guess.type
    assert found is not None
    return (found.decimal, found.thousands) != (".", "") and found != asked.number(found.name)


def has_id_name(name: str) -> bool:
    """Whether a column is named like one that tells rows apart."""
    return bool(ID_NAME.fullmatch(name) or ID_NAME.fullmatch(name.strip().lower()))


def all_different(cells: Cells) -> bool:
    """Whether no two cells with a value are equal, and none is a fraction."""
    import numpy as np

    if cells.numbers is not None:
        found = cells.numbers[~np.isnan(cells.numbers)]
        if len(found) < 2 or not (found % 1 == 0).all():
            return False
        if np.abs(found).max() <= EXACT:
            return len(np.unique(found)) == len(found)
    elif any("." in text and number(text) is not None for text in cells.present):
        return False
    return len(cells.present) > 1 and len(cells.present) == int((~cells.missing).sum())


def numbers_rows(table: Table, name: str) -> bool:
    """Whether a column counts the rows of a table, from 0 or 1, and is not named like a time."""
    import numpy as np

    found = table.columns[name].numbers
    if (
        TIME_NAME.search(name) is not None
        or found is None
        or len(found) < FEWEST
        or found[0] not in (0, 1)
    ):
        return False
    return bool(np.array_equal(found, np.arange(len(found)) + found[0]))
