"""Targets that stand beside other rows than their own, by what the rows say of moved targets."""

from __future__ import annotations

from dataclasses import dataclass

from trickrun.findings.finding import Finding, Severity

MISPLACED = "TR99"

POOR, GAIN = 0.5, 0.3
"""Skill from which on targets are taken to be where they belong, and the least gain of moving them.
Own: a table that is merely hard gains nothing, and where neighbouring rows are alike moved targets
do about as well as those in place."""

ERRORS = 4.0
"""Standard errors that the gain must be worth: by chance one of a dozen ways of moving targets
gains as much in less than one case of a thousand."""

SERIAL = 0.5
"""Correlation of neighbouring rows from which on a file is a record in time, where a target may lie
ahead of its row on purpose. Own."""

BY_POSITION = 0.25
"""What sorted targets must gain over the same with their borders moved: rows that only tell where
they stand in the file, such as those with a running number, fit both alike. Own."""


@dataclass(frozen=True)
class Moved:
    """One way of giving the rows other targets of the same file.

    Args:
        way: shift, reversed or sorted.
        rows: of a shift: how much further down each row's target is taken from.
        skill: of learners on rows that they have not seen; 0 is a constant answer, 1 perfect.
    """

    way: str
    rows: int
    skill: float


@dataclass(frozen=True)
class Pairing:
    """What the rows of one part of the data say of its targets, in the order of the file.

    Args:
        part: train, val or test.
        alone: whether the data have one part only, from which the others are split.
        samples: rows that were looked at.
        in_place: skill with the targets as they stand, of the same learners.
        error: standard error of a difference of two skills.
        moved: the ways of moving the targets.
        border: skill of sorted targets whose borders between classes stand later by half of the
            smallest class.
        lagged: whether the best shift makes the targets a copy of one input.
        serial: how alike neighbouring rows or targets are; 0 in random order, 1 the same.
        ordered: whether the targets stand in sorted order.
    """

    part: str
    alone: bool
    samples: int
    in_place: float
    error: float
    moved: tuple[Moved, ...]
    border: float = 0.0
    lagged: bool = False
    serial: float = 0.0
    ordered: bool = False


def misplaced_targets(e: Pairing, known: float) -> list[Finding]:
    """TR99: moved, the targets follow from the inputs, and as they stand they do not; trap: records
    in time, where a neighbour's target is as good, and forecasts, whose target is a later input.

    Args:
        known: the best skill that the network or another learner reached on the same data.
    """
    level = max(e.in_place, known)
    able = [moved for moved in e.moved if moved.way != "sorted" or beats_its_border(e, moved)]
    best = max(able, key=lambda moved: moved.skill, default=None)
    if level > POOR or best is None:
        return []
    if best.skill - level < max(GAIN, ERRORS * e.error):
        return []
    # Only a target that is taken from a row above may lie ahead of its row on purpose.
    ahead = best.way == "shift" and best.rows < 0
    if ahead and e.lagged:
        return []
    unsure = ahead and e.serial > SERIAL
    severity: Severity = "warning" if unsure else "error"
    why = (
        f"The targets{'' if e.alone else f' of {e.part}'} can hardly be predicted from the inputs "
        f"in their present order: the best skill is {level:.2f} (0: constant answer, 1: perfect). "
        f"{told(best)} skill is {best.skill:.2f} on rows that the learner has not seen. "
        f"{remedy(best)}"
    )
    if unsure:
        why += (
            " If the targets are meant to lie that many rows ahead, they are right, and hard "
            "to predict."
        )
    numbers = {
        "part": e.part,
        "alignment": best.way,
        "rows": best.rows,
        "skill_in_place": e.in_place,
        "skill_moved": best.skill,
        "best_known": known,
        "standard_error": e.error,
        "samples": e.samples,
    }
    where = "data" if e.alone else f"data ({e.part})"
    name = "Targets in the wrong rows"
    return [Finding(MISPLACED, name, severity, 0.5 if unsure else 0.9, where, numbers, why)]


def beats_its_border(e: Pairing, moved: Moved) -> bool:
    return moved.skill - e.border >= BY_POSITION


def told(best: Moved) -> str:
    if best.way == "reversed":
        return "If they are reversed, the"
    if best.way == "sorted":
        return "If they are sorted, the"
    return f"If each row takes its target from {counted(best.rows)}, the"


def remedy(best: Moved) -> str:
    """Return what to do in the file."""
    if best.way == "reversed":
        return "The targets are in reverse order: reverse the target column."
    if best.way == "sorted":
        return "The rows are sorted by target, but the targets are not: pair them again."
    up = "up" if best.rows > 0 else "down"
    count = abs(best.rows)
    rows = "1 row" if count == 1 else f"{count} rows"
    down = "down" if best.rows > 0 else "up"
    return (
        f"The target of each row is {rows} too far {down}. Move the target column {up} by {rows}, "
        "and leave out the rows that then have no target."
    )


def counted(rows: int) -> str:
    count = abs(rows)
    place = "below" if rows > 0 else "above"
    return f"the row {place}" if count == 1 else f"{count} rows {place}"


def sorted_alone(e: Pairing, known: float, error: float) -> list[Finding]:
    """TR99: the targets are in order and the rows know nothing of it, so that they may have been
    sorted alone; trap: a table that is sorted by a target which nothing predicts.

    Args:
        known: the best skill that the network or another learner reached on the same data.
        error: its standard error.
    """
    if not e.ordered or max(e.in_place, known) > max(2 * error, 2 * e.error, 0.05):
        return []
    why = (
        "The targets are in sorted order, and the inputs do not predict them. If the column was "
        "sorted separately, the pairs are lost: create the file again from its source."
    )
    numbers = {"part": e.part, "skill_in_place": e.in_place, "best_known": known}
    where = "data" if e.alone else f"data ({e.part})"
    return [Finding(MISPLACED, "Targets sorted alone", "warning", 0.6, where, numbers, why)]
