"""Edits of different parts that are made at once."""

from __future__ import annotations

from typing import Any

import pytest

from trickrun.checks.interventions.edits import merged

ADAM = {"kind": "adam", "lr": 1e-3}

CASES: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("nothing", [], {}),
    ("other parts", [{"a": 1}, {"b": None}], {"a": 1, "b": None}),
    ("the same part: the likelier stays", [{"a": 1}, {"a": 2}], {"a": 1}),
    (
        "a value of a section that is replaced already",
        [{"optimizer": ADAM}, {"optimizer.lr": 0.1}],
        {"optimizer": ADAM},
    ),
    (
        "a section in which a likelier value stands",
        [{"optimizer.lr": 0.1}, {"optimizer": ADAM}],
        {"optimizer.lr": 0.1},
    ),
    (
        "a section in which a likelier edit deletes",
        [{"optimizer.clip": None}, {"optimizer": ADAM}],
        {"optimizer": ADAM},
    ),
    (
        "a section in which one value stands and another is deleted",
        [{"optimizer.clip": None}, {"optimizer.lr": 0.1}, {"optimizer": ADAM}],
        {"optimizer.clip": None, "optimizer.lr": 0.1},
    ),
    (
        "of an edit with several paths only those that are free",
        [{"optimizer.lr": 0.1}, {"optimizer.lr": 1e-3, "optimizer.eps": None}],
        {"optimizer.lr": 0.1, "optimizer.eps": None},
    ),
    (
        "a name that begins alike is another part",
        [{"model": {"kind": "mlp"}}, {"model_note": 1}],
        {"model": {"kind": "mlp"}, "model_note": 1},
    ),
]


@pytest.mark.parametrize(
    ("edits", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_edits_are_merged(edits: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert merged(edits) == expected


def test_the_edits_stay_as_they_are() -> None:
    edits = [{"optimizer.clip": None}, {"optimizer": ADAM}]
    merged(edits)
    assert edits == [{"optimizer.clip": None}, {"optimizer": ADAM}]
