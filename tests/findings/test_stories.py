"""Findings that explain each other are told as one story, with one edit."""

from __future__ import annotations

from typing import Any

import pytest

from trickrun.findings.finding import Finding, Severity
from trickrun.findings.stories import clash, merged, seen, stories


def finding(
    code: str,
    severity: Severity = "error",
    where: str = "model",
    edit: dict[str, Any] | None = None,
    run: str | None = None,
    confidence: float = 0.8,
) -> Finding:
    evidence = {"run": run} if run else {}
    return Finding(code, code, severity, confidence, where, evidence, "", edit)


def told(findings: list[Finding]) -> list[tuple[str, list[str], dict[str, Any] | None]]:
    return [(s.cause.code, [f.code for f in s.symptoms], s.edit) for s in stories(findings)]


SCALE = {"data.scale_targets": "standard"}
TARGETS = finding("TR06", "warning", "data.scale_targets", SCALE, confidence=0.6)
SLOW = finding("TR36", "error", "optimizer.lr", {"optimizer.lr": 0.01}, "a", 0.9)
LOW = finding("TR36", "warning", "optimizer.lr", {"optimizer.lr": 0.001})


@pytest.mark.parametrize("reverse", [False, True])
def test_what_a_run_shows_follows_from_what_was_known(reverse: bool) -> None:
    found = [TARGETS, SLOW][:: -1 if reverse else 1]
    together = merged(found, [TARGETS])
    assert [f.explained_by for f in together] == [None, "TR06"]
    assert told(together) == [("TR06", ["TR36"], SCALE)]


def test_two_faults_of_a_recipe_are_two_stories() -> None:
    together = merged([TARGETS, LOW, SLOW], [TARGETS, LOW])
    assert [(f.code, f.explained_by) for f in together][-1] == ("TR36", "TR06")
    assert {(code, len(symptoms)) for code, symptoms, _ in told(together)} == {
        ("TR06", 1),
        ("TR36", 0),
    }


def test_what_the_text_foretells_and_the_curves_show_is_one_thing() -> None:
    schedule = {"optimizer.schedule": {"kind": "cosine"}}
    foretold = finding("TR36", "warning", "optimizer.schedule", schedule)
    assert told(merged([foretold, SLOW], [foretold])) == [("TR36", ["TR36"], schedule)]


def test_a_fault_of_a_part_and_of_the_whole_is_one() -> None:
    whole = finding("TR50", "error", "regularizers.l2", {"regularizers.l2.lambda": 0.01})
    part = finding("TR50", "warning", "regularizers.l2.lambda", {"regularizers.l2.lambda": 1e-4})
    assert told(merged([whole, part], [part], in_order=True)) == [("TR50", ["TR50"], whole.edit)]
    assert told(merged([whole, part], [part])) == [("TR50", ["TR50"], part.edit)]


def test_remarks_and_doubtful_warnings_explain_nothing() -> None:
    for severity, confidence in (("info", 0.9), ("warning", 0.4)):
        cause = finding("TR06", severity, edit=SCALE, confidence=confidence)  # type: ignore[arg-type]
        assert all(f.explained_by is None for f in merged([cause, SLOW], [cause]))


def test_in_a_given_order_only_what_stands_before_explains() -> None:
    assert [f.explained_by for f in merged([SLOW, TARGETS], in_order=True)] == [None, None]
    assert [f.explained_by for f in merged([TARGETS, SLOW], in_order=True)] == [None, "TR06"]


def test_of_two_edits_that_cannot_both_be_made_the_first_is_told() -> None:
    adam = finding("TR70", edit={"optimizer": {"kind": "adam", "lr": 1e-3}})
    rate = finding("TR49", edit={"optimizer.lr": 0.1})
    assert [edit for *_, edit in told([adam, rate])] == [adam.edit, None]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a.b": 1}, {"a.b": 2}, True),
        ({"a.b": 1}, {"a.b": 1}, False),
        ({"a": {}}, {"a.b": 1}, True),
        ({"a.b": 1}, {"a": None}, True),
        ({"a.b": 1}, {"a.bc": 1}, False),
        (None, {"a": 1}, False),
    ],
)
def test_edits_clash(one: dict[str, Any] | None, other: dict[str, Any], expected: bool) -> None:
    assert clash(one, other) is expected


def test_of_several_runs_each_symptom_is_told_with_its_own_cause() -> None:
    together = [
        found
        for run in "ab"
        for found in merged([TARGETS, finding("TR36", run=run, where=run)], [TARGETS])
    ]
    assert [[f.where for f in s.symptoms] for s in stories(together)] == [["a"], ["b"]]


def test_only_stories_that_the_curves_tell_are_seen() -> None:
    other = finding("TR85", "warning")
    together = merged([TARGETS, other, SLOW], [TARGETS, other])
    assert [f.code for f in seen(together)] == ["TR06", "TR36"]
    assert seen(merged([TARGETS], [TARGETS])) == []


def test_of_equally_grave_causes_what_was_known_comes_first() -> None:
    rate = finding("TR35", "warning", "optimizer.lr", {"optimizer.lr": 0.01}, confidence=0.7)
    overfit = finding("TR56", "warning", run="a", confidence=0.9)
    assert [f.code for f in merged([overfit, rate], [rate])] == ["TR35", "TR56"]
    grave = finding("TR60", "error", "model", run="a")
    lone = finding("TR85", "warning", confidence=0.7)
    assert [f.code for f in merged([grave, lone], [lone])] == ["TR60", "TR85"]
    doubtful = finding("TR85", "warning", confidence=0.4)
    assert [f.code for f in merged([doubtful, overfit], [doubtful])] == ["TR56", "TR85"]


def test_what_must_be_mended_before_the_curves_say_anything_is_told_with_them() -> None:
    leak = finding("TR08", "error", "data.split")
    short = finding("TR55", "warning", run="a")
    healthy = finding("TR59", "info", run="a")
    assert [f.code for f in seen(merged([short, leak], [leak]))] == ["TR08", "TR55"]
    assert [f.code for f in seen(merged([healthy, leak], [leak]))] == ["TR08", "TR59"]
    other = finding("TR85", "warning", confidence=0.9)
    assert [f.code for f in seen(merged([short, other], [other]))] == ["TR85", "TR55"]
    assert [f.code for f in seen(merged([healthy, other], [other]))] == ["TR59"]
