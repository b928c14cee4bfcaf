"""The checklist of a module: its steps in order, each gated on the one before.

The searches of a recipe's checklist need a recipe, so they are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trickrun.checks.checklist.checklist_check import ORDER
from trickrun.checks.checklist.context import StepOutcome, Tell, mended
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import lr_find
from trickrun.checks.module_subject import ModuleSubject
from trickrun.checks.objects.curves import curves
from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.patch import edits_after
from trickrun.run.pace import UNHURRIED, Pace

Check = Callable[[ModuleSubject, Pace], tuple[Verdict, ModuleSubject]]

STEPS: dict[str, Check] = {
    "initial-loss": lambda subject, pace: initial_loss(subject, pace=pace),
    "overfit-batch": lambda subject, pace: overfit_batch(subject, pace=pace),
    "lr-find": lambda subject, pace: lr_find(subject, pace=pace),
    "curves": curves,
}

REPLACEMENTS = {"model", "loss"}
"""Edits that put something else in the place of what is examined. They prove where the fault lies,
and the steps after them would examine something else."""

LEFT_OUT = ["grid coarse", "grid fine"]
"""Searches through what a recipe declares."""


def checklist_of_module(
    subject: ModuleSubject, tell: Tell, keep_going: bool = False, pace: Pace = UNHURRIED
) -> Verdict:
    """Take the steps; what one learns feeds the next.

    Args:
        tell: told of each step as it begins and ends.
        keep_going: go on after a step that fails.

    The verdict's result has the ``edits`` that the steps have learned, in a recipe's words.

    Raises CompileError if module, data and loss do not fit together.
    """
    done: list[StepOutcome] = []
    findings: list[Finding] = []
    edits: dict[str, Any] = {}
    for name, check in STEPS.items():
        if done and done[-1].verdict == "fail" and not keep_going:
            break
        tell(name, None)
        outcome, verdict = step(name, check, subject.changed(edits), pace)
        edits = edits_after(edits, outcome.edits)
        done.append(outcome)
        findings += verdict.findings
        tell(name, outcome)
    worst = max((one.verdict for one in done), key=ORDER.index)
    failed = [one.name for one in done if one.verdict == "fail"]
    result = {
        "steps": [
            {"name": one.name, "verdict": one.verdict, "run": None, "seconds": one.seconds}
            for one in done
        ],
        "tuned_recipe": None,
        "edits": edits,
        "left_out": LEFT_OUT,
    }
    said = f"{len(done) - len(failed)} of {len(done)} steps passed"
    if failed:
        said += f"; {', '.join(failed)} failed"
    if len(done) < len(STEPS):
        said = f"{done[-1].name} failed, so the steps after it would mislead"
    return Verdict(worst, result, tuple(findings), said)


def step(
    name: str, check: Check, subject: ModuleSubject, pace: Pace
) -> tuple[StepOutcome, Verdict]:
    """Take one step; where it fails and a confirmed edit mends it, keep that."""
    started = time.monotonic()
    verdict, _ = check(subject, pace)
    edits: dict[str, Any] = {}
    if verdict.verdict == "fail":
        kept = tuple(f for f in verdict.findings if not REPLACEMENTS & set(f.edit or ()))
        mendable = replace(verdict, findings=kept)
        mend = mended(lambda changed: check(changed, pace), subject, mendable)
        if mend is not None:
            edits, verdict, _ = mend
    suggestion = verdict.result.get("suggestion")
    if suggestion is not None:
        edits = {**edits, "optimizer.lr": suggestion}
    elif name == "lr-find":
        # Without a suggestion the training goes on at the optimizer's own learning rate.
        verdict = replace(verdict, verdict="warn")
    rows = [finding.as_json() for finding in verdict.findings]
    seconds = round(time.monotonic() - started, 2)
    outcome = StepOutcome(name, verdict.verdict, "", verdict.summary, edits, rows, seconds=seconds)
    return outcome, verdict
