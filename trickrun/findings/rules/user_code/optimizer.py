"""What a user's own optimizer does wrong: findings about its behaviour.

It is called several times with one gradient, with minus that gradient and with a smaller one, and
with smaller learning rates. Nothing here depends on what training makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from trickrun.findings.finding import Finding, Severity

UPHILL = -0.05
"""Cosine between what a gradient makes of all weights and minus that gradient below which the rule
climbs. A rule that scales each entry, or each matrix, by something positive is above 0 whatever it
scales by. Own."""

PART_UPHILL = -0.5
"""The same for one parameter: a rule that scales all parameters together may turn one of them by
more than a right angle, but hardly around. Own."""

UNUSED = 1e-3
"""Share of the way below which the gradient has no part in it. Own: what decay and noise make is
rarely a thousand times what the gradient makes."""

IGNORED = 0.9
"""Length of the way with a tenth of the lr over that with all of it from which on the lr is not
used: a rule that uses it is at 0.1, or at 0.01 if it does so twice. Own."""

OUT_OF_SIZE = 1e3
"""How many times a step may be longer than those of sgd and adam with this lr, or shorter. Own:
trust ratios, clipping and natural gradients change lengths tenfold to a hundredfold."""

GROWING = 2.5
"""Length of the last step over the mean one from which on a rule still finds its step size, as
D-adaptation does. Momentum 0.99 makes 1.9 over 16 calls."""

DECAYED = 3e-3
"""Share of the weights that a step takes off from which on decay wins: adamw's weight decay of 3 at
lr 1e-3, where values up to 1 are in use (Loshchilov & Hutter 2019)."""

BEYOND = 10.0
"""How many times a decay may be what the arguments state before it counts as another one. Own."""

GROWN = 1e-3
"""Share by which a step may enlarge all weights whatever the gradient is. Own: within a thousand
steps they are three times as large."""

NAME = "Your optimizer"


@dataclass(frozen=True)
class UserOptimizerBehaviour:
    """What a user's optimizer makes of a gradient. None is unknown.

    Args:
        target: the object, package.module:Name.
        lr: the recipe's learning rate.
        calls: how often it was called, each time with the same gradient.
        broken: where weights are no longer finite: only where the gradient is 0, or anywhere.
        alignment: cosine between what the gradient makes of the weights and minus the gradient.
        alignments: the same by parameter.
        loss: the batch's loss before and after a short piece of the whole way.
        untouched: parameters that have a gradient and did not change.
        untouched_share: their share of the trainable numbers.
        unlisted: whether none of them is in a group of the optimizer.
        learned: whether the network has learned something before; None if nobody knows.
        used: length of the part of the way that the gradient makes, over that of the whole.
        with_less_gradient, with_less_lr, with_less_scheduled_lr: length of the way with a tenth of
            the gradient, of the lr that the optimizer is built with, and of the lr in its groups,
            over that of the way as it is.
        scheduled: whether the recipe changes the lr while it trains.
        step: mean length of a step that the gradient makes.
        usual_steps: the same of sgd and of adam with this lr.
        last_step: length of the last step.
        decay: share of the weights that a step takes off whatever the gradient is.
        stated_decay: weight decay that the arguments or the optimizer's groups state.
        usual: the edit that puts a built-in optimizer with the same lr in its place.
    """

    target: str
    lr: float
    calls: int
    broken: Literal["zeros", "any"] | None = None
    alignment: float | None = None
    alignments: Mapping[str, float] = field(default_factory=dict)
    loss: tuple[float, float] | None = None
    untouched: Sequence[str] = ()
    untouched_share: float = 0.0
    unlisted: bool = False
    learned: bool | None = None
    used: float | None = None
    with_less_gradient: float | None = None
    with_less_lr: float | None = None
    with_less_scheduled_lr: float | None = None
    scheduled: bool = False
    step: float | None = None
    usual_steps: tuple[float, float] | None = None
    last_step: float | None = None
    decay: float | None = None
    stated_decay: float = 0.0
    usual: dict[str, Any] | None = None


def optimizer_findings(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return what is wrong with a user's optimizer, gravest first."""
    if e.broken is not None:
        return [not_finite(e)]
    if e.untouched_share == 1.0:
        return untouched(e)
    direction = climbs(e) or climbs_in_part(e) or gradient_unused(e)
    if direction:
        return [*direction, *untouched(e)]
    return [*untouched(e), *lr_unused(e), *out_of_size(e), *decays(e)]


def not_finite(e: UserOptimizerBehaviour) -> Finding:
    """Return TR95 for weights that are no numbers after some calls with a finite gradient."""
    why = f"{e.calls} calls of {e.target} with a finite gradient leave NaN or infinite weights"
    if e.broken == "zeros":
        why += " where the gradient is 0. It divides by the size of the gradient without an eps."
    else:
        why += ". Look for a division, a root or a logarithm in it."
    return Finding(
        "TR95",
        f"{NAME}: weights that are not finite",
        "error",
        0.95,
        e.target,
        {"broken": e.broken, "calls": e.calls},
        why,
        e.usual,
    )


def climbs(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR33 for an optimizer that steps along the gradient."""
    if e.alignment is None or e.alignment > UPHILL:
        return []
    why = (
        f"{e.target} moves the weights along the gradient, not against it (cosine with the "
        f"negative gradient {e.alignment:.2f})"
    )
    if e.loss is not None and e.loss[1] > e.loss[0]:
        why += (
            f". A short piece of its way raises the batch's loss from {e.loss[0]:.4g} to "
            f"{e.loss[1]:.4g}"
        )
    why += ". Look for a missing minus sign in the update."
    numbers = {"cosine": e.alignment, "loss": e.loss}
    return [Finding("TR33", "The optimizer climbs", "error", 0.95, e.target, numbers, why, e.usual)]


def climbs_in_part(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR33 for an optimizer that turns the gradient of some parameters around."""
    against = {name: cosine for name, cosine in e.alignments.items() if cosine < PART_UPHILL}
    if not against:
        return []
    why = (
        f"{e.target} moves {listed(list(against))} along the gradient, not against it (cosine with "
        f"the negative gradient at most {max(against.values()):.2f}), and the others against it. "
        "Look for a sign that depends on the parameter."
    )
    name = "The optimizer climbs in some parameters"
    return [Finding("TR33", name, "error", 0.9, e.target, {"cosines": against}, why, e.usual)]


def gradient_unused(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR95 for an optimizer that does the same with a gradient and with minus that."""
    if e.used is None or e.used > UNUSED:
        return []
    why = f"{e.target} moves the weights in the same way with a gradient and with its negative"
    if e.with_less_gradient is not None and e.with_less_gradient < IGNORED:
        why += ". It uses the size of the gradient and loses its sign."
    else:
        why += ". It does not use the gradient. Check whether it reads p.grad at each step."
    numbers = {"used": e.used, "with_less_gradient": e.with_less_gradient}
    name = f"{NAME}: the gradient does not decide"
    return [Finding("TR95", name, "error", 0.95, e.target, numbers, why, e.usual)]


def untouched(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR45 for parameters that have a gradient and stay what they are.

    Only the new head of a network that has learned before may be meant to train.
    """
    if not e.untouched:
        return []
    names, share = list(e.untouched), e.untouched_share
    numbers = {"parameters": names, "share": share, "in_no_group": e.unlisted}
    if share == 1.0:
        why = f"{e.calls} calls of {e.target} with a gradient change no weight"
        why += (
            ". None of the weights is in its groups, so it was built from others, such as a copy "
            "of the model."
            if e.unlisted
            else ". Check what its step writes to."
        )
        name = "An optimizer that changes nothing"
        return [Finding("TR45", name, "error", 0.95, e.target, numbers, why, e.usual)]
    why = f"{e.target} never changes {listed(names)} ({share:.0%} of the weights)"
    why += (
        ". They were not given to it, or it leaves them out, although each has a gradient."
        if e.unlisted
        else ", although each has a gradient and is in one of its groups."
    )
    if e.learned is not False:
        why += (
            " That is right for pretrained weights. In that case set their requires_grad to False."
        )
    severity: Severity = "warning" if e.learned else "error"
    confidence = 0.95 if e.learned is False else 0.7
    name = "Parameters that the optimizer leaves out"
    return [Finding("TR45", name, severity, confidence, e.target, numbers, why, e.usual)]


def lr_unused(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR95 for an optimizer that a smaller learning rate does not slow down."""
    numbers = {
        "with_a_tenth_of_lr": e.with_less_lr,
        "with_a_tenth_in_its_groups": e.with_less_scheduled_lr,
        "lr": e.lr,
    }
    if e.with_less_lr is not None and e.with_less_lr > IGNORED:
        why = (
            f"With a tenth of the recipe's lr {e.target} moves the weights {e.with_less_lr:.0%} "
            f"times as far. It does not use the lr it is given ({e.lr:g}). "
        )
        if e.step is not None and e.usual_steps is not None:
            low, high = sorted(e.usual_steps)
            why += (
                f"Its steps have length {e.step:.2g}; those of sgd and adam have {low:.2g} and "
                f"{high:.2g}."
            )
        name = f"{NAME}: the learning rate has no effect"
        return [Finding("TR95", name, "error", 0.75, e.target, numbers, why, e.usual)]
    if e.scheduled and e.with_less_scheduled_lr is not None and e.with_less_scheduled_lr > IGNORED:
        why = (
            f"A schedule changes the lr in the optimizer's groups, but {e.target} does not read it "
            f"there. With a tenth of it, the weights move {e.with_less_scheduled_lr:.0%} times as "
            'far. Use group["lr"] in its step.'
        )
        name = f"{NAME}: the schedule has no effect"
        return [Finding("TR95", name, "warning", 0.9, e.target, numbers, why, e.usual)]
    return []


def out_of_size(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR95 for steps that are far from what the learning rate says."""
    if e.step is None or e.usual_steps is None or not e.step:
        return []
    low, high = sorted(e.usual_steps)
    too_long = e.step > OUT_OF_SIZE * high
    growing = e.last_step is not None and e.last_step > GROWING * e.step
    if not too_long and (e.step >= low / OUT_OF_SIZE or growing):
        return []
    why = (
        f"With lr {e.lr:g}, the steps of {e.target} have length {e.step:.2g}. Those of sgd would "
        f"have {e.usual_steps[0]:.2g}, those of adam {e.usual_steps[1]:.2g}. Look for a factor "
        "that is applied twice, or for a missing division."
    )
    numbers = {"step": e.step, "sgd": e.usual_steps[0], "adam": e.usual_steps[1], "lr": e.lr}
    name = f"{NAME}: steps too {'long' if too_long else 'short'}"
    return [Finding("TR95", name, "error", 0.75, e.target, numbers, why, e.usual)]


def decays(e: UserOptimizerBehaviour) -> list[Finding]:
    """Return TR50 or TR95 for weights that shrink or grow whatever the gradient is."""
    if e.decay is None:
        return []
    numbers = {"a_step": e.decay, "stated_decay": e.stated_decay, "lr": e.lr}
    if e.decay < -GROWN:
        why = (
            f"Whatever the gradient is, each step of {e.target} grows all weights by "
            f"{-e.decay:.2%}. Look for the sign of the weight decay."
        )
        name = f"{NAME}: a decay that makes weights grow"
        return [Finding("TR95", name, "error", 0.9, e.target, numbers, why, e.usual)]
    if e.decay < DECAYED:
        return []
    meant = e.decay <= BEYOND * e.lr * e.stated_decay
    why = (
        f"Whatever the gradient is, each step of {e.target} shrinks all weights by {e.decay:.2%}. "
        f"From {DECAYED:.1%} on that is likely to dominate over the data."
    )
    if not meant:
        why += (
            f" A weight decay of {e.stated_decay:g} times lr {e.lr:g} would be "
            f"{e.lr * e.stated_decay:.2%}. Look for a decay that is not multiplied by lr."
        )
    severity: Severity = "warning" if meant else "error"
    name = "Regularized too strongly"
    return [Finding("TR50", name, severity, 0.7, e.target, numbers, why, e.usual)]


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many there are beside them."""
    some = ", ".join(names[:3])
    return some if len(names) <= 3 else f"{some} and {len(names) - 3} more"
