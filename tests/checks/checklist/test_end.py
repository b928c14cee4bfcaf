"""At its end a checklist tells the findings of all steps as stories, with one edit for each."""

from __future__ import annotations

from typing import Any

from trickrun.checks.checklist.context import StepOutcome, StepVerdict
from trickrun.checks.checklist.end import of_all_steps
from trickrun.findings.finding import Finding, Severity

SCALE = {"data.scale_targets": "standard"}
FAST, SLOW = {"optimizer.lr": 0.02}, {"optimizer.lr": 0.0001}


def finding(
    code: str,
    severity: Severity = "error",
    edit: dict[str, Any] | None = None,
    where: str = "model",
    **evidence: Any,
) -> Finding:
    return Finding(code, code, severity, 0.8, where, evidence, "So.", edit)


def step(
    name: str, verdict: StepVerdict, *found: Finding, edits: dict[str, Any] | None = None
) -> StepOutcome:
    rows = [each.as_json() for each in found]
    return StepOutcome(name, verdict, name, "", edits or {}, rows)


def told(found: list[Finding]) -> list[tuple[str, str | None, dict[str, Any] | None]]:
    return [(f.code, f.explained_by, f.edit) for f in found]


TARGETS = finding("TR06", "warning", SCALE, "data.scale_targets")
CHANCE = finding("TR112", "error", None, "val")


def test_what_is_known_explains_what_the_steps_found() -> None:
    done = [
        step("initial-loss", "warn", finding("TR24", "warning")),
        step("lr-find", "warn", finding("TR36", "warning", FAST, "optimizer.lr")),
    ]
    assert told(of_all_steps(done, [TARGETS])) == [
        ("TR06", None, SCALE), ("TR24", "TR06", None), ("TR36", "TR06", FAST),
    ]  # fmt: skip
    unrelated = finding("TR85", "warning")
    assert told(of_all_steps([step("lr-find", "pass")], [unrelated])) == []


def test_an_edit_that_the_contest_decided_about_is_not_advised() -> None:
    done = [
        step("lr-find", "warn", finding("TR35", "warning", SLOW, "optimizer.lr")),
        step("curves", "warn", finding("TR55", "warning", {"train.epochs": 40}, run="1"),
             edits=FAST),
    ]  # fmt: skip
    (rate, short) = sorted(of_all_steps(done, [], [{}, FAST], FAST), key=lambda f: f.code)
    assert (rate.edit, short.edit) == (None, {"train.epochs": 40})
    assert rate.why == "So. The tuned recipe has optimizer.lr=0.02."
    (rate, _) = sorted(of_all_steps(done, [], [{}, FAST], {}), key=lambda f: f.code)
    assert rate.edit is None
    assert rate.why == "So. The tuned recipe keeps optimizer.lr: no other was better."
    (rate, _) = sorted(of_all_steps(done, [], [{}], {}), key=lambda f: f.code)
    assert rate.edit == SLOW, "nothing was tried in its place"


def test_what_a_later_step_learned_holds() -> None:
    range_test = step("lr-find", "warn", finding("TR112", "error", None, "optimizer.lr"))
    assert told(of_all_steps([range_test], [])) == [("TR112", None, None)]
    assert of_all_steps([range_test, step("grid coarse", "pass")], []) == []
    failed = [range_test, step("grid coarse", "fail", CHANCE), step("grid fine", "fail")]
    assert [f.where for f in of_all_steps(failed, [])] == ["val"]


def test_what_was_mended_explains_nothing_that_was_measured_after() -> None:
    mended = finding("TR36", "error", FAST, "optimizer.lr")
    symptom = finding("TR70", "warning", None, "optimizer")
    done = [
        step("overfit-batch", "warn", mended, symptom, edits=FAST),
        step("grid coarse", "fail", CHANCE),
    ]
    assert told(of_all_steps(done, [])) == [
        ("TR112", None, None), ("TR36", None, FAST), ("TR70", "TR36", None),
    ]  # fmt: skip
    assert told(of_all_steps(done[:1], [])) == [("TR36", None, FAST), ("TR70", "TR36", None)]
