"""What a user's own training step does wrong: findings about its behaviour.

There is no edit for code: a finding names the object and what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from trickrun.findings.finding import Finding, Severity

SAME = 0.05
"""Relative difference below which two gradients are the same: mixed precision and other orders of
summation stay well below, one batch's gradient added to another's well above."""

FLIPPED, UNRELATED = -0.5, 0.5
"""Cosine between the gradient that the optimizer got and that of the batch's loss: below the first
it leads uphill, below the second it is another function's. Own; clipping and scaling leave it at 1,
a penalty in the step lowers it a little."""

UPHILL = -0.05
"""Cosine between the change of the weights and minus the gradient below which a step climbs, if all
do. A first step of any usual optimizer is above 0. Own."""

SCALED, CONSTANT = 1e-2, 1e-3
"""Ratio of the optimizer's gradient to the batch's below which a factor is too small, and how much
it may vary over the steps to count as one: a clipped gradient varies with the batches. Own."""

BLIND = 0.95
"""Cosine with the gradient for inputs of zeros from which on it is that one."""

MISPAIRED = 0.1
"""How much nearer a gradient must be to that of shuffled targets than to the batch's own. Own:
in the first steps measured
0.3 for shuffled targets, -0.5 for right ones."""

SUMMED = 0.5
"""Share of the batch size from which on a gradient that is so many times too long is a sum's."""


BEYOND_SUM = 4.0
"""How many times the batch size a gradient may be too long for a sum over the batch to explain it.
Own."""


@dataclass(frozen=True)
class StepLook:
    """What one call of a user's training step did.

    Args:
        stepped: whether it called the optimizer's step.
        changed: whether any weight changed.
        cosine: between the gradient that the optimizer got and that of the batch's loss; None if
            one of them is zero or was not seen.
        ratio: the first one's length over the second's.
        mispaired: cosine with the mean gradient for targets that are shuffled within the batch.
        blind: cosine with the gradient for inputs of zeros.
        accumulated: how far the gradient is from the sum of the batch's and what was left from the
            step before, as a share of its length; None if nothing was left.
        training: whether the forward pass ran in training mode.
        descent: cosine between the weights' change and minus the gradient of the batch's loss; None
            if one of them is zero.
        sets_lr: whether it left another learning rate than the one that it found.
    """

    stepped: bool
    changed: bool
    cosine: float | None
    ratio: float | None
    mispaired: float | None
    blind: float | None
    accumulated: float | None
    training: bool
    descent: float | None = None
    sets_lr: bool = False


@dataclass(frozen=True)
class UserStepBehaviour:
    """What a user's training step did over a few batches.

    Args:
        target: the object, package.module:Name.
        batch_size: samples a batch.
        modes_matter: whether the network has layers that act otherwise in evaluation mode.
        looks: of the first steps.
        steps: how many were taken: more than the looks if nothing changed in these.
        changed: whether any weight changed in them; None: as the looks say.
        untouched: parameters that have a gradient and did not change.
        own_optimizer: whether the optimizer is the user's too, which is looked at by itself.
        adaptive: whether its steps do not depend on the gradient's size; None if that is unknown.
        learned: whether the network has learned something before; None if nobody knows.
    """

    target: str
    batch_size: int
    modes_matter: bool
    looks: Sequence[StepLook]
    steps: int = 4
    changed: bool | None = None
    untouched: Sequence[str] = ()
    own_optimizer: bool = False
    adaptive: bool | None = None
    learned: bool | None = None


def step_findings(e: UserStepBehaviour) -> list[Finding]:
    """Return what is wrong with a training step, gravest first."""
    if not (any(look.changed for look in e.looks) if e.changed is None else e.changed):
        return [nothing_changes(e)]
    rules = (accumulates, direction, climbs, left_out, scaled_down)
    found = next((found for rule in rules if (found := rule(e))), [])
    return [*found, *in_evaluation_mode(e), *sets_lr(e)]


def nothing_changes(e: UserStepBehaviour) -> Finding:
    """Return TR45 for a step that changes no weight."""
    stepped = any(look.stepped for look in e.looks)
    why = f"{e.target} changes no weight in {e.steps} steps: " + (
        "the optimizer gets no gradient, because backward is missing, comes before zero_grad, or "
        "runs on a copy of the model or on detached outputs."
        if stepped
        else "it never calls the optimizer's step."
    )
    numbers = {"stepped": stepped, "steps": e.steps}
    return Finding("TR45", "A step that changes nothing", "error", 0.95, e.target, numbers, why)


def climbs(e: UserStepBehaviour) -> list[Finding]:
    """Return TR33 if all steps move the weights along the gradient of their batch's loss.

    The step may update the weights by itself. What an optimizer of the user's own does with a right
    gradient is not the step's fault.
    """
    descents = [look.descent for look in e.looks if look.descent is not None]
    handed_over = any(look.stepped and look.cosine is not None for look in e.looks)
    if not descents or max(descents) > UPHILL or (e.own_optimizer and handed_over):
        return []
    why = (
        f"{e.target} moves the weights along the gradient of the batch's loss, not against it. "
        f"Training raises the loss (cosine with the negative gradient at most {max(descents):.2f} "
        f"in {len(descents)} steps). Look for a missing minus sign in the update."
    )
    numbers = {"cosines": descents}
    return [Finding("TR33", "The step climbs", "error", 0.95, e.target, numbers, why)]


def scaled_down(e: UserStepBehaviour) -> list[Finding]:
    """Return TR74 if every gradient is made smaller by the same large factor, which a clip is not.

    An adaptive optimizer makes up for it.
    """
    ratios = [look.ratio for look in e.looks if look.ratio is not None]
    if e.adaptive is not False or len(ratios) < 2:
        return []
    low, high = min(ratios), max(ratios)
    if high > SCALED or high - low > CONSTANT * high:
        return []
    why = (
        f"The gradient that {e.target} gives the optimizer is always {high:.3g} times that of the "
        "batch's loss. Look for a division that is applied twice. The learning rate that "
        "compensates for it is outside the usual range."
    )
    name, numbers = "Your training step: gradient scaled down", {"ratio": high}
    return [Finding("TR74", name, "error", 0.7, e.target, numbers, why)]


def left_out(e: UserStepBehaviour) -> list[Finding]:
    """Return TR45 for parameters that have a gradient and that the step never changes."""
    if not e.untouched or e.own_optimizer:
        return []
    names = list(e.untouched)
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    why = (
        f"In {e.steps} steps {e.target} never changes {some}, although the batch's loss depends on "
        "them. Look for a detach, and for updates of only some parameters."
    )
    severity: Severity = "warning" if e.learned else "error"
    confidence = 0.9 if e.learned is False else 0.7
    name = "Parameters that the step leaves out"
    numbers = {"parameters": names, "steps": e.steps}
    return [Finding("TR45", name, severity, confidence, e.target, numbers, why)]


def sets_lr(e: UserStepBehaviour) -> list[Finding]:
    """Return TR74 for a step that changes the learning rate, which is set again before the next."""
    if not all(look.sets_lr for look in e.looks):
        return []
    why = (
        f"{e.target} changes the optimizer's learning rate, as a scheduler's step does. The loop "
        "sets it before each step, so that has no effect. Use optimizer.schedule."
    )
    name = "Your training step: a schedule without effect"
    numbers = {"steps": len(e.looks)}
    return [Finding("TR74", name, "warning", 0.8, e.target, numbers, why)]


def accumulates(e: UserStepBehaviour) -> list[Finding]:
    """Return TR46 if what the optimizer gets is the sum of this gradient and the last ones.

    Gradients that add up between two calls of the optimizer are meant to; here only steps count
    whose predecessor called it too.
    """
    pairs = [after for before, after in pairwise(e.looks) if before.stepped and after.stepped]
    left = [look.accumulated for look in pairs if look.accumulated is not None]
    if not left or len(left) < len(pairs) or max(left) > SAME:
        return []
    numbers = {"difference": max(left), "steps": len(left)}
    why = (
        f"Each time {e.target} calls the optimizer, the gradient is the sum of this batch's and "
        "all earlier ones: nothing clears it. Call optimizer.zero_grad() before backward."
    )
    name = "Gradients not cleared between steps"
    return [Finding("TR46", name, "error", 0.97, e.target, numbers, why)]


def direction(e: UserStepBehaviour) -> list[Finding]:
    """Return what is wrong with the gradient that the optimizer gets: TR33, TR74 or TR21."""
    cosines = [look.cosine for look in e.looks if look.cosine is not None]
    ratios = [look.ratio for look in e.looks if look.ratio is not None]
    if not cosines:
        return []
    cosine, ratio = fmean(cosines), fmean(ratios)
    numbers = {"cosine": cosine, "ratio": ratio, "batch_size": e.batch_size}
    if cosine < FLIPPED:
        why = (
            f"The gradient that {e.target} gives the optimizer points away from that of the "
            f"batch's loss (cosine {cosine:.2f}). Training raises the loss. Look for a minus sign."
        )
        return [Finding("TR33", "Flipped gradient", "error", 0.95, e.target, numbers, why)]
    if cosine < UNRELATED:
        return [another_gradient(e, cosine)]
    if ratio <= max(2.0, SUMMED * e.batch_size):
        return []
    why = (
        f"The gradient that {e.target} gives the optimizer is {ratio:.3g} times that of the "
        f"batch's loss, with {e.batch_size} samples: "
    )
    if ratio > BEYOND_SUM * e.batch_size:
        why += "a factor makes it even larger than a sum over the batch would."
        name = "Your training step: gradient scaled up"
        return [Finding("TR74", name, "error", 0.8, e.target, numbers, why)]
    why += "it sums over the batch."
    name = "Sum over the batch instead of mean"
    return [Finding("TR21", name, "error", 0.85, e.target, numbers, why)]


def another_gradient(e: UserStepBehaviour, cosine: float) -> Finding:
    """Return TR14 or TR10 if the gradient looks like that of no inputs, or of targets of other
    samples; else TR74."""
    blind = [look.blind for look in e.looks if look.blind is not None]
    shuffled = [look.mispaired for look in e.looks if look.mispaired is not None]
    mispaired = fmean(shuffled) if shuffled else 0.0
    numbers = {"cosine": cosine, "with_shuffled_targets": mispaired}
    why = (
        f"The gradient that {e.target} gives the optimizer is not that of the batch's loss (cosine "
        f"{cosine:.2f})"
    )
    if blind and fmean(blind) > BLIND:
        why += ". It is the gradient for inputs of zeros, so the step does not pass the inputs on."
        name, numbers = "Inputs ignored", {**numbers, "with_zero_inputs": fmean(blind)}
        return Finding("TR14", name, "error", 0.9, e.target, numbers, why)
    if mispaired > cosine + MISPAIRED:
        why += (
            f". It is nearer to that for targets shuffled within the batch ({mispaired:.2f}), so "
            "inputs and targets are no longer pairs there."
        )
        name = "Targets shuffled against inputs"
        return Finding("TR10", name, "error", 0.9, e.target, numbers, why)
    name = "Your training step: another gradient"
    why += ". It minimizes something else."
    return Finding("TR74", name, "error", 0.85, e.target, numbers, why)


def in_evaluation_mode(e: UserStepBehaviour) -> list[Finding]:
    """Return TR47 if the step trains a network that it has put into evaluation mode."""
    if all(look.training for look in e.looks):
        return []
    why = (
        f"{e.target} runs the network in evaluation mode while it trains. Dropout does nothing and "
        "batch norm updates no statistics. Call model.train() before the forward pass."
    )
    name = "Trains in evaluation mode"
    numbers = {"modes_matter": e.modes_matter}
    severity: Severity = "error" if e.modes_matter else "info"
    return [Finding("TR47", name, severity, 0.9, e.target, numbers, why)]
