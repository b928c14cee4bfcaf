"""Step 2: can the network fit one small batch, and if it cannot, what keeps it from that?"""

from __future__ import annotations

from typing import Any, Literal

from trickrun.checks.overfit_batch.arms import Arm, length
from trickrun.checks.overfit_batch.findings import conflicting, not_judged, nothing_to_learn
from trickrun.checks.overfit_batch.goal import FITTED
from trickrun.checks.overfit_batch.regularizers_back import declared
from trickrun.checks.overfit_batch.search import Search, add_back, blockers
from trickrun.checks.verdict import Verdict, derive
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.diagnose.finding import Finding
from trickrun.errors import DataError
from trickrun.recipe.load import Loaded

SIZE = 32
STEPS = 500
"""Twice what the slowest healthy network that was measured needs (see FITTED)."""

LARGEST = 1024
"""Samples that a batch is enlarged to, at most."""


def overfit_batch(loaded: Loaded, size: int = SIZE, steps: int = STEPS) -> tuple[Verdict, Loaded]:
    """Train on one batch until it is fitted; find what keeps the network from it.

    Args:
        size: samples of the batch, stratified; the whole training split if that has fewer.
        steps: at most so many optimizer steps, and half as many for each attempt to find a cause.

    Returns:
        The verdict, and the recipe of the first training.

    Raises:
        TrickrunError: the recipe cannot become a job.
    """
    base, data = one_batch(loaded, size, steps)
    regularizers = declared(loaded)
    search = Search(base, data, steps)
    arm = search.run("base", {})
    assert arm is not None
    if arm.goal.learnable <= 0:
        findings = [nothing_to_learn(arm, len(data.train))]
        blocked: list[str] = []
    elif arm.fitted:
        findings, blocked = add_back(search, regularizers)
        findings += conflicting(arm, len(data.train))
    elif not arm.judged:
        findings, blocked = [not_judged(arm)], []
    else:
        findings, blocked = blockers(search, loaded)
        findings += conflicting(arm, len(data.train))
    switched_off = [regularizer.path for regularizer in regularizers] + other_limits(loaded)
    result = describe(arm, search, len(data.train), switched_off, blocked)
    verdict = Verdict(
        judge(arm, findings),
        result,
        tuple(findings),
        sentence(arm, len(data.train), blocked),
        {"losses": arm.losses},
    )
    return verdict, base


def judge(arm: Arm, findings: list[Finding]) -> Literal["pass", "warn", "fail"]:
    """Return fail if the batch is not fitted, or not with a regularizer of the recipe; warn if that
    is not known."""
    severities = {finding.severity for finding in findings}
    if not arm.judged:
        return "warn"
    if "error" in severities or not arm.fitted:
        return "fail"
    return "warn" if "warning" in severities else "pass"


def one_batch(loaded: Loaded, size: int, steps: int) -> tuple[Loaded, Prepared]:
    """Return the recipe that trains on one batch with nothing that regularizes, and its data.

    Where classes are so rare that all samples of the batch are of one, it is larger.
    """
    base, data = batch_of(loaded, size, steps)
    while one_class(data) and len(data.train) == size < LARGEST:
        size *= 2
        base, data = batch_of(loaded, size, steps)
    return base, data


def one_class(data: Prepared) -> bool:
    """Whether all training samples have the same class."""
    classes = data.task.kind == "classification" and not data.task.next_token
    return classes and max(data.task.priors) == 1.0


def batch_of(loaded: Loaded, size: int, steps: int) -> tuple[Loaded, Prepared]:
    """Return the recipe that trains on ``size`` samples as one batch, and its data."""
    subset = loaded.recipe.data.subset
    changes: dict[str, Any] = {
        "data.subset": {"n": min(size, subset.n) if subset is not None else size},
        "data.batch_size": "full",
        "train.accumulate": None,
        "train.batch_ramp": None,
        "train.gradual_unfreezing": None,
        "regularizers": None,
        "augmentation": None,
        "early_stopping": None,
        "optimizer.schedule": {"kind": "constant"},
        **length(steps),
    }
    if getattr(loaded.recipe.optimizer, "weight_decay", 0.0):
        changes["optimizer.weight_decay"] = 0.0
    base = derive(loaded, changes)
    try:
        return base, prepare(base.recipe.data, base.folder)
    except DataError as error:
        if error.where != "data.subset.n":
            raise
    base = derive(loaded, {**changes, "data.subset": None})
    return base, prepare(base.recipe.data, base.folder)


def other_limits(loaded: Loaded) -> list[str]:
    """Return what else of the recipe is switched off, as recipe paths."""
    limits = []
    if loaded.recipe.optimizer.schedule.kind_name != "constant":
        limits.append("optimizer.schedule")
    if loaded.recipe.early_stopping is not None:
        limits.append("early_stopping")
    if loaded.recipe.train.batch_ramp is not None:
        limits.append("train.batch_ramp")
    if loaded.recipe.train.gradual_unfreezing is not None:
        limits.append("train.gradual_unfreezing")
    return limits


def describe(
    arm: Arm, search: Search, samples: int, disabled: list[str], blocked: list[str]
) -> dict[str, Any]:
    """Return the check's result for the JSON contract."""
    return {
        "fitted": arm.fitted,
        "steps": arm.steps,
        "initial_loss": arm.initial_loss,
        "final_loss": arm.loss,
        "final_accuracy": arm.accuracy,
        "samples": samples,
        "floor": arm.goal.floor,
        "baseline": arm.goal.baseline,
        "threshold": arm.goal.limit(FITTED),
        "attainable_accuracy": arm.goal.accuracy,
        "disabled": disabled,
        "blocked_by": blocked,
        "tried": [
            {
                "name": name,
                "changes": other.changes,
                "fitted": other.fitted,
                "steps": other.steps,
                "loss": other.loss,
                "accuracy": other.accuracy,
            }
            for name, other in search.arms.items()
            if name != "base"
        ],
    }


def sentence(arm: Arm, samples: int, blocked: list[str]) -> str:
    """Return the numbers and the threshold in a sentence."""
    right = "" if arm.accuracy is None else f", accuracy {arm.accuracy:.1%}"
    fitted = f"fitted is {arm.goal.limit(FITTED):.4g} and below"
    if arm.goal.bottomless(arm.loss):
        r2 = arm.score.r2
        right += "" if r2 is None else f", r2 {r2:.4g}"
        fitted = "below 0 the score decides" if arm.judged else "below 0 no floor is known"
    reached = (
        f"loss {arm.initial_loss:.4g} -> {arm.loss:.4g}{right} on {samples} samples in "
        f"{arm.steps} steps; {fitted}"
    )
    if not blocked:
        return reached
    if arm.fitted:
        return f"{reached}, but not with {' or '.join(blocked)} back on"
    return f"{reached}; blocked by {', '.join(blocked)}"
