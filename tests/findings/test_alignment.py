"""TR99: targets beside other rows, and the data that look like it."""

from dataclasses import replace

import pytest

from trickrun.findings.rules.data.alignment import (
    Moved,
    Pairing,
    misplaced_targets,
    sorted_alone,
)

MOVED = (Moved("shift", 1, 0.9), Moved("shift", -1, 0.1), Moved("reversed", 0, 0.05))
ROLLED = Pairing("train", True, 1000, in_place=0.1, error=0.02, moved=MOVED)


def best(way: str, rows: int, skill: float) -> Pairing:
    return replace(ROLLED, moved=(*MOVED[1:], Moved(way, rows, skill)))


def test_a_shift_is_named_with_both_skills():
    (found,) = misplaced_targets(ROLLED, known=0.15)
    assert (found.code, found.severity, found.where, found.edit) == ("TR99", "error", "data", None)
    assert found.evidence["skill_in_place"] == 0.1
    assert found.evidence["skill_moved"] == 0.9
    assert "is 1 row too far down. Move the target column up by 1 row" in found.why


@pytest.mark.parametrize(
    ("pairing", "remedy"),
    [
        (best("shift", -2, 0.8), "is 2 rows too far up. Move the target column down by 2"),
        (best("reversed", 0, 0.8), "reverse the target column"),
        (best("sorted", 0, 0.8), "The rows are sorted by target"),
    ],
)
def test_every_way_has_its_remedy(pairing, remedy):
    (found,) = misplaced_targets(pairing, known=0.1)
    assert found.severity == "error"
    assert remedy in found.why


def test_one_part_of_several_is_named():
    (found,) = misplaced_targets(replace(ROLLED, part="val", alone=False), known=0.1)
    assert found.where == "data (val)"
    assert "targets of val" in found.why


@pytest.mark.parametrize(
    ("pairing", "known"),
    [
        (replace(ROLLED, in_place=0.85), 0.1),
        (ROLLED, 0.8),
        (best("shift", 1, 0.35), 0.1),
        (replace(ROLLED, error=0.3), 0.1),
        (replace(best("sorted", 0, 0.9), border=0.8), 0.1),
        (replace(best("shift", -1, 0.99), lagged=True), 0.1),
        (replace(ROLLED, moved=()), 0.1),
    ],
    ids=["in place", "network", "small gain", "chance", "position", "forecast", "nothing tried"],
)
def test_what_is_no_misplacement(pairing, known):
    assert misplaced_targets(pairing, known) == []


def test_a_target_ahead_of_its_row_in_a_record_in_time_is_a_question():
    (found,) = misplaced_targets(replace(best("shift", -1, 0.9), serial=0.9), known=0.1)
    assert found.severity == "warning"
    assert "meant to lie" in found.why
    (late,) = misplaced_targets(replace(ROLLED, serial=0.9), known=0.1)
    assert late.severity == "error"


def test_targets_sorted_alone():
    alone = replace(ROLLED, in_place=0.0, ordered=True)
    (found,) = sorted_alone(alone, known=0.02, error=0.03)
    assert (found.code, found.severity) == ("TR99", "warning")
    assert sorted_alone(replace(alone, ordered=False), 0.02, 0.03) == []
    assert sorted_alone(replace(alone, in_place=0.6), 0.02, 0.03) == []
    assert sorted_alone(alone, 0.3, 0.03) == []
