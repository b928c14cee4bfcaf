"""Diagnoses concluded again from what was stored."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.faults.ablate import Score, loss
from benchmarks.faults.calibrate import left_out, log_loss, platt, reliability
from benchmarks.faults.replay import Case, StoredTrainings, kept, replay
from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load
from trickrun.run.pace import budget

RECIPE = """
data: {kind: synthetic, family: blobs, n: 240, features: 4, classes: 3, noise: 0.3, batch_size: 32}
model: {kind: mlp, hidden: [16], head_activation: softmax}
init: {kind: constant, value: 0.5}
optimizer: {kind: adam, lr: 1e-2}
train: {epochs: 6}
"""


@pytest.fixture(scope="module")
def diagnosed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Verdict]:
    path = tmp_path_factory.mktemp("replay") / "recipe.yaml"
    path.write_text(RECIPE)
    return path, diagnose(load(path), confirm=True, pace=budget(300))[0]


def stored_of(verdict: Verdict) -> dict[str, Any]:
    """Return what a journal keeps and gives back."""
    stored: dict[str, Any] = json.loads(json.dumps(kept(verdict)))
    return stored


def test_a_replay_says_what_the_diagnosis_said(diagnosed: tuple[Path, Verdict]) -> None:
    path, verdict = diagnosed
    found, lacking = replay(path, stored_of(verdict))
    assert lacking == 0
    assert found == json.loads(json.dumps([f.as_json() for f in verdict.findings]))


def test_without_a_rule_its_findings_are_gone(diagnosed: tuple[Path, Verdict]) -> None:
    path, verdict = diagnosed
    without, _ = replay(path, stored_of(verdict), ["TR22"])
    said = [f for f in without if f["code"] == "TR22" and not f["confirmed"]]
    assert said == []


def test_what_is_not_stored_is_counted(diagnosed: tuple[Path, Verdict]) -> None:
    path, verdict = diagnosed
    stored = stored_of(verdict)
    label = next(name for name in stored["trainings"]["known"] if name.startswith("init="))
    del stored["trainings"]["known"][label]
    assert replay(path, stored)[1] > 0


def test_stored_trainings_look_up_seeds() -> None:
    known = {"as it is": {"edit": {}, "results": {"0": 0.5}, "reason": ""}}
    stored = {"known": known, "rates": {}, "errors": {}}
    trainings = StoredTrainings(SimpleNamespace(), 0.0, stored=stored)  # type: ignore[arg-type]
    trainings.run({"as it is": {}}, [0, 1])
    assert trainings.known["as it is"].results == {0: 0.5}
    assert trainings.unknown == {("as it is", 1)}


def test_a_verdict_without_measurements_leaves_nothing_to_replay() -> None:
    assert kept(Verdict("fail", {})) is None


def test_a_rule_that_found_nothing_loses_nothing(diagnosed: tuple[Path, Verdict]) -> None:
    path, verdict = diagnosed
    case = Case("c", path, ("TR22",), stored_of(verdict))
    found = loss("TR01", [case], {"c": Score(True, True, True)})
    assert (found.touched, found.detected, found.first, found.unknown) == (0, 0, 0, 0)


def test_reliability_of_a_calibrated_and_of_a_boastful_confidence() -> None:
    fair = [(share / 10, n < share) for share in (1, 3, 5, 7, 9) for n in range(10)]
    assert reliability(fair).endswith("error 0.000.")
    boastful = [(0.9, right) for _, right in fair]
    told = float(reliability(boastful).rsplit("error ", 1)[1].rstrip("."))
    # Half are right; which of the equal ones share a bin is drawn.
    assert 0.4 <= told < 0.45


def test_an_interval_has_width_where_all_answers_of_a_bin_are_right() -> None:
    (bin_, *_) = reliability([(0.7, True)] * 20).splitlines()[2:]
    # Wilson's lower bound of 4 of 4 is 1 / (1 + 1.96² / 4) = 0.51.
    assert bin_ == "| 4 | 0.70 | 1.00 | 1.00 to 1.00 | 0.51 to 1.00 | yes |"
    (bin_, *_) = reliability([(0.4, True)] * 20).splitlines()[2:]
    assert bin_.endswith("| no |")


def test_platts_correction_finds_the_slope_and_the_shift() -> None:
    # Log odds of -1, 0, 1 and 2, whose answers have 2 times these less 1.
    seen = []
    for odds in (-1.0, 0.0, 1.0, 2.0):
        sure, true = (1 / (1 + math.exp(-x)) for x in (odds, 2 * odds - 1))
        right = round(20_000 * true)
        seen += [(sure, True)] * right + [(sure, False)] * (20_000 - right)
    assert platt(seen) == pytest.approx((2.0, -1.0), abs=0.01)


def test_platts_correction_of_few_answers_promises_no_certainty() -> None:
    slope, shift = platt([(0.6, False), (0.7, True), (0.8, True)])
    # Targets of 1/3 and of 3/4, which two numbers cannot pass: no weight is infinite.
    assert 0 < slope < 5
    assert abs(shift) < 5


def test_a_correction_is_judged_on_what_it_has_not_seen() -> None:
    assert log_loss([(0.5, True), (0.25, False)]) == pytest.approx(-math.log(0.5 * 0.75) / 2)
    seen = [(0.9, False)] * 10 + [(0.9, True)] * 10 + [(0.6, False)] * 10 + [(0.6, True)] * 2
    found = left_out(seen)
    assert [right for _, right in found] == [right for _, right in seen]
    assert log_loss(found) < log_loss(seen)
    # Of 19 others at the same confidence 10 are right, not the 10 of 20 with itself.
    assert found[0][0] > found[10][0]
