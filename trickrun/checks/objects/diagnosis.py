"""Why a module trains badly: what its parts and the checks show, causes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from trickrun.checks.grad_check.gradient_check import grad_check
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import Range, lr_find
from trickrun.checks.module_subject import ModuleSubject
from trickrun.checks.objects.curves import curves
from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.checks.signal.signal_check import signal
from trickrun.errors import CompileError, TrickrunError
from trickrun.findings import static
from trickrun.findings.finding import Finding
from trickrun.findings.stories import merged
from trickrun.findings.verdict import Verdict
from trickrun.run.pace import UNHURRIED, Pace

Part = Callable[[ModuleSubject, Pace], tuple[Verdict, ModuleSubject]]

SEEDS = 2
"""Draws of the weights: a fraction of what the checks take by themselves."""

PARTS: dict[str, Part] = {
    "signal": lambda subject, pace: signal(subject, pace=pace),
    "grad_check": lambda subject, pace: grad_check(subject, pace=pace),
    "initial_loss": lambda subject, pace: initial_loss(subject, SEEDS, pace),
    "overfit_batch": lambda subject, pace: overfit_batch(subject, pace=pace),
    "lr_find": lambda subject, pace: lr_find(subject, Range(seeds=SEEDS), pace, proven=False),
    "training": curves,
}
"""What is looked at, in order."""


def diagnose_module(subject: ModuleSubject, pace: Pace = UNHURRIED) -> Verdict:
    """Find out why a module trains badly, if it does. A part that fails stops no other.

    Raises CompileError if module, data and loss do not fit together.
    """
    subject.job()
    known = static.findings(subject.facts())
    found: list[Finding] = [*known]
    parts: dict[str, Any] = {}
    failed: dict[str, str] = {}
    seconds: dict[str, float] = {}
    with pace.phase("evidence", len(PARTS)) as moved:
        for done, (name, part) in enumerate(PARTS.items()):
            moved(done)
            started = time.perf_counter()
            try:
                verdict, _ = part(subject, pace)
            except TrickrunError as error:
                failed[name] = str(error)
            except Exception as error:  # the user's code may raise anything, and the others go on
                failed[name] = f"{type(error).__name__}: {error}"
            else:
                parts[name] = {"verdict": verdict.verdict, **verdict.result}
                found += verdict.findings
            seconds[name] = time.perf_counter() - started
    if len(failed) == len(PARTS):
        first = next(iter(failed.values()))
        raise CompileError("no part of the evidence could be measured", subject.name, first)
    return concluded(merged(found, known), parts, failed, seconds)


def concluded(
    findings: list[Finding],
    parts: dict[str, Any],
    failed: dict[str, str],
    seconds: dict[str, float],
) -> Verdict:
    """Return the verdict: fail if there is an error, warn if there is a warning.

    Args:
        parts: what was measured, by name.
        failed: why parts are missing.
        seconds: what each took.
    """
    result: dict[str, Any] = {
        "failed": failed,
        "left_out": [],
        "undecided": None,
        "tried": None,
        "part_seconds": seconds,
    }
    grave = [finding for finding in findings if finding.severity != "info"]
    severities = {finding.severity for finding in grave}
    verdict: Literal["pass", "warn", "fail"]
    verdict = "fail" if "error" in severities else "warn" if grave else "pass"
    said = "nothing was found that would keep it from training well"
    if grave:
        said = f"look first at: {grave[0].name} ({grave[0].where})"
    return Verdict(verdict, result, tuple(findings), said, {"evidence": parts})
