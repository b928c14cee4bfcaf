"""What `overfit-batch` says: findings from the trainings that it compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from trickrun.checks.overfit_batch.arms import Arm
from trickrun.checks.overfit_batch.regularizers_back import Regularizer
from trickrun.checks.overfit_batch.suspects import Suspect
from trickrun.diagnose.finding import Finding
from trickrun.models.python import PythonModel
from trickrun.recipe.load import Loaded


def numbers(arm: Arm) -> dict[str, Any]:
    """Return what an arm reached, as evidence."""
    return {
        "loss": arm.loss,
        "accuracy": arm.accuracy,
        "steps": arm.steps,
        "floor": arm.goal.floor,
        "baseline": arm.goal.baseline,
    }


def alternatives(
    alone: list[Suspect], arms: Mapping[str, Arm], label: Callable[[Suspect], str]
) -> list[Finding]:
    """Return a finding for each part whose replacement alone fits the batch, fastest first.

    Of several values for the same part only the fastest is kept, and no section if a part of it
    is enough. The first is the likeliest cause; the others are further ways out.
    """
    base = arms["base"]
    findings: list[Finding] = []
    for suspect in alone:
        if any(finding.where == suspect.path for finding in findings):
            continue
        if any(other.path.startswith(f"{suspect.path}.") for other in alone):
            continue
        arm = arms[label(suspect)]
        first = not findings
        findings.append(
            Finding(
                suspect.code,
                suspect.name,
                "error" if first else "warning",
                0.9 if first else 0.5,
                suspect.path,
                {**numbers(base), "steps_after": arm.steps, "initial_loss": base.initial_loss},
                suspect.why,
                suspect.changes,
                {"before": base.loss, "after": arm.loss},
            )
        )
    return findings


def combined(needed: list[Suspect], changes: dict[str, Any], base: Arm, arm: Arm) -> Finding:
    """Return the finding for parts that have to be replaced together."""
    main = needed[0]
    names = ", ".join(suspect.path for suspect in needed)
    why = f"No single replacement lets the batch be fitted, but these together do: {names}."
    confirmed = {"before": base.loss, "after": arm.loss}
    return Finding(
        main.code, main.name, "error", 0.7, main.path, numbers(base), why, changes, confirmed
    )


def unexplained(loaded: Loaded, arms: Mapping[str, Arm]) -> Finding:
    """Return the finding for a batch that nothing tried could fit."""
    base = arms["base"]
    if not base.judged:
        return not_judged(base)
    own = isinstance(loaded.recipe.model, PythonModel)
    where = "model" if own else "data"
    look = "Look at your model's code" if own else "Look at the data, and at how it is loaded"
    state = "diverged" if not math.isfinite(base.loss) else f"stays at {base.loss:.4g}"
    others = len(arms) - 1
    none = (
        f", and none of {others} replacements of parts of this recipe lets the batch be fitted in "
        "half of the steps"
    )
    why = f"The loss {state}{none if others else ''}. {look}, or allow more steps."
    return Finding("TR73", "Cannot fit one batch", "error", 0.5, where, numbers(base), why)


def not_judged(arm: Arm) -> Finding:
    """Return the remark that nothing tells whether the batch is fitted."""
    explains = "" if arm.score.r2 is None else f", and its outputs have an r2 of {arm.score.r2:.3g}"
    why = (
        f"Your loss is {arm.loss:.4g} at the end{explains}. Below 0 nothing says how low it can "
        "get, so whether the batch is fitted cannot be told: add what makes it 0 at best."
    )
    evidence = {**numbers(arm), "r2": arm.score.r2}
    return Finding("TR73", "Batch not judged", "info", 0.3, "loss", evidence, why)


def nothing_to_learn(arm: Arm, samples: int) -> Finding:
    """Return the finding for a batch whose best answer does not depend on the input."""
    alike = arm.goal.conflicts == samples
    name = "All inputs alike" if alike else "All targets of the batch alike"
    why = (
        f"All {samples} samples of the batch have the same input: no network can tell them apart."
        if alike
        else f"All {samples} samples of the batch have the same target: there is nothing to fit."
    )
    return Finding("TR04" if alike else "TR07", name, "error", 0.9, "data", numbers(arm), why)


def conflicting(arm: Arm, samples: int) -> list[Finding]:
    """Return TR15 if samples of the batch share their input but not their target."""
    if not arm.goal.conflicts:
        return []
    why = (
        f"{arm.goal.conflicts} of {samples} samples share their input with a sample of another "
        f"target, so no network gets below a loss of {arm.goal.floor:.4g}."
    )
    evidence = {"conflicts": arm.goal.conflicts, "floor": arm.goal.floor}
    return [Finding("TR15", "Equal inputs, other targets", "warning", 0.9, "data", evidence, why)]


def regularizer_blocks(
    regularizer: Regularizer, arm: Arm, cure: Arm | None, without: Arm
) -> Finding:
    """Return the finding for a regularizer with which the batch cannot be fitted.

    Args:
        arm: the training with it.
        cure: the training with it weaker, if that was tried.
        without: the training with no regularizer at all.
    """
    cured = cure is not None and cure.fitted
    after = cure if cure is not None and cured else without
    why = (
        f"Without regularizers the batch is fitted; with this one alone {left(arm):.0%} of what "
        f"there is to learn is left after {arm.steps} steps."
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
        numbers(arm),
        why,
        regularizer.edit if cured else {regularizer.path: None},
        {"before": arm.loss, "after": after.loss},
    )


def together_too_much(regularizers: list[Regularizer], arm: Arm, without: Arm) -> Finding:
    """Return the finding for regularizers that are bearable one by one but not together."""
    names = ", ".join(regularizer.path for regularizer in regularizers)
    why = (
        f"With each of {names} alone the batch is fitted, with all of them {left(arm):.0%} of what "
        f"there is to learn is left after {arm.steps} steps. Weaken the strongest."
    )
    evidence = {**numbers(arm), "without": without.loss}
    name = "Regularized too strongly together"
    return Finding("TR50", name, "warning", 0.6, "regularizers", evidence, why)


def left(arm: Arm) -> float:
    """Return the share of what there is to learn that an arm left."""
    missing = arm.goal.missing(arm.score)
    if arm.goal.bottomless(arm.loss) and missing is not None:
        return missing
    return (arm.loss - arm.goal.floor) / arm.goal.learnable
