"""The checklist of a module: its steps in order, each gated on the one before.

The searches rank by the validation loss: they are left out where no validation samples are given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from trickrun.checks.checklist.checklist_check import LAST, ORDER
from trickrun.checks.checklist.context import StepOutcome, Tell, mended
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import lr_find
from trickrun.checks.module_subject import ModuleSubject
from trickrun.checks.objects.curves import curves
from trickrun.checks.objects.search import grid_coarse, grid_fine
from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.patch import edits_after
from trickrun.run.pace import UNHURRIED, Pace

Before = Mapping[str, Verdict]
"""The verdicts of the steps before, by name."""

Check = Callable[[ModuleSubject, Before, Pace], tuple[Verdict, ModuleSubject]]

STEPS: dict[str, Check] = {
    "initial-loss": lambda subject, before, pace: initial_loss(subject, pace=pace),
    "overfit-batch": lambda subject, before, pace: overfit_batch(subject, pace=pace),
    "lr-find": lambda subject, before, pace: lr_find(subject, pace=pace),
    "grid coarse": grid_coarse,
    "grid fine": grid_fine,
    "curves": lambda subject, before, pace: curves(subject, pace),
}

REPLACEMENTS = {"model", "loss"}
"""Edits that put something else in the place of what is examined. They prove where the fault lies,
and the steps after them would examine something else."""

SEARCHES = ["grid coarse", "grid fine"]


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
    before: dict[str, Verdict] = {}
    left_out = [] if subject.val is not None else SEARCHES
    steps = {name: check for name, check in STEPS.items() if name not in left_out}
    for name, check in steps.items():
        if done and done[-1].verdict == "fail" and not keep_going:
            break
        if name == "grid fine" and not before["grid coarse"].result["next_space"]:
            left_out = [*left_out, name]
            continue
        tell(name, None)
        outcome, verdict = step(name, check, subject.changed(edits), before, pace)
        before[name] = verdict
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
        "left_out": left_out,
    }
    said = f"{len(done) - len(failed)} of {len(done)} steps passed"
    if failed:
        said += f"; {', '.join(failed)} failed"
    if done[-1].verdict == "fail" and done[-1].name != LAST:
        said = f"{done[-1].name} failed, so the steps after it would mislead"
    return Verdict(worst, result, tuple(findings), said)


def step(
    name: str, check: Check, subject: ModuleSubject, before: Before, pace: Pace
) -> tuple[StepOutcome, Verdict]:
    """Take one step; where it fails and a confirmed edit mends it, keep that."""
    started = time.monotonic()
    verdict, _ = check(subject, before, pace)
    edits: dict[str, Any] = {}
    if verdict.verdict == "fail":
        kept = tuple(f for f in verdict.findings if not REPLACEMENTS & set(f.edit or ()))
        mendable = replace(verdict, findings=kept)
        mend = mended(lambda changed: check(changed, before, pace), subject, mendable)
        if mend is not None:
            edits, verdict, _ = mend
    edits = {**edits, **verdict.result.get("edits", {})}
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
