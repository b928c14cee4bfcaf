"""Findings of the gradient check from plain numbers."""

from __future__ import annotations

import math
from typing import Literal

import pytest

from trickrun.findings.rules.gradients import GradientEvidence, Mixing, ParameterCheck, findings


def row(name: str, error: float, of: Literal["loss", "penalty"] = "loss") -> ParameterCheck:
    return ParameterCheck(name, of, error, 11, 0, 1.0, 1.0 - error, (0, 1), 2.0)


def evidence(*rows: ParameterCheck, **others: object) -> GradientEvidence:
    plain = {"mixing": (), "unused": (), "without_gradient": ()}
    return GradientEvidence(rows, **{**plain, **others})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (5e-8, []),
        (9e-5, []),
        (1.1e-4, [("TR34", "warning")]),
        (1.1e-2, [("TR34", "error")]),
        (2.0, [("TR33", "error")]),
        (math.nan, [("TR34", "error")]),
    ],
)
def test_the_scale_is_cs231ns(error: float, expected: list[tuple[str, str]]) -> None:
    found = findings(evidence(row("a", 1e-9), row("b", error), row("c", 1e-9)))
    assert [(finding.code, finding.severity) for finding in found] == expected


def test_the_fault_lies_behind_the_last_wrong_parameter() -> None:
    (finding,) = findings(evidence(row("a", 0.5), row("b", 0.3), row("c", 1e-9)))
    assert finding.where == "b"
    assert finding.evidence["parameter"] == "a"
    assert finding.evidence["right_after"] == ["c"]
    assert "the gradients after it (c, ...) are right" in finding.why


def test_all_wrong_with_a_loss_of_ones_own_is_the_losss_fault() -> None:
    rows = row("a", 0.5), row("b", 0.5)
    assert findings(evidence(*rows, custom_loss=True))[0].where == "loss"
    assert findings(evidence(*rows))[0].where == "b"
    assert findings(evidence(row("a", 1e-9), row("b", 0.5), custom_loss=True))[0].where == "b"


def test_penalties_are_judged_apart() -> None:
    found = findings(evidence(row("a", 1e-9), row("a", 0.5, "penalty")))
    assert [(finding.code, finding.where) for finding in found] == [("TR34", "regularizers")]


@pytest.mark.parametrize(("ratio", "codes"), [(0.0, []), (1e-15, []), (0.3, ["TR32"])])
@pytest.mark.parametrize("through", ["model", "loss"])
def test_samples_must_not_mix(
    ratio: float, codes: list[str], through: Literal["model", "loss"]
) -> None:
    found = findings(evidence(row("a", 1e-9), mixing=(Mixing(through, ratio),)))
    assert [finding.code for finding in found] == codes
    assert all(finding.where == through for finding in found)


def test_mixing_that_is_no_number_is_no_good() -> None:
    assert findings(evidence(mixing=(Mixing("loss", math.nan),)))[0].code == "TR32"


def test_parameters_without_gradient_are_named() -> None:
    found = findings(evidence(unused=("a",), without_gradient=("b", "c")))
    assert [finding.evidence["parameters"] for finding in found] == [["a"], ["b", "c"]]
    assert {finding.code for finding in found} == {"TR45"}
    assert {finding.severity for finding in found} == {"error"}


def test_biases_that_cancel_do_no_harm() -> None:
    (found,) = findings(evidence(without_gradient=("score.bias",)))
    assert (found.code, found.severity) == ("TR45", "warning")
