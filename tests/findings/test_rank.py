"""Causes come before their symptoms, whatever the order in which they were found."""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter
from itertools import permutations

import pytest

from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rank import (
    EXPLAINS,
    consequences,
    gravest,
    ranked,
    symptoms_of,
    without_symptoms,
)


def finding(
    code: str, severity: Severity = "error", confidence: float = 0.8, where: str = "model"
) -> Finding:
    return Finding(code, code, severity, confidence, where, {}, "")


def codes(findings: list[Finding]) -> list[str]:
    return [f.code for f in findings]


def test_the_table_has_no_circle() -> None:
    assert len(list(TopologicalSorter(EXPLAINS).static_order())) >= len(EXPLAINS)


def test_consequences_are_followed_to_their_end() -> None:
    assert {"TR41", "TR60", "TR62"} <= consequences("TR01")
    assert consequences("TR65") == frozenset()


@pytest.mark.parametrize("order", list(permutations(("TR60", "TR41", "TR01"))))
def test_inputs_explain_gradients_explain_divergence(order: tuple[str, ...]) -> None:
    sure = {"TR01": 0.5, "TR41": 0.9, "TR60": 0.95}
    found = [finding(code, confidence=sure[code]) for code in order]
    assert codes(ranked(found)) == ["TR01", "TR60", "TR41"]
    assert symptoms_of(found) == {"TR01": ["TR41", "TR60"]}


def test_a_warning_that_explains_an_error_is_as_grave_as_that() -> None:
    found = [finding("TR60"), finding("TR30", confidence=0.6), finding("TR01", "warning", 0.7)]
    assert codes(ranked(found)) == ["TR01", "TR30", "TR60"]


def test_remarks_and_doubtful_warnings_explain_nothing() -> None:
    found = [finding("TR60"), finding("TR01", "warning", 0.4), finding("TR23", "info", 0.9)]
    assert codes(ranked(found)) == ["TR60", "TR01", "TR23"]
    assert symptoms_of(found) == {"TR60": [], "TR01": [], "TR23": []}


def test_causes_that_are_equally_grave_and_sure_go_by_what_they_explain() -> None:
    found = [finding("TR49"), finding("TR30"), finding("TR41")]
    assert codes(ranked(found)) == ["TR30", "TR49", "TR41"]


def test_of_equal_findings_the_gravest_is_kept_and_a_confirmed_one_before_all() -> None:
    sure, doubtful = finding("TR52", confidence=0.9), finding("TR52", "warning", 0.95)
    tried = Finding("TR52", "", "warning", 0.5, "model", {}, "", None, {"before": 2, "after": 1})
    assert ranked([doubtful, sure]) == [sure]
    assert ranked([sure, doubtful, tried]) == [replace(tried, severity="error")]
    assert ranked([doubtful, tried]) == [tried]
    assert len(ranked([sure, finding("TR52", where="elsewhere")])) == 2


def test_only_errors_take_other_findings_away() -> None:
    assert codes(without_symptoms([finding("TR22"), finding("TR35"), finding("TR01")])) == [
        "TR22",
        "TR01",
    ]
    kept = [finding("TR23", "warning"), finding("TR35")]
    assert without_symptoms(kept) == kept


def test_the_gravest_severity() -> None:
    assert gravest([]) is None
    assert gravest([finding("TR01", "info"), finding("TR02", "warning")]) == "warning"
