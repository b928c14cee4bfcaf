"""Step 2: can the network fit one small batch, and if it cannot, what keeps it from that?"""

from __future__ import annotations

from typing import Any, Literal

from trickrun.checks.overfit_batch.findings import conflicting, not_judged, nothing_to_learn
from trickrun.checks.overfit_batch.fit import Fit, length
from trickrun.checks.overfit_batch.goal import FITTED
from trickrun.checks.overfit_batch.search import BASE, Search, add_back, blockers
from trickrun.checks.subject import AnySubject
from trickrun.data.splits.prepare import Prepared
from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.run.pace import UNHURRIED, Pace

SIZE = 32
STEPS = 500
"""Twice what the slowest healthy network that was measured needs (see FITTED)."""

LARGEST = 1024
"""Samples that a batch is enlarged to, at most."""


def overfit_batch(
    subject: AnySubject, size: int = SIZE, steps: int = STEPS, pace: Pace = UNHURRIED
) -> tuple[Verdict, AnySubject]:
    """Train on one batch until it is fitted; find what keeps the network from it.

    Args:
        size: samples of the batch, stratified; the whole training split if that has fewer.
        steps: at most so many optimizer steps, and half as many for each attempt to find a cause.

    Returns:
        The verdict, and the subject of the first training.

    Raises:
        TrickrunError: the subject cannot become a job.
        OutOfTime: there is no time to fit the batch. Attempts to find a cause that have none are
            left out.
    """
    base = one_batch(subject, size, steps)
    samples = len(base.data.train)
    restraints = subject.restraints()
    search = Search(base, steps, pace=pace)
    fit = search.begin()
    blocked: list[str] = []
    if fit.goal.learnable <= 0:
        findings = [nothing_to_learn(fit, samples)]
    elif fit.fitted:
        findings, blocked = add_back(search, restraints.regularizers)
        findings += conflicting(fit, samples)
    elif not fit.judged:
        findings = [not_judged(fit)]
    else:
        findings, blocked = blockers(search)
        findings += conflicting(fit, samples)
    result: dict[str, Any] = {"left_out": search.left_out} if search.left_out else {}
    switched_off = [regularizer.path for regularizer in restraints.regularizers]
    switched_off += restraints.others
    verdict = Verdict(
        judge(fit, findings),
        describe(fit, search, samples, switched_off, blocked) | result,
        tuple(findings),
        sentence(fit, samples, [subject.called(path) for path in blocked]),
        {"losses": fit.losses},
    )
    return verdict, base


def judge(fit: Fit, findings: list[Finding]) -> Literal["pass", "warn", "fail"]:
    """Return fail if the batch is not fitted, or not with a regularizer of the recipe; warn if that
    is not known."""
    severities = {finding.severity for finding in findings}
    if not fit.judged:
        return "warn"
    if "error" in severities or not fit.fitted:
        return "fail"
    return "warn" if "warning" in severities else "pass"


def one_batch(subject: AnySubject, size: int, steps: int) -> AnySubject:
    """Return what trains on one batch with nothing that regularizes.

    Where classes are so rare that all samples of the batch are of one, it is larger.
    """
    plain = subject.changed({**subject.restraints().off, **length(steps)})
    base = plain.one_batch(size)
    while one_class(base.data) and len(base.data.train) == size < LARGEST:
        size *= 2
        base = plain.one_batch(size)
    return base


def one_class(data: Prepared) -> bool:
    """Whether all training samples have the same class, or the same labels."""
    if data.task.kind == "multilabel":
        return all(share in (0.0, 1.0) for share in data.task.priors)
    classes = data.task.kind == "classification" and not data.task.next_token
    return classes and max(data.task.priors) == 1.0


def describe(
    fit: Fit, search: Search, samples: int, disabled: list[str], blocked: list[str]
) -> dict[str, Any]:
    """Return the check's result for the JSON contract."""
    return {
        "fitted": fit.fitted,
        "steps": fit.steps,
        "initial_loss": fit.initial_loss,
        "final_loss": fit.loss,
        "final_accuracy": fit.accuracy,
        "samples": samples,
        "floor": fit.goal.floor,
        "baseline": fit.goal.baseline,
        "threshold": fit.goal.limit(FITTED),
        "attainable_accuracy": fit.goal.accuracy,
        "disabled": disabled,
        "blocked_by": blocked,
        "tried": [
            {
                "name": name,
                "changes": search.known[name].edit,
                "fitted": other.fitted,
                "steps": other.steps,
                "loss": other.loss,
                "accuracy": other.accuracy,
            }
            for name, other in search.fits.items()
            if name != BASE
        ],
    }


def sentence(fit: Fit, samples: int, blocked: list[str]) -> str:
    """Return the numbers and the threshold in a sentence."""
    right = "" if fit.accuracy is None else f", accuracy {fit.accuracy:.1%}"
    bound = f"{fit.goal.limit(FITTED):.4g} or less counts as fitted"
    if fit.goal.bottomless(fit.loss):
        r2 = fit.score.r2
        right += "" if r2 is None else f", r2 {r2:.4g}"
        bound = (
            "Below 0 the score decides" if fit.judged else "Below 0 there is no known lower bound"
        )
    state = "fitted" if fit.fitted else "not fitted" if fit.judged else "not judged"
    reached = (
        f"{counted(samples, 'sample')} {state} in {counted(fit.steps, 'step')}: loss "
        f"{fit.initial_loss:.4g} -> {fit.loss:.4g}{right}. {bound}"
    )
    if not blocked:
        return reached
    if fit.fitted:
        return f"{reached}. Not fitted with {' or '.join(blocked)} back on"
    return f"{reached}. Blocked by {', '.join(blocked)}"
