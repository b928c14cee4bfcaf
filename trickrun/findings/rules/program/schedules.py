"""Does the learning rate go the way that it was meant to, from the steps that were taken?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from statistics import fmean
from typing import Any

from trickrun.findings.evidence.program import (
    Place,
    Program,
    SteppedOptimizer,
    WatchedScheduler,
    as_location,
)
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.program.courses import (
    JUDGED,
    course_of,
    losses_of,
    main_optimizer,
)
from trickrun.findings.rules.program.steps import FEW, place_or

DECAYED = 1e-3
"""Learning rate over its largest below which nothing is learned any more; own."""

EARLY = 0.3
"""Share of the steps in which a schedule must not have used itself up; own."""

AT_ONCE = 0.1
"""Share of the steps within which no schedule is meant to end; own."""

LOWERED = 1 / 3
"""Learning rate over its largest from which on it is lowered by far; own."""

RISING = 0.6
"""Share of the run after which the highest rate must have been reached: the bound of TR82."""

REACHED = 0.5
"""Share of the rate that a warm-up is for from which on it counts as nearly reached; own."""

FALLS = 0.95
"""Training loss over its first below which it clearly falls; own."""

SHARES = ((100_000, 1e-13), (1000, 1e-7))
"""Samples that an accuracy may be of, and how near a metric must be to such a share: a loss is not,
several times in a row; own."""

SCALE = 1.5
"""Factor between a metric and the training loss up to which the metric may be a loss; own."""

METRICS = 6
"""Metrics from which on their course is judged; own."""

CYCLIC = ("CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR")
"""Schedules that come back up by themselves."""

WARMING = ("LambdaLR", "LinearLR", "OneCycleLR", "SequentialLR", "ConstantLR", "MultiplicativeLR")
"""Schedules that a warm-up is made with."""


def told(
    place: Place | None,
    where: str,
    why: str,
    advice: str,
    numbers: dict[str, Any],
    severity: Severity = "error",
) -> Finding:
    """Return TR118 of a line."""
    return Finding("TR118", "Schedule out of step", severity, 0.85, place_or(place, where), numbers,
                   why, location=as_location(place, advice))  # fmt: skip


def out_of_step(program: Program) -> Iterator[Finding]:
    """TR118: a scheduler that is never stepped, or once a batch where it was built for epochs, or
    the other way round; traps: a run of one epoch, and schedules that end near 0."""
    for scheduler in program.schedulers:
        steps, times, length = scheduler.optimizer_steps, scheduler.times, scheduler.length
        numbers = {"times": times, "optimizer_steps": steps, "length": length}
        found = (
            never(program, scheduler)
            or per_batch(program, scheduler)
            or per_epoch(program, scheduler)
        )
        if found is not None:
            why, advice, grave = found
            yield told(scheduler.place, scheduler.kind, why, advice, numbers, grave)


Told = tuple[str, str, Severity] | None
"""Why, what to change, how grave."""


def never(program: Program, scheduler: WatchedScheduler) -> Told:
    """A scheduler that is never stepped."""
    if scheduler.times or scheduler.optimizer_steps < JUDGED:
        return None
    if program.loaders and scheduler.epochs < 2:
        return None
    why = (
        f"{scheduler.kind} was created, but its step() is never called, so the learning rate never "
        "changes."
    )
    # One that begins with a warm-up keeps the rate at its small beginning.
    optimizer = of(program, scheduler)
    held = optimizer is not None and max(optimizer.lrs, default=0.0) < REACHED * scheduler.base
    if held and scheduler.kind in WARMING:
        assert optimizer is not None
        why += f" It stays at {max(optimizer.lrs):.3g}, the beginning of a warm-up."
    return (
        why,
        "call scheduler.step() once an epoch, or once a batch",
        "error" if held else "warning",
    )


def per_batch(program: Program, scheduler: WatchedScheduler) -> Told:
    """A scheduler that is stepped once a batch, and was built for epochs."""
    steps, times, length = scheduler.optimizer_steps, scheduler.times, scheduler.length
    if not (times > 0 and steps > 0 and 0.5 < times / steps < 2) or scheduler.epochs == 1:
        return None
    if length and times > 1.5 * length and scheduler.kind == "CosineAnnealingLR":
        return (
            f"{scheduler.kind} was created for {length} steps and took {times}. It is stepped once "
            "per batch, but its length counts epochs, so the learning rate goes up and down.",
            "step it once an epoch, or count its length in batches",
            "error",
        )
    optimizer = of(program, scheduler)
    if optimizer is not None and used_up(optimizer) and scheduler.mode == "":
        return (
            f"{scheduler.kind} is stepped once per batch. After less than {EARLY:.0%} of the run "
            f"the learning rate is below {DECAYED:g} of its largest, so the rest of the run learns "
            "nothing.",
            "step it once an epoch, after the batches",
            "error",
        )
    if optimizer is not None and (over := is_over(optimizer)) and scheduler.mode == "":
        largest = max(optimizer.lrs)
        return (
            f"{scheduler.kind} is stepped once per batch. After {over:.0%} of the run it has "
            f"lowered the learning rate from {largest:.3g} to {optimizer.lrs[-1]:.3g} and ends, so "
            "nearly the whole run has the last rate.",
            "step it once an epoch, after the batches, or count its length in batches",
            "error",
        )
    return None


def is_over(optimizer: SteppedOptimizer) -> float:
    """Return the share of a run after which a schedule that lowers the rate by far is over for
    good, if that is near its beginning; else 0; trap: the usual milestones, late in the run."""
    rates = optimizer.lrs
    if len(rates) < JUDGED or rates[-1] >= LOWERED * max(rates):
        return 0.0
    last = max(place for place in range(len(rates)) if rates[place] != rates[-1])
    share = (last + 1) / len(rates)
    return share if share <= AT_ONCE else 0.0


def per_epoch(program: Program, scheduler: WatchedScheduler) -> Told:
    """A scheduler that is stepped once an epoch, and was built for batches."""
    steps, times, length = scheduler.optimizer_steps, scheduler.times, scheduler.length
    rarely = times > 0 and steps >= 5 * times and times >= 2
    if scheduler.epochs and times > scheduler.epochs + 1:
        return None
    if not length or not rarely or 10 * times >= 3 * length or steps < 0.2 * length:
        return None
    return (
        f"{scheduler.kind} was created for {length} steps and took {times}, in {steps} steps of "
        "its optimizer. Its length counts batches, so the learning rate has hardly changed.",
        "step it after each batch, or count its length in epochs",
        "warning",
    )


def of(program: Program, scheduler: WatchedScheduler) -> SteppedOptimizer | None:
    """Return the optimizer of a scheduler."""
    return next((one for one in program.optimizers if one.number == scheduler.optimizer), None)


def used_up(optimizer: SteppedOptimizer) -> bool:
    """Whether a learning rate fell to nothing early in the run, and stayed there."""
    if len(optimizer.lrs) < JUDGED:
        return False
    largest = max(optimizer.lrs)
    after = optimizer.lrs[int(EARLY * len(optimizer.lrs)) :]
    return largest > 0 and max(after) < DECAYED * largest


def rate_of_nothing(program: Program) -> Iterator[Finding]:
    """TR118: a rate that is 0 from the beginning, or for most of the run without a scheduler of
    torch; trap: one optimizer of several that is switched off on purpose."""
    optimizer = main_optimizer(program)
    if optimizer is None or len(optimizer.lrs) < JUDGED:
        return
    if any(one.code == "TR118" and one.severity == "error" for one in out_of_step(program)):
        return
    scheduler = next((s for s in program.schedulers if s.optimizer == optimizer.number), None)
    place = scheduler.place if scheduler is not None else optimizer.place
    where = scheduler.kind if scheduler is not None else optimizer.kind
    largest = max(optimizer.lrs)
    if largest == 0:
        why = f"The learning rate of {optimizer.kind} is 0 in all {optimizer.steps} steps."
        advice = "look at what computes the rate: an integer division, or a factor of 0"
    elif used_up(optimizer):
        why = (
            f"After less than {EARLY:.0%} of the run the learning rate of {optimizer.kind} is "
            f"below {DECAYED:g} of its largest ({largest:.3g}), so the rest of the run learns "
            "nothing."
        )
        advice = "lower the rate over the whole run: count its length in the steps that are taken"
    else:
        return
    yield told(place, where, why, advice, {"lr": largest, "steps": optimizer.steps})


def warm_up_never_ends(program: Program) -> Iterator[Finding]:
    """TR118: a rate that still rises at the end of the run, far from what it was set to; traps: a
    run that was cut short after a few steps, and cyclic schedules."""
    for scheduler in program.schedulers:
        optimizer = of(program, scheduler)
        if optimizer is None or scheduler.kind not in WARMING or scheduler.base <= 0:
            continue
        rates = optimizer.lrs
        if optimizer.steps < JUDGED or len(rates) < FEW or scheduler.times < FEW:
            continue
        last = rates[-1]
        rises = last == max(rates) and last > rates[0] and rates[-1] > rates[len(rates) // 2]
        if not rises or last >= REACHED * scheduler.base:
            continue
        known = course_of(program, optimizer)
        learned = known is not None and known.learned
        # Schedules that compute the rate as a whole start from 1.
        if learned and scheduler.base >= 1:
            continue
        grave: Severity = "warning" if learned and known and not known.steadily else "error"
        why = (
            f"{scheduler.kind} still raises the learning rate at the end of the run. It reached "
            f"{last:.3g} of {scheduler.base:.3g} in {optimizer.steps} steps."
        )
        advice = "make the warm-up shorter than the run, in the unit in which it is stepped"
        yield told(scheduler.place, scheduler.kind, why, advice,
                   {"lr": last, "base": scheduler.base, "times": scheduler.times},
                   grave)  # fmt: skip


def of_another(program: Program) -> Iterator[Finding]:
    """TR118: a scheduler whose optimizer never steps, while another one does; trap: a second
    optimizer that has its turn later, whose scheduler is not stepped before."""
    optimizer = main_optimizer(program)
    if optimizer is None or optimizer.steps < JUDGED:
        return
    for scheduler in program.schedulers:
        own = of(program, scheduler)
        if own is None or own.steps or scheduler.times < FEW:
            continue
        why = (
            f"{scheduler.kind} is stepped, but its {own.kind} never is. The rate of "
            f"{optimizer.kind}, which takes all steps, does not change."
        )
        advice = "create the scheduler with the optimizer that steps"
        yield told(scheduler.place, scheduler.kind, why, advice, {"times": scheduler.times})


def always_at_its_beginning(program: Program) -> Iterator[Finding]:
    """TR118: a scheduler that is made again and again for one optimizer and never gets on; traps: a
    schedule that restarts after its whole length, and several models in turn."""
    lines: Counter[tuple[Place | None, int | None]] = Counter(
        (one.place, one.optimizer) for one in program.schedulers
    )
    for (place, number), count in lines.items():
        same = [one for one in program.schedulers if (one.place, one.optimizer) == (place, number)]
        if count < FEW or number is None or place is None:
            continue
        early = [one for one in same if not one.length or 2 * one.times < one.length]
        if len(early) < count - 1 or any(one.times > 3 for one in same):
            continue
        why = (
            f"{same[0].kind} was created {count} times for one {kind_of(program, number)}, so it "
            "is always at its beginning."
        )
        advice = "create the scheduler once, before the loop"
        yield told(place, same[0].kind, why, advice, {"created": count})


def kind_of(program: Program, number: int) -> str:
    return next((one.kind for one in program.optimizers if one.number == number), "optimizer")


def optimizer_made_again(program: Program) -> Iterator[Finding]:
    """TR118: an optimizer that is made again and again for the same weights, so that its averages
    and its schedule begin again; traps: plain SGD, which keeps nothing, and a phase of fine-tuning.
    """
    last = max(program.optimizers, key=lambda one: one.again, default=None)
    if last is None or last.again < FEW:
        return
    planned = [s for s in program.schedulers if s.optimizer == last.number]
    keeps = last.momentum > 0 or bool(last.betas) or last.kind not in ("SGD", "LBFGS")
    if not keeps and not planned:
        return
    # Phases, each with a whole schedule, and models that get the weights of others, are meant so.
    places = {one.place for one in planned}
    schedules = [one for one in program.schedulers if one.place in places]
    if any(one.length and 2 * one.times >= one.length for one in schedules):
        return
    if program.loaded and not planned:
        return
    of_line = [one for one in program.optimizers if one.place == last.place]
    steps = fmean(one.steps for one in of_line)
    what = "its averages of gradients are lost" if keeps else "nothing of its state is kept"
    if planned:
        what += ", and its schedule is always at its beginning"
    why = (
        f"{last.kind} was created {last.again + 1} times for the same weights, on average after "
        f"{steps:.3g} steps. Each time {what}."
    )
    grave: Severity = "error" if planned or steps < FEW else "warning"
    yield told(last.place, last.kind, why, "create the optimizer once, before the loop",
               {"created": last.again + 1, "steps": steps}, grave)  # fmt: skip


def plateau_upside_down(program: Program) -> Iterator[Finding]:
    """TR93: a ReduceLROnPlateau that takes improvement for a plateau; trap: a validation loss that
    rises while the training loss falls, which has been lower before."""
    for scheduler in program.schedulers:
        optimizer = of(program, scheduler)
        metrics = scheduler.metrics
        if optimizer is None or len(metrics) < METRICS or not scheduler.reductions:
            continue
        losses = losses_of(program, optimizer)
        near = [nearest(losses, step) for step in scheduler.metric_steps]
        if near[0] is None or near[-1] is None or near[-1] > FALLS * near[0]:
            continue
        wrong_min = scheduler.mode == "min" and is_score(metrics, near[0])
        wrong_max = scheduler.mode == "max" and max(metrics) == metrics[0] > metrics[-1]
        if not wrong_min and not wrong_max:
            continue
        other = "max" if wrong_min else "min"
        moved = "rises while the loss falls" if wrong_min else "falls with the loss"
        why = (
            f"ReduceLROnPlateau waits for a metric that {moved}, with mode={scheduler.mode!r}: "
            f"each improvement counts as none. It lowered the rate {scheduler.reductions} times."
        )
        location = as_location(scheduler.place, f"pass mode={other!r}")
        yield Finding("TR93", "Monitor with the wrong mode", "error", 0.85,
                      place_or(scheduler.place, scheduler.kind),
                      {"mode": scheduler.mode, "reductions": scheduler.reductions}, why,
                      location=location)  # fmt: skip


def is_score(metrics: tuple[float, ...], loss: float) -> bool:
    """Whether a metric that rises from its first value on is a score, not the loss of an overfitted
    network, which begins where the training loss is."""
    rises = min(metrics) == metrics[0] < metrics[-1] and metrics[0] >= 0 and max(metrics) <= 100
    alike = loss / SCALE < metrics[0] < loss * SCALE
    return rises and (not alike or all(map(is_share, metrics)))


def is_share(metric: float) -> bool:
    """Whether a metric is some of so many samples, in float64 or float32, or as a percentage."""
    value = Fraction(metric / 100 if metric > 1 else metric)
    near = ((value.limit_denominator(most), error) for most, error in SHARES)
    return any(abs(value - one) < error for one, error in near)


def nearest(losses: list[tuple[int, float]], step: int) -> float | None:
    """Return the mean of the last ten losses before a step."""
    before = [value for at, value in losses if at <= step][-10:]
    return fmean(before) if before else None


RULES = (
    out_of_step,
    rate_of_nothing,
    warm_up_never_ends,
    of_another,
    always_at_its_beginning,
    optimizer_made_again,
    plateau_upside_down,
)
