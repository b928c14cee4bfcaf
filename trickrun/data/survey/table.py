"""A look at a table: what its columns are, what is to be predicted, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trickrun.data.csv import Csv
from trickrun.data.formats.cells import Cells, number
from trickrun.data.formats.dates import fitting_formats
from trickrun.data.formats.encode import is_text
from trickrun.data.formats.guess import (
    Guess,
    doubts,
    guess_inputs,
    has_id_name,
    told,
)
from trickrun.data.formats.numerals import safe_notation
from trickrun.data.formats.table import Table
from trickrun.data.formats.typed import read_as
from trickrun.data.survey.facts import Decision, SplitBy, TableFacts, Targets, TextFacts
from trickrun.data.survey.pictures import names_images, no_files
from trickrun.data.survey.targets import targets_of, with_targets
from trickrun.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TARGETS = ("target", "label", "labels", "class", "y", "outcome", "response", "output")
"""Names that columns to predict usually have."""

GROUPS, MOST_OF_A_GROUP = 20, 50
"""Fewest different identifiers, and most rows of each in the mean, that are taken for people,
machines or places with several rows each, rather than for categories. Own."""

WORDS = 4
"""Words in the mean from which on texts are sentences rather than names. Own."""

SORTED = 0.99
"""Share of neighbouring rows in order of time from which on a table is a record of it. Own."""

REPEATS = 10
"""Possible rows of inputs for each row below which equal ones are no surprise, as for TR08."""


@dataclass(frozen=True)
class Look:
    """A table and the recipe's words about it, as far as they are given.

    Args:
        table: with missing cells as the recipe has them.
        data: the recipe's data section, with a target.
        why: how the target was chosen.
    """

    table: Table
    data: Csv
    why: str


def target_of(table: Table, files: str | None = None) -> tuple[str, str]:
    """Return the column that is probably to be predicted, and why.

    Args:
        files: the column that names files, if there is one.
    """
    names = [name for name in table.columns if name != files] or [*table.columns]
    for name in names:
        if name.strip().lower() in TARGETS:
            return name, "guessed by its name; --target COLUMN says otherwise"
    useful = [name for name in names if can_be_target(name, table.columns[name])]
    last = (useful or names)[-1]
    return last, "guessed, as the last column; --target COLUMN says otherwise"


def can_be_target(name: str, cells: Cells) -> bool:
    """Whether a column may be worth predicting: numbers, or texts that recur and are no dates."""
    if not cells.readable or has_id_name(name) or cells.missing.all():
        return False
    if cells.plain().numbers is not None:
        return True
    present = cells.present
    recurring = 2 * len(present) <= int((~cells.missing).sum())
    return recurring or safe_notation(present) is not None


def survey(look: Look) -> TableFacts | TextFacts:
    """Return the facts about a table. Raises DataError for a target that cannot be predicted.

    Columns that nothing tells apart are left out, and said.
    """
    data = look.data
    table, missing = with_targets(look.table, data.targets)
    targets = targets_of(table, data, look.why)
    texts = sentences(table, data)
    decisions, guesses = decided(table, data, texts)
    types = {each.column for each in decisions}
    used = [name for name in guesses if not guesses[name].left_out]
    facts = describe(table, used, guesses)
    # Beside sentences, when a row was written says little of its class.
    if texts and targets.classes and set(used) <= {name for name, _ in facts["dates"]}:
        return text_facts(table, data, targets, texts[0])
    if not used:
        raise no_input(table, data, bool(texts))
    copies, few = copies_in(table, used, data.targets)
    return TableFacts(
        path=data.path,
        rows=len(table),
        targets=targets,
        header=data.header,
        without_target=missing,
        decisions=decisions,
        seen=told({name: guess for name, guess in guesses.items() if name not in types}),
        copies=copies,
        few_possible=few,
        split=split_by(table, guesses, decisions),
        times=tuple(name for name, _ in facts["dates"]),
        **facts,
    )


def text_facts(table: Table, data: Csv, targets: Targets, column: str) -> TextFacts:
    """Return the facts about a table whose one input of weight is a column of texts."""
    (target,) = targets.names
    others = tuple(name for name in table.columns if name not in (column, target))
    words = words_of(table.columns[column], 0.9)
    return TextFacts(
        data.path, len(table), column, target, targets.why, targets.classes, words, others
    )


def decided(
    table: Table, data: Csv, texts: Sequence[str]
) -> tuple[tuple[Decision, ...], dict[str, Guess]]:
    """Return what the recipe must say of columns, and what all inputs are taken for then."""
    names = data.inputs(table)
    found = [
        decision
        for name in names
        if name not in data.types and (decision := decide(table, name, data, texts)) is not None
    ]
    types = {**data.types, **{each.column: asked_type(each) for each in found}}
    asked = data.model_copy(update={"types": types}).asked
    return tuple(found), guess_inputs(table, names, asked)


def asked_type(decision: Decision) -> Any:
    """Return a decision as the recipe's parameter."""
    from trickrun.data.formats.asked import AskedType

    said = decision.type
    return AskedType.model_validate({"kind": said} if isinstance(said, str) else said)


def decide(table: Table, name: str, data: Csv, texts: Sequence[str]) -> Decision | None:
    """Return what the recipe must say of an input; None if it is plain."""
    cells = table.columns[name]
    if not cells.readable:
        return Decision(name, "drop", "its cells are lists or structures", open=True)
    if names_images(cells):
        return Decision(name, "drop", no_files(table, name).message + "; left out", open=True)
    if name in texts:
        why = "sentences: kind: csv leaves them out, and kind: text trains on them alone"
        return Decision(name, "text", why, open=True)
    present = cells.present
    if has_id_name(name) and 1 < len(present) < int((~cells.missing).sum()):
        return repeated_identifier(name, len(present), len(table))
    try:
        guess = guess_inputs(table, [name], data.asked)[name]
    except DataError:
        guess = None
    if guess is not None and guess.left_out:
        return None
    plain = cells.plain()
    if plain.numbers is not None or (guess is not None and guess.type is not None):
        return None
    if (doubt := doubts(present)) is not None:
        forms = fitting_formats(present)
        if len(forms) == 1:
            return Decision(name, {"kind": "date", "format": forms[0]}, "the one format that fits")
        said = doubt.about([name])
        return Decision(name, "drop", f"left out until you decide: {said}", open=True)
    if guess is None:
        return Decision(name, "drop", "left out: it is neither numbers nor categories", open=True)
    if not is_text(cells):
        odd = next(text for text in present if number(text) is None)
        why = f"left out: mostly numbers, but also {odd!r}; data.missing_values can list such words"
        return Decision(name, "drop", why, open=True)
    rows = int((~cells.missing).sum())
    if len(present) > 10 and 2 * len(present) > rows:
        why = f"left out: {len(present)} different texts in {rows} rows tell nothing of new ones"
        return Decision(name, "drop", why, open=True)
    return None


def repeated_identifier(name: str, different: int, rows: int) -> Decision:
    """Return what a column is that is named like an identifier and has values that recur."""
    if different >= GROUPS and rows <= MOST_OF_A_GROUP * different:
        return Decision(name, "id", "an identifier: what it tells of its rows, new ones do not")
    return Decision(name, "category", f"numbers of {different} things, not amounts")


def sentences(table: Table, data: Csv) -> list[str]:
    """Return the columns of texts that are sentences."""
    found = []
    for name in data.inputs(table):
        cells = table.columns[name]
        if not cells.readable or not is_text(cells) or name in data.types:
            continue
        present = cells.present
        mostly_new = 4 * len(present) > len(table)
        if mostly_new and words_of(cells, 0.5) >= WORDS and doubts(present[:100]) is None:
            found.append(name)
    return found


def words_of(cells: Cells, share: float) -> int:
    """Return the number of words that a share of a column's different texts do not exceed."""
    counts = sorted(len(text.split()) for text in cells.present)
    return counts[min(len(counts) - 1, int(share * len(counts)))] if counts else 0


def describe(table: Table, used: Sequence[str], guesses: Mapping[str, Guess]) -> dict[str, Any]:
    """Return the facts about the columns that are inputs."""
    gaps, categories, numbers, times, timed = [], [], [], [], False
    for name in used:
        own, cells = guesses[name].type, table.columns[name]
        if missing := int(cells.missing.sum()):
            gaps.append((name, missing))
        if own is not None and own.kind == "date":
            days = read_as(table, own).numbers
            assert days is not None
            known = days[days == days]
            times.append((name, float(known.max() - known.min())))
            timed = timed or bool((known % 1 != 0).any())
        elif own is not None and own.kind in ("number", "boolean"):
            numbers.append(name)
        elif (own is not None and own.kind == "category") or is_text(cells):
            categories.append((name, len(cells.present)))
        else:
            numbers.append(name)
    return {
        "gaps": tuple(gaps),
        "categories": tuple(categories),
        "numbers": tuple(numbers),
        "dates": tuple(times),
        "timed": timed,
    }


def codes_of(cells: Cells) -> Array:
    """Return a number [N] for each cell of a column, equal for equal cells."""
    import numpy as np

    if cells.numbers is None:
        return cells.distinct[1]
    return np.unique(cells.numbers, return_inverse=True)[1].reshape(-1)


def copies_in(table: Table, inputs: Sequence[str], targets: Sequence[str]) -> tuple[int, bool]:
    """Return how many rows are equal to an earlier one, targets included, but for a chance of 1e-9;
    and whether the inputs take so few values that equal rows are to be expected."""
    import numpy as np

    draw = np.random.default_rng(0)
    keys, counts = np.zeros(len(table), np.uint64), []
    for name in (*inputs, *targets):
        codes = codes_of(table.columns[name])
        marks = draw.integers(0, 2**63, int(codes.max()) + 1, dtype=np.uint64)
        keys += marks[codes]
        counts.append(len(marks))
    copies = len(keys) - len(np.unique(keys))
    if any(2 * count > len(table) for count in counts[: len(inputs)]):
        return copies, False  # one of them takes any value
    return copies, float(np.log(counts[: len(inputs)]).sum()) < float(np.log(REPEATS * len(table)))


def no_input(table: Table, data: Csv, texts: bool) -> DataError:
    """Return the error about a table none of whose columns can be an input."""
    if texts:
        hint = "texts are learned from for classes only (kind: text); the target has values"
        return DataError("the inputs are texts alone", table.where, hint)
    names = ", ".join(data.inputs(table))
    named = next((n for n in data.inputs(table) if names_images(table.columns[n])), None)
    if named is not None:
        return no_files(table, named)
    hint = "they tell nothing of new samples; data.types says what columns are"
    return DataError(f"no input is left: {names} would be left out", table.where, hint)


def split_by(
    table: Table, guesses: Mapping[str, Guess], decisions: Sequence[Decision]
) -> SplitBy | None:
    """Return the column that the parts should be divided by, if one suggests itself."""
    for name, guess in guesses.items():
        if guess.type is None or guess.type.kind != "date" or table.columns[name].missing.any():
            continue
        if in_order(read_as(table, guess.type).numbers):
            return SplitBy("time", name, "the rows stand in this order: new ones come later")
    for each in decisions:
        if each.type == "id":
            count = len(table.columns[each.column].present)
            why = f"{count} different ones in {len(table)} rows: new rows are of others"
            return SplitBy("group", each.column, why)
    return None


def in_order(times: Array | None) -> bool:
    """Whether rows stand in the order of their times [N], or in the opposite one."""
    import numpy as np

    if times is None or len(np.unique(times)) < GROUPS:
        return False
    steps = np.diff(times)
    return bool(max((steps >= 0).mean(), (steps <= 0).mean()) >= SORTED)
