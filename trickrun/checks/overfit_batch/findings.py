"""What `overfit-batch` says: findings from the trainings that it compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from trickrun.checks.interventions.parts import Alternatives, Regularizer, Replacement
from trickrun.checks.overfit_batch.fit import Fit
from trickrun.findings.finding import Finding


def numbers(fit: Fit) -> dict[str, Any]:
    """Return what a training reached, as evidence."""
    return {
        "loss": fit.loss,
        "accuracy": fit.accuracy,
        "steps": fit.steps,
        "floor": fit.goal.floor,
        "baseline": fit.goal.baseline,
    }


def alternatives(alone: Sequence[Replacement], fits: Mapping[str, Fit]) -> list[Finding]:
    """Return a finding for each part whose replacement alone fits the batch, fastest first.

    Of several values for the same part only the fastest is kept, and no section if a part of it
    is enough. The first is the likeliest cause; the others are further ways out.
    """
    base = fits["base"]
    findings: list[Finding] = []
    for replacement in alone:
        if any(finding.where == replacement.path for finding in findings):
            continue
        if any(other.path.startswith(f"{replacement.path}.") for other in alone):
            continue
        fit = fits[replacement.label]
        first = not findings
        findings.append(
            Finding(
                replacement.code,
                replacement.name,
                "error" if first else "warning",
                0.9 if first else 0.5,
                replacement.path,
                {**numbers(base), "steps_after": fit.steps, "initial_loss": base.initial_loss},
                replacement.why,
                replacement.edit,
                {"before": base.loss, "after": fit.loss},
            )
        )
    return findings


def combined(
    needed: Sequence[Replacement], changes: dict[str, Any], base: Fit, fit: Fit
) -> Finding:
    """Return the finding for parts that have to be replaced together."""
    main = needed[0]
    names = ", ".join(replacement.path for replacement in needed)
    why = f"No single replacement makes the batch fit, but these together do: {names}."
    confirmed = {"before": base.loss, "after": fit.loss}
    return Finding(
        main.code, main.name, "error", 0.7, main.path, numbers(base), why, changes, confirmed
    )


def unexplained(fits: Mapping[str, Fit], found: Alternatives) -> Finding:
    """Return the finding for a batch that nothing tried could fit."""
    base = fits["base"]
    if not base.judged:
        return not_judged(base)
    # Only a network of the user's own is replaced as a whole.
    own = any(part.path == "model" for part in found.parts)
    where = "model" if own else "data"
    look = "Check your model's code" if own else "Check the data and how it is loaded"
    state = "diverged" if not math.isfinite(base.loss) else f"stays at {base.loss:.4g}"
    others = len(fits) - 1
    none = (
        f", and none of {others} replacements of parts of this recipe makes the batch fit in half "
        "of the steps"
    )
    why = f"The loss {state}{none if others else ''}. {look}, or allow more steps."
    return Finding("TR73", "Cannot fit one batch", "error", 0.5, where, numbers(base), why)


def not_judged(fit: Fit) -> Finding:
    """Return the remark that nothing tells whether the batch is fitted."""
    explains = "" if fit.score.r2 is None else f", and its outputs have an r2 of {fit.score.r2:.3g}"
    why = (
        f"Your loss is {fit.loss:.4g} at the end{explains}. It has no known lower bound below 0, "
        "so it cannot be judged whether the batch is fitted. Add the term that makes it 0 at "
        "best."
    )
    evidence = {**numbers(fit), "r2": fit.score.r2}
    return Finding("TR73", "Batch not judged", "info", 0.3, "loss", evidence, why)


def nothing_to_learn(fit: Fit, samples: int) -> Finding:
    """Return the finding for a batch whose best answer does not depend on the input."""
    alike = fit.goal.conflicts == samples
    name = "All inputs alike" if alike else "All targets of the batch alike"
    why = (
        f"All {samples} samples of the batch have the same input, so no network can tell them "
        "apart."
        if alike
        else (
            f"All {samples} samples of the batch have the same target, so there is nothing to fit."
        )
    )
    return Finding("TR04" if alike else "TR07", name, "error", 0.9, "data", numbers(fit), why)


def conflicting(fit: Fit, samples: int) -> list[Finding]:
    """Return TR15 if samples of the batch share their input but not their target."""
    if not fit.goal.conflicts:
        return []
    why = (
        f"{fit.goal.conflicts} of {samples} samples share their input with a sample that has "
        f"another target. No network gets below a loss of {fit.goal.floor:.4g}."
    )
    evidence = {"conflicts": fit.goal.conflicts, "floor": fit.goal.floor}
    return [
        Finding("TR15", "Equal inputs, different targets", "warning", 0.9, "data", evidence, why)
    ]


def regularizer_blocks(
    regularizer: Regularizer, fit: Fit, cure: Fit | None, without: Fit
) -> Finding:
    """Return the finding for a regularizer with which the batch cannot be fitted.

    Args:
        fit: the training with it.
        cure: the training with it weaker, if that was tried.
        without: the training with no regularizer at all.
    """
    cured = cure is not None and cure.fitted
    after = cure if cure is not None and cured else without
    why = (
        f"The batch is fitted without regularizers. With this one alone, {left(fit):.0%} of what "
        f"there is to learn is left after {fit.steps} steps."
    )
    name = "Dropout too high" if regularizer.code == "TR49" else "Regularized too strongly"
    if regularizer.code == "TR18":
        name = "Destructive augmentation"
    return Finding(
        regularizer.code,
        name,
        "error",
        0.9,
        regularizer.path,
        numbers(fit),
        why,
        regularizer.edit if cured else taken_out(regularizer.path),
        {"before": fit.loss, "after": after.loss},
    )


def taken_out(path: str) -> dict[str, float | None]:
    """Return the edit that takes out the regularizer at ``path``: an optimizer without a decay of
    its own has the default one."""
    return {path: 0.0 if path.startswith("optimizer.") else None}


def together_too_much(regularizers: Sequence[Regularizer], fit: Fit, without: Fit) -> Finding:
    """Return the finding for regularizers that are bearable one by one but not together."""
    names = ", ".join(regularizer.path for regularizer in regularizers)
    why = (
        f"The batch is fitted with each of {names} alone. With all of them, {left(fit):.0%} of "
        f"what there is to learn is left after {fit.steps} steps. Weaken the strongest."
    )
    evidence = {**numbers(fit), "without": without.loss}
    name = "Regularized too strongly together"
    return Finding("TR50", name, "warning", 0.6, "regularizers", evidence, why)


def left(fit: Fit) -> float:
    """Return the share of what there is to learn that a training left."""
    missing = fit.goal.missing(fit.score)
    if fit.goal.bottomless(fit.loss) and missing is not None:
        return missing
    return (fit.loss - fit.goal.floor) / fit.goal.learnable
