"""Why a module trains badly: what its parts and the checks show, causes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from trickrun.checks.grad_check.gradient_check import grad_check
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import Range, lr_find
from trickrun.checks.module_subject import ModuleSubject
from trickrun.checks.objects.confirm import Confirmed, confirmed
from trickrun.checks.objects.curves import curves
from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.checks.signal.signal_check import signal
from trickrun.errors import CompileError, TrickrunError
from trickrun.findings import static
from trickrun.findings.finding import Finding
from trickrun.findings.stories import merged
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.text.command_line import typed
from trickrun.run.pace import MORE, UNHURRIED, Pace

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


def diagnose_module(
    subject: ModuleSubject, confirm: bool = False, pace: Pace = UNHURRIED
) -> Verdict:
    """Find out why a module trains badly, if it does. A part that fails stops no other.

    Args:
        confirm: train briefly with each suggested edit that means something for a module; those
            that help come first.

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
    found = merged(found, known)
    tried: Confirmed | None = None
    if confirm:
        with pace.phase("trying edits"):
            tried = confirmed(subject, found, pace)
    return concluded(found, tried, parts, failed, seconds)


def concluded(
    findings: list[Finding],
    tried: Confirmed | None,
    parts: dict[str, Any],
    failed: dict[str, str],
    seconds: dict[str, float],
) -> Verdict:
    """Return the verdict: fail if there is an error, warn if there is a warning.

    Args:
        tried: which edits help; None: none was tried.
        parts: what was measured, by name.
        failed: why parts are missing.
        seconds: what each took.
    """
    findings = findings if tried is None else tried.findings
    late = [name for name, why in failed.items() if MORE in why]
    result: dict[str, Any] = {
        "failed": failed,
        "left_out": late,
        "undecided": None,
        "tried": None,
        "confirmed": None if tried is None else tried.as_json(),
        "part_seconds": seconds,
    }
    grave = [finding for finding in findings if finding.severity != "info"]
    severities = {finding.severity for finding in grave}
    verdict: Literal["pass", "warn", "fail"]
    verdict = "fail" if "error" in severities else "warn" if grave else "pass"
    said = "nothing was found that would keep it from training well"
    if failed and not grave:
        verdict = "warn"
        why = next(iter(failed.values())).splitlines()[0]
        said = f"{counted(len(failed), 'part')} of {len(PARTS)} could not be measured: {why}"
    if grave:
        said = f"look first at: {grave[0].name} ({grave[0].where})"
    helping = [] if tried is None else [one for one in tried.tried if one.helps]
    if helping:
        one = helping[0]
        said += f". With {typed(one.edit)} the loss is {one.after:.4g} instead of {one.before:.4g}"
    elif tried is not None and tried.tried:
        said += f". None of {counted(len(tried.tried), 'edit')} that were tried helps"
    return Verdict(verdict, result, tuple(findings), said, {"evidence": parts})
