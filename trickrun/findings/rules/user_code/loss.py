"""What a user's own loss does wrong: findings about its behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trickrun.findings.finding import Finding, Severity

FLIPPED = -0.5
"""Cosine between the gradients of a user's loss and of the usual one below which it leads away."""

SQUASHED = 0.4
"""What certain and right answers may cost of what undecided ones do. Label smoothing of 0.1 leaves
0.2 for ten classes; a second softmax leaves 0.63 for ten, 0.45 for two."""


REACHED = {"classification": 0.6, "regression": 0.5}
"""Share of the classes, or of the targets' variance, that free answers must get right when they
follow a loss's gradient. Own: with the usual losses, label smoothing, class weights, focal and
robust ones they reach 0.9 and more."""

NAME = "Your loss"


@dataclass(frozen=True)
class UserLossBehaviour:
    """What a user's loss does with predictions.

    Args:
        target: the object, package.module:Name.
        cosine: between its gradient by the predictions and that of the task's usual loss.
        floor: the lowest loss of certain and right answers over that of undecided ones; None for
            values, and if the most certain ones cost more than others.
        constant: whether it has no gradient at random predictions.
        ignores_targets: whether other targets leave it as it is; None if all targets are alike.
        reached: accuracy, or R², of free answers that followed its gradient.
        task: of the data.
        not_finite: the answers for which it, or its gradient, is not finite; empty: none.
    """

    target: str
    cosine: float | None
    floor: float | None
    constant: bool = False
    ignores_targets: bool | None = None
    reached: float | None = None
    task: Literal["classification", "regression", "multilabel"] = "classification"
    not_finite: str = ""


def loss_findings(e: UserLossBehaviour) -> list[Finding]:
    """Return what is wrong with a user's loss, gravest first: TR33, TR26 or TR96."""
    rules = (without_targets, flipped, leads_elsewhere, squashes)
    found = next((found for rule in rules if (found := rule(e))), [])
    return [*found, *not_finite(e)]


def without_targets(e: UserLossBehaviour) -> list[Finding]:
    """Return TR96 for a loss that depends on no prediction, or on no target."""
    if e.constant:
        why = (
            f"{e.target} has a gradient of 0 at random predictions. It does not depend on them, or "
            "only in steps. Look for rounding, argmax, a clamp, or a factor of 0."
        )
        name = f"{NAME}: it does not depend on the predictions"
    elif e.ignores_targets:
        why = (
            f"{e.target} is the same for all targets, so minimizing it does not bring the "
            "predictions closer to them."
        )
        name = f"{NAME}: it does not depend on the targets"
    else:
        return []
    numbers = {"constant": e.constant, "ignores_targets": e.ignores_targets}
    return [Finding("TR96", name, "error", 0.95, e.target, numbers, why)]


def flipped(e: UserLossBehaviour) -> list[Finding]:
    """Return TR33 for a loss that wants the opposite of the usual one."""
    if e.cosine is None or e.cosine >= FLIPPED:
        return []
    why = (
        f"{e.target} pulls the predictions away from where the usual loss pulls them (cosine of "
        f"the gradients {e.cosine:.2f}). Minimizing it makes answers worse. Look for a minus sign."
    )
    return [Finding("TR33", "Flipped loss", "error", 0.95, e.target, {"cosine": e.cosine}, why)]


def squashes(e: UserLossBehaviour) -> list[Finding]:
    """Return TR26 for a loss that certain answers cannot lower."""
    if e.floor is None or e.floor <= SQUASHED:
        return []
    why = (
        f"Even for certain and right logits, {e.target} is at least {e.floor:.0%} of its value for "
        "undecided ones. It squashes the logits, as a softmax before a loss that takes logits "
        "does."
    )
    name = "Logits squashed before the loss"
    return [Finding("TR26", name, "error", 0.85, e.target, {"floor": e.floor}, why)]


def leads_elsewhere(e: UserLossBehaviour) -> list[Finding]:
    """Return TR96 for a loss whose gradient does not lead to the targets.

    Values may be wanted in another form, such as their logarithm: that is a warning.
    """
    if e.reached is None or e.reached >= REACHED[e.task]:
        return []
    classes = e.task == "classification"
    what = "of the classes right" if classes else "of the targets' variance explained"
    why = (
        f"Free answers that follow the gradient of {e.target} end with {e.reached:.0%} {what}: the "
        "loss does not lead to the targets. Check which target is compared with which prediction, "
        "and the axis of any softmax or mean."
    )
    severity: Severity = "error" if classes else "warning"
    name = f"{NAME}: it does not lead to the targets"
    return [Finding("TR96", name, severity, 0.75, e.target, {"reached": e.reached}, why)]


def not_finite(e: UserLossBehaviour) -> list[Finding]:
    """Return TR96 for a loss that is not finite for answers that training may reach."""
    if not e.not_finite:
        return []
    why = (
        f"{e.target} or its gradient is NaN or infinite for {e.not_finite}. Look for a logarithm, "
        "a division or a root of 0. The losses in torch.nn.functional that take logits avoid it."
    )
    severity: Severity = "error" if e.task == "classification" else "warning"
    name = f"{NAME}: it is not finite everywhere"
    return [Finding("TR96", name, severity, 0.75, e.target, {"answers": e.not_finite}, why)]


def no_gradient(target: str, why: str, hint: str) -> Finding:
    """Return TR96 for a loss that cannot be minimized, because it has no gradient at all."""
    why = f"{why[0].upper()}{why[1:]}. {hint[0].upper()}{hint[1:]}."
    return Finding("TR96", f"{NAME}: it has no gradient", "error", 0.95, target, {}, why)
