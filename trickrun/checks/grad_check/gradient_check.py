"""Are the gradients right? Backpropagation against differences, in float64."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from trickrun.checks.grad_check.double import InDouble
from trickrun.checks.grad_check.measure import Checked
from trickrun.checks.grad_check.mixing import mixing
from trickrun.checks.subject import AnySubject
from trickrun.findings.rules.gradients import (
    DOUBTFUL,
    GOOD,
    LEAK,
    WRONG,
    GradientEvidence,
    findings,
)
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.training.job import Job
from trickrun.training.loop import take_step

SAMPLES = 3
"""CS231n: few samples, so that few kinks lie within a step. Below 3, batch norm's output is ±1
whatever the weights, and has no gradient."""

H = 1e-5
"""About the cube root of float64's precision, where rounding and curvature err equally."""

COORDINATES = 10
"""Entries of each parameter that are checked, beside a direction through all of them."""

TRIED_STEPS = 3
"""Training steps after which a gradient of exactly 0 is no accident: a head that starts at zero
lets none through before the first one."""


def grad_check(
    subject: AnySubject,
    samples: int = SAMPLES,
    coordinates: int = COORDINATES,
    h: float = H,
    h_sweep: bool = False,
    pace: Pace = UNHURRIED,
) -> tuple[Verdict, AnySubject]:
    """Compare the gradients at init with centred differences.

    Augmentation and regularizers are off, but for penalties and label smoothing; batch norm uses
    the samples' own statistics.

    Args:
        samples: training samples to look at.
        coordinates: entries of each parameter.
        h: the step of the differences.
        h_sweep: also measure the error over many steps.

    Returns:
        The verdict, and the subject that was checked.

    Raises:
        TrickrunError: the subject cannot become a job, or its forward pass is not deterministic.
    """
    off = list(subject.restraints().beside_loss)
    changes: dict[str, Any] = dict.fromkeys(off)
    derived = subject.changed({**changes, "train.precision": "float64"})
    job = derived.job()
    indices = job.order(0)[:samples]
    with InDouble():
        checked = Checked(job, indices, coordinates, h)
        with pace.phase("gradients", checked.comparisons) as moved:
            rows = checked.rows(moved)
        with pace.phase("sweep of h" if h_sweep else "samples that mix"):
            curve = checked.sweep() if h_sweep else []
            mixed = mixing(job, indices)
    evidence = GradientEvidence(
        parameters=rows,
        mixing=mixed,
        unused=checked.unused,
        without_gradient=silent(job, checked.without_gradient),
        custom_loss=job.loss_kind.is_user_code,
    )
    return verdict(evidence, off, samples, h, curve), derived


def silent(job: Job, names: list[str]) -> list[str]:
    """Return those of the parameters ``names`` whose gradient stays exactly 0 in training.

    It trains ``job`` for some steps. A recipe with a step of its own is taken at its word.
    """
    if not names or job.step is not None:
        return names
    left = dict.fromkeys(names)
    batches = job.batches(0)
    for step in range(min(TRIED_STEPS, job.span.steps)):
        take_step(job, next(batches), step, [], logged=False)
        for name, parameter in job.model.named_parameters():
            if parameter.grad is not None and parameter.grad.abs().max() > 0:
                left.pop(name, None)
    return list(left)


def verdict(
    evidence: GradientEvidence,
    off: list[str],
    samples: int,
    h: float,
    curve: list[dict[str, float]],
) -> Verdict:
    """Return the verdict of what was measured."""
    found = findings(evidence)
    severities = {finding.severity for finding in found}
    rows = evidence.parameters
    largest = max((row.relative_error for row in rows), key=nan_last, default=0.0)
    result = {
        "max_relative_error": largest,
        "parameters": [asdict(row) for row in rows],
        "samples": samples,
        "h": h,
        "disabled": off,
        "mixing": [asdict(mixed) for mixed in evidence.mixing],
        "unused": list(evidence.unused),
        "without_gradient": list(evidence.without_gradient),
        "h_sweep": curve,
    }
    return Verdict(
        "fail" if "error" in severities else "warn" if "warning" in severities else "pass",
        result,
        tuple(found),
        sentence(evidence, largest),
    )


def nan_last(value: float) -> float:
    """Return a key that orders what is no number as the largest."""
    return math.inf if math.isnan(value) else value


def sentence(evidence: GradientEvidence, largest: float) -> str:
    """Return the numbers and their scale in words."""
    rows = evidence.parameters
    kinks = sum(row.kinks for row in rows)
    checked, names = sum(row.checked for row in rows), {row.name for row in rows}
    text = (
        f"largest relative error {largest:.2g} (wrong above {WRONG:g}, doubtful above "
        f"{DOUBTFUL:g}, good below {GOOD:g}). Checked {checked} directions through "
        f"{counted(len(names), 'parameter')}"
    )
    if kinks:
        text += f". {kinks} cross a kink and do not count"
    if all(mixed.ratio <= LEAK for mixed in evidence.mixing):
        text += ". Each sample's loss depends on that sample alone"
    return text
