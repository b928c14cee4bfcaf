"""A look at what a user's optimizer does with gradients.

The optimizer is treated as a function of the gradient. It is called several times with the same
gradient, from the same weights, and again with minus that gradient. Half the difference of the two
ways is what the gradient does; half their sum is what happens whatever the gradient is, such as
weight decay. Momentum, adaptive steps and accumulation over some calls change neither sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from trickrun.checks.diagnosis.user_code_look import (
    batch_loss,
    compared,
    flat,
    gradient,
    learned,
    noticeable,
    split,
    trainable,
)
from trickrun.findings.rules.user_code.optimizer import UserOptimizerBehaviour
from trickrun.nn.buffers import undisturbed_buffers
from trickrun.training.job import RecipeJob
from trickrun.tricks.optimizers.python import PythonOptimizer

CALLS = 16
"""Calls of the optimizer: it may update at every fourth or eighth one only, or begin slowly."""

LESS = 0.1
"""Factor of the learning rate, or of the gradient, whose effect is looked at."""

SHORT = 0.01
"""Length, over that of the weights, to which a way is scaled before the loss is looked at. Along so
short a way a direction that descends lowers the loss."""

PROPORTIONAL = 0.5
"""Length of the way with a tenth of the gradient, over that with all of it, below which the rule is
more like sgd (0.1) than like adam (1)."""

SHARED = ("schedule", "clip", "layer_decay", "lr_scale", "lookahead")
"""Parameters of every optimizer, which a built-in one in the place of the user's keeps."""

Tensors = Sequence[torch.Tensor]


@dataclass(frozen=True)
class Way:
    """Where CALLS calls of a fresh optimizer took the weights.

    Args:
        half, whole: the changes of each trainable parameter after half of the calls and after all.
        last: length of the last call's change.
        held: whether each parameter is in a group whose learning rate is 0.
        listed: whether each parameter is in one of the optimizer's groups.
        decay: the largest weight decay that the groups state.
        searched: whether it works with a closure, and so may search for the length of its steps.
    """

    half: Tensors
    whole: Tensors
    last: float
    held: Sequence[bool]
    listed: Sequence[bool]
    decay: float
    searched: bool


def look_at_optimizer(job: RecipeJob) -> UserOptimizerBehaviour | None:
    """Measure what the user's optimizer makes of a gradient.

    Args:
        job: freshly compiled, with an optimizer of the user's own; it is used up.

    Returns:
        None if the first batch's gradient is zero or not finite, which tells nothing.
    """
    kind = job.recipe.optimizer
    assert isinstance(kind, PythonOptimizer)
    batch = next(job.batches(0))
    start = [w.detach().clone() for w in trainable(job)]
    given = split(gradient(job, batch, 0), start)
    size = norm(given)
    if size == 0 or not math.isfinite(size):
        return None
    forth = way(job, kind, start, given)
    back = way(job, kind, start, [-g for g in given])
    broken = broken_at(given, (forth, back))
    if broken is not None:
        return UserOptimizerBehaviour(kind.target, kind.lr, CALLS, broken=broken)
    used = difference(forth, back)
    with_less = less_far(used, forth, job, kind, start, [LESS * g for g in given])
    names = [name for name, p in job.model.named_parameters() if p.requires_grad]
    still = untouched(kind, start, given, (forth, back))
    count = sum(w.numel() for w in start)
    return UserOptimizerBehaviour(
        target=kind.target,
        lr=kind.lr,
        calls=CALLS,
        alignment=against(used, given),
        alignments=by_parameter(names, used, given),
        loss=losses(job, batch, start, forth.whole),
        untouched=[names[i] for i in still],
        untouched_share=sum(start[i].numel() for i in still) / count,
        unlisted=not any(forth.listed[i] for i in still),
        learned=learned(job),
        used=ratio(used, forth.whole),
        with_less_gradient=with_less,
        with_less_lr=None
        if forth.searched
        else less_far(used, forth, job, kind, start, given, built=LESS),
        with_less_scheduled_lr=None
        if forth.searched
        else less_far(used, forth, job, kind, start, given, set_later=LESS),
        scheduled=kind.schedule.kind_name != "constant",
        step=None if forth.searched else norm(used) / CALLS,
        usual_steps=(kind.lr * size, kind.lr * math.sqrt(count)),
        last_step=forth.last,
        decay=decay(start, forth, back),
        stated_decay=max(forth.decay, *(stated(kind.args, name) for name in DECAYS)),
        usual=built_in(job, kind, with_less),
    )


def difference(forth: Way, back: Way) -> list[torch.Tensor]:
    """Return what the gradient makes of each parameter: half the difference of the two ways."""
    pairs = zip(forth.whole, back.whole, strict=True)
    return [(a.double() - b.double()) / 2 for a, b in pairs]


def against(moved: Tensors, given: Tensors) -> float | None:
    """Return the cosine between a change and minus the gradient; None if one is zero."""
    return compared(-flat(moved), flat(given))[0]


def by_parameter(names: Sequence[str], moved: Tensors, given: Tensors) -> dict[str, float]:
    """Return ``against`` of each parameter that moved and has a gradient."""
    each = {name: against([m], [g]) for name, m, g in zip(names, moved, given, strict=True)}
    return {name: cosine for name, cosine in each.items() if cosine is not None}


def broken_at(given: Tensors, ways: Sequence[Way]) -> Literal["zeros", "any"] | None:
    """Return where weights are no longer finite: only where the gradient is 0, or anywhere."""
    places = [
        ~(torch.isfinite(moved) & torch.isfinite(other))
        for moved, other in zip(ways[0].whole, ways[1].whole, strict=True)
    ]
    if not any(bool(each.any()) for each in places):
        return None
    zeros = all(not g[each].any() for g, each in zip(given, places, strict=True))
    return "zeros" if zeros else "any"


def less_far(
    used: Tensors,
    forth: Way,
    job: RecipeJob,
    kind: PythonOptimizer,
    start: Tensors,
    given: Tensors,
    built: float = 1.0,
    set_later: float = 1.0,
) -> float | None:
    """Return how far a smaller gradient or lr leads, over the way ``forth`` as it is; see ``way``.

    The part ``used`` that the gradient makes is compared, or, if there is none, the whole way.
    """
    less = way(job, kind, start, given, built, set_later)
    if norm(used) < 1e-6 * norm(forth.whole):
        return ratio(less.whole, forth.whole)
    back = way(job, kind, start, [-g for g in given], built, set_later)
    return ratio(difference(less, back), used)


DECAYS = ("weight_decay", "decay", "wd", "l2")
"""Names that an argument for the weight decay may have."""


def stated(args: dict[str, Any], name: str) -> float:
    """Return a number among a user's arguments; 0 if it is not there."""
    value = args.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0


def way(
    job: RecipeJob,
    kind: PythonOptimizer,
    start: Tensors,
    given: Tensors,
    built: float = 1.0,
    set_later: float = 1.0,
) -> Way:
    """Return where CALLS calls of a new optimizer lead from ``start`` with the gradient ``given``.

    Args:
        built: factor of the learning rate that it is built with.
        set_later: factor of that in its groups, which is how a schedule changes it.
    """
    kind = kind.model_copy(update={"lr": built * kind.lr})
    try:
        return taken(job, kind, start, given, set_later, closure=False)
    except Exception:  # some optimizers only work with a closure, and say so in many ways
        return taken(job, kind, start, given, set_later, closure=True)


def taken(
    job: RecipeJob,
    kind: PythonOptimizer,
    start: Tensors,
    given: Tensors,
    set_later: float,
    closure: bool,
) -> Way:
    """Take the calls of ``way``, and put the weights back.

    Args:
        closure: whether each call gets a closure. It returns a linear function of the weights,
            whose gradient is ``given`` everywhere.
    """
    weights = trainable(job)
    restore(weights, start)
    torch.manual_seed(0)
    optimizer = kind.build(kind.groups(job.model), job.folder)
    for group in optimizer.param_groups:
        group["lr"] *= set_later

    def evaluate() -> torch.Tensor:
        for w, g in zip(weights, given, strict=True):
            w.grad = g.clone()
        return torch.stack(
            [(w.detach() * g).sum() for w, g in zip(weights, given, strict=True)]
        ).sum()

    take_step: Any = optimizer.step
    half: list[torch.Tensor] = []
    before = list(start)
    for call in range(CALLS):
        if call == CALLS // 2:
            half = changes(start, weights)
        if call == CALLS - 1:
            before = [w.detach().clone() for w in weights]
        evaluate()
        take_step(evaluate) if closure else take_step()
    whole, last = changes(start, weights), changes(before, weights)
    restore(weights, start)
    places = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    mine = [places.get(id(w)) for w in weights]
    return Way(
        half,
        whole,
        norm(last),
        held=[group is not None and group.get("lr") == 0 for group in mine],
        listed=[group is not None for group in mine],
        decay=max(stated(group, "weight_decay") for group in optimizer.param_groups),
        searched=closure,
    )


@torch.no_grad()
def restore(weights: Tensors, values: Tensors) -> None:
    """Set the weights to ``values`` and drop their gradients."""
    for w, value in zip(weights, values, strict=True):
        w.copy_(value)
        w.grad = None


def changes(before: Tensors, after: Tensors) -> list[torch.Tensor]:
    return [b.detach() - a.detach() for a, b in zip(before, after, strict=True)]


def ratio(ours: Tensors, whole: Tensors) -> float | None:
    """Return the length of one way over another's; None if that is zero."""
    size = norm(whole)
    return norm(ours) / size if size > 0 else None


def norm(tensors: Tensors) -> float:
    """Return the length of all entries as one vector."""
    return float(flat(tensors).norm())


def untouched(
    kind: PythonOptimizer, start: Tensors, given: Tensors, ways: Sequence[Way]
) -> list[int]:
    """Return the parameters that have a gradient and that no way changed.

    A group with a learning rate of 0 is held on purpose, and a step that is lost in the rounding of
    a weight says nothing.
    """
    return [
        i
        for i, (w, g) in enumerate(zip(start, given, strict=True))
        if not any(way.whole[i].any() or way.held[i] for way in ways)
        and g.any()
        and (noticeable(kind.lr, w, g) or not ways[0].listed[i])
    ]


def losses(
    job: RecipeJob, batch: torch.Tensor, start: Tensors, moved: Tensors
) -> tuple[float, float] | None:
    """Return the batch's loss before and after a short piece of the way; None if it is no way."""
    lengths = norm(moved), norm(start)
    if lengths[0] == 0:
        return None
    weights = trainable(job)
    share = SHORT * lengths[1] / lengths[0]
    with torch.no_grad(), undisturbed_buffers(job.model):
        before = float(batch_loss(job, batch, 0))
        for w, change in zip(weights, moved, strict=True):
            w.add_(change, alpha=share)
        after = float(batch_loss(job, batch, 0))
    restore(weights, start)
    return before, after


ALONG, GOES_ON = 0.9, 1.2
"""Cosine between the weights and what happens without a gradient from which on it is a decay, and
its length after all calls over that after half of them. A constraint moves the weights once."""


def decay(start: Tensors, forth: Way, back: Way) -> float | None:
    """Return the share of the weights that a call takes off whatever the gradient is; negative if
    they grow; None if what happens is something else, or nothing."""
    even = [
        flat(a) / 2 + flat(b) / 2 for a, b in ((forth.half, back.half), (forth.whole, back.whole))
    ]
    weights = flat(start)
    cosine, size = compared(-even[1], weights)
    if cosine is None or size is None or abs(cosine) < ALONG:
        return None
    if float(even[1].norm()) < GOES_ON * float(even[0].norm()):
        return None
    left = 1 - math.copysign(size, cosine)
    return 1 - left ** (1 / CALLS) if left > 0 else 1.0


def built_in(
    job: RecipeJob, kind: PythonOptimizer, with_less: float | None
) -> dict[str, Any] | None:
    """Return the edit that puts a built-in optimizer of the same lr and the same sort of rule in
    the place of the user's; None beside a step of one's own, which may call it in its own way."""
    if job.step is not None or with_less is None:
        return None
    chosen: dict[str, Any] = {"kind": "adam", "lr": kind.lr}
    if with_less < PROPORTIONAL:
        chosen = {"kind": "sgd", "lr": kind.lr}
        momentum = stated(kind.args, "momentum")
        if 0 < momentum < 1:
            chosen["momentum"] = momentum
    given = kind.model_dump(mode="json", exclude_unset=True)
    kept = {name: given[name] for name in SHARED if name in given}
    return {"optimizer": {**chosen, **kept}}
