"""Are the steps of a size that learns, and does the loss fall?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, median

from trickrun.findings.evidence.program import (
    Backward,
    LossTerm,
    Program,
    SteppedOptimizer,
    as_location,
    ratios,
)
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.curves.while_training import JUMP, THROWN
from trickrun.findings.rules.program.steps import FEW, MOSTLY, place_or
from trickrun.findings.rules.signal.steps import HIGH, IDEAL, LOW

JUDGED = 30
"""Losses of one line from which on their course is judged; own."""

FELL = 0.02
"""Share of its beginning by which a loss must fall to count as learning; own."""

ROSE = 3.0
"""The end over the beginning from which on a loss has diverged: the bound of TR60."""

SETTLED = 100
"""Backward passes from which on a loss at chance is no mere beginning; own."""

DECAYED = 1e-3
"""Learning rate over its largest below which nothing is learned any more; own."""

EARLY = 0.3
"""Share of the steps in which a schedule must not have used itself up; own."""

BINDS, TIGHT = 0.95, 10.0
"""Share of the steps that are clipped, and norm over the bound, from which on the bound sets the
step instead of stopping the rare large one; own."""


def course(site: Backward) -> tuple[float, float] | None:
    """Return the loss at the beginning and at the end: medians of a tenth, five values at least.

    None if there are too few to judge.
    """
    known = [loss for loss in site.losses if math.isfinite(loss)]
    if len(known) < JUDGED:
        return None
    part = max(5, len(known) // 10)
    return median(known[:part]), median(known[-part:])


def main_optimizer(program: Program) -> SteppedOptimizer | None:
    """Return the optimizer that stepped most."""
    stepped = [one for one in program.optimizers if one.steps]
    return max(stepped, key=lambda one: one.steps, default=None)


def learns(program: Program) -> bool:
    """Whether the main loss clearly fell."""
    known = course(program.main) if program.main else None
    return known is not None and known[1] < (1 - FELL) * known[0]


def too_high(program: Program) -> Iterator[Finding]:
    """TR35: steps that replace the weights; trap: the first steps of weights that begin near 0."""
    optimizer = main_optimizer(program)
    if optimizer is None:
        return
    sizes = weights(program)
    middle = median(sizes.values()) if sizes else 0.0
    jump, ratio = thrown(program)
    grown = program.non_finite is not None and program.non_finite.cause == "weights"
    lr = max(optimizer.lrs, default=0.0)
    if len(program.looks) >= FEW and middle > 10**HIGH and not learns(program):
        said = (
            f"A step changes the weights by {middle:.2g} times their size, in the median tensor; "
            f"10^{IDEAL:.0f} is usual."
        )
    elif ratio >= THROWN and jump >= JUMP:
        said = (
            f"One of the first steps changed a tensor by {ratio:.2g} times its size, and the loss "
            f"rose to {jump:.2g} times the first one."
        )
    elif grown:
        assert program.non_finite is not None
        said = (
            f"Before backward pass {program.non_finite.step + 1} the weights had become NaN or "
            "infinite, with no such number in the inputs: the steps before were too large."
        )
    else:
        return
    why = f"{said} The learning rate is {lr:g}."
    advice = f"lower the learning rate: lr={lr / 10:.2g}"
    numbers = {"lr": lr, "update_ratio": middle, "loss_ratio": jump}
    yield Finding("TR35", "Learning rate too high", "error", 0.85,
                  place_or(optimizer.place, optimizer.kind), numbers, why,
                  location=as_location(optimizer.place, advice))  # fmt: skip


def weights(program: Program) -> dict[str, float]:
    """Return the update ratios of matrices and kernels; biases and norms begin at 0 or 1."""
    large = {look.name for step in program.looks for look in step.gradients if look.dimensions >= 2}
    return {name: ratio for name, ratio in ratios(program.looks).items() if name in large}


def thrown(program: Program) -> tuple[float, float]:
    """Return the largest loss among the first ones over the first, and the largest ratio of an
    update to its weight in the first looks."""
    losses = program.main.losses[:20] if program.main else ()
    known = [loss for loss in losses if math.isfinite(loss)]
    jump = max(known) / known[0] if known and known[0] > 0 else 0.0
    found = [
        look.update_ratio
        for step in program.looks[:6]
        for look in step.gradients
        if look.update_ratio is not None and look.dimensions >= 2
    ]
    return jump, max((one for one in found if math.isfinite(one)), default=0.0)


def too_low(program: Program) -> Iterator[Finding]:
    """TR36: steps that hardly change the weights while the loss stays; traps: a warm-up, the end of
    a schedule, and a loss that has fallen already."""
    optimizer = main_optimizer(program)
    sizes = weights(program)
    if optimizer is None or not sizes or len(program.looks) < FEW or learns(program):
        return
    known = course(program.main) if program.main else None
    if known is None or not optimizer.lrs:
        return
    largest = max(sizes.values())
    warm = optimizer.lrs[-1] < 0.3 * max(optimizer.lrs) or optimizer.lrs[0] < 0.3 * max(
        optimizer.lrs
    )
    if largest >= 10**LOW or largest == 0 or warm:
        return
    lr = max(optimizer.lrs)
    better = lr * 10 ** math.floor(IDEAL - math.log10(median(sizes.values()) or largest))
    why = (
        f"A step changes the weights by at most {largest:.1g} of their size; 10^{IDEAL:.0f} is "
        f"usual, and the loss has hardly moved ({known[0]:.4g} to {known[1]:.4g}). The learning "
        f"rate is {lr:g}."
    )
    advice = f"raise the learning rate: lr={better:.2g}"
    yield Finding("TR36", "Learning rate too low", "error", 0.8,
                  place_or(optimizer.place, optimizer.kind),
                  {"lr": lr, "update_ratio": largest}, why,
                  location=as_location(optimizer.place, advice))  # fmt: skip


def schedules(program: Program) -> Iterator[Finding]:
    """TR118: a scheduler that is never stepped, or once a batch where it was built for epochs, or
    the other way round; traps: a run of one epoch, and schedules that end near 0."""
    for scheduler in program.schedulers:
        steps, times, length = scheduler.optimizer_steps, scheduler.times, scheduler.length
        per_batch = times > 0 and steps > 0 and 0.5 < times / steps < 2
        several = scheduler.epochs >= 2
        grave: Severity = "error"
        if times == 0 and steps >= JUDGED and (several or not program.loaders):
            why = (
                f"{scheduler.kind} was created, but its step() is never called, so the learning "
                "rate never changes."
            )
            advice, grave = "call scheduler.step() once an epoch, or once a batch", "warning"
        elif (
            per_batch and several and length and times > 1.5 * length and is_cyclic(scheduler.kind)
        ):
            why = (
                f"{scheduler.kind} was created for {length} steps and took {times}. It is stepped "
                "once per batch, but its length counts epochs, so the learning rate goes up and "
                "down."
            )
            advice = "step it once an epoch, or count its length in batches"
        elif per_batch and several and used_up(program):
            why = (
                f"{scheduler.kind} is stepped once per batch. After less than {EARLY:.0%} of the "
                f"run the learning rate is below {DECAYED:g} of its largest, so the rest of the "
                "run learns nothing."
            )
            advice = "step it once an epoch, after the batches"
        elif (
            length
            and several
            and times <= scheduler.epochs + 1
            and steps <= 3 * length > 10 * times
        ):
            why = (
                f"{scheduler.kind} was created for {length} steps and took {times}, one per epoch. "
                "Its length counts batches, so the learning rate has hardly changed."
            )
            advice, grave = "step it after each batch, or count its length in epochs", "warning"
        else:
            continue
        numbers = {"times": times, "optimizer_steps": steps, "length": length}
        yield Finding("TR118", "Schedule out of step", grave, 0.85,
                      place_or(scheduler.place, scheduler.kind), numbers, why,
                      location=as_location(scheduler.place, advice))  # fmt: skip


def is_cyclic(kind: str) -> bool:
    """Whether a schedule comes back up when it is stepped beyond its length."""
    return kind == "CosineAnnealingLR"


def used_up(program: Program) -> bool:
    """Whether the rate of the main optimizer fell to nothing early in the run."""
    optimizer = main_optimizer(program)
    if optimizer is None or len(optimizer.lrs) < JUDGED:
        return False
    largest = max(optimizer.lrs)
    early = optimizer.lrs[int(EARLY * len(optimizer.lrs))]
    return largest > 0 and early < DECAYED * largest


def bound_sets_the_step(program: Program) -> Iterator[Finding]:
    """TR71: clipping that shortens every step by far; trap: a bound that only stops large ones."""
    for clip in program.clips:
        if len(clip.norms) < JUDGED or clip.after_step or clip.scaled or clip.bound <= 0:
            continue
        above = fmean(norm > clip.bound for norm in clip.norms)
        factor = median(clip.norms) / clip.bound
        if above < BINDS or factor < TIGHT or learns(program):
            continue
        why = (
            f"{above:.0%} of the gradients are clipped, and their usual norm is {factor:.3g} times "
            f"the bound of {clip.bound:g}. The bound shortens every step."
        )
        yield Finding("TR71", "Clipping too tight", "warning", 0.7,
                      place_or(clip.place, "clipping"),
                      {"clipped": above, "norm_over_bound": factor}, why,
                      location=as_location(clip.place, f"raise the bound to about "
                                           f"{median(clip.norms):.2g}"))  # fmt: skip


def curve(program: Program) -> Iterator[Finding]:
    """TR60, TR61: a loss that rises, or stays where it was; trap: losses that are made to stay, of
    networks that compete."""
    site = program.main
    known = course(site) if site else None
    if site is None or known is None or program.non_finite is not None:
        return
    if sum(one.times >= MOSTLY * site.times for one in program.backwards) > 1:
        return  # several losses that depend on each other
    first, last = known
    numbers = {"first": first, "last": last, "losses": len(site.losses)}
    if first > 0 and last > ROSE * first:
        why = f"The loss rose from {first:.4g} to {last:.4g} in {site.times} backward passes."
        location = as_location(site.place, "see the causes; else lower the learning rate")
        yield Finding("TR60", "Diverged", "error", 0.9, place_or(site.place, "loss"), numbers, why,
                      location=location)  # fmt: skip
    elif last >= (1 - FELL) * first and first > 0:
        why = (
            f"The loss of the first batches was {first:.4g}, that of the last ones is {last:.4g}, "
            f"after {site.times} backward passes: nothing was learned."
        )
        yield Finding("TR61", "Plateau", "warning", 0.7, place_or(site.place, "loss"), numbers, why,
                      location=as_location(site.place, "see the causes; else try ten times the "
                                           "learning rate, or a tenth"))  # fmt: skip


def at_chance(program: Program) -> Iterator[Finding]:
    """TR112: a cross-entropy that ends where always answering with the shares of the classes is;
    traps: short runs, and losses that something is added to or taken from."""
    site = program.main
    known = course(site) if site else None
    if site is None or known is None or site.times < SETTLED or not program.target_counts:
        return
    if not site.terms or any(not is_plain_cross_entropy(term) for term in site.terms):
        return
    classes = max(len(one) for one in program.target_counts)
    totals = [sum(one[k] for one in program.target_counts if k < len(one)) for k in range(classes)]
    shares = [total / sum(totals) for total in totals if total]
    constant = -sum(share * math.log(share) for share in shares)
    if len(shares) < 2 or known[1] < (1 - FELL) * constant:
        return
    why = (
        f"After {site.times} backward passes the loss is {known[1]:.4g}. Always answering with the "
        f"shares of the {len(shares)} classes costs {constant:.4g}: nothing was learned."
    )
    advice = "see the causes; else check that inputs and targets belong to the same samples"
    yield Finding("TR112", "No better than a constant answer", "error", 0.7,
                  place_or(site.place, "loss"), {"loss": known[1], "constant": constant}, why,
                  location=as_location(site.place, advice))  # fmt: skip


def is_plain_cross_entropy(term: LossTerm) -> bool:
    """Whether a loss is a mean cross-entropy, with nothing multiplied to it."""
    plain = term.operation.kind == "NllLoss" and term.reduction == "mean" and not term.weighted
    return plain and bool(term.behind) and term.behind[0].kind == "LogSoftmax"


RULES = (at_chance, too_high, too_low, schedules, bound_sets_the_step, curve)
