"""Step 3: which learning rate? A range test over several seeds, on jobs of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeGuard

import numpy as np
import torch

from trickrun.checks.lr_find.curve import Advice, Reading, advise, read
from trickrun.checks.lr_find.guessing import (
    Lead,
    guesses,
    lead_over_guessing,
    learned_nothing,
    no_better,
)
from trickrun.checks.lr_find.signal import first_rise, level_steps
from trickrun.checks.subject import AnySubject
from trickrun.errors import OutOfTime, TrickrunError
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves.learning_rate import LearningRate, misplaced
from trickrun.findings.verdict import Verdict
from trickrun.nn.precision import widened
from trickrun.params import parts
from trickrun.run.pace import UNHURRIED, Moved, Pace
from trickrun.search.executors.choose import one_thread
from trickrun.search.executors.cost import cost_of, machine_speed
from trickrun.search.executors.stacked.step import Stack
from trickrun.training.events import NonFinite, TrainedSteps
from trickrun.training.job import Job, RecipeJob, recipe_of
from trickrun.training.loop import train
from trickrun.training.step_buffer import BUFFERED_STEPS
from trickrun.tricks.schedules import Schedule, Span
from trickrun.tricks.schedules.lr_range import LRRange


@dataclass(frozen=True)
class Range:
    """A range test's size.

    Args:
        low, high: lr of the first and of the last step. Eight decades hold the lr of any
            optimizer on any scale of losses; the level part costs steps, not accuracy.
        steps: optimizer steps a seed. 25 a decade: with half as many the noise of single batches
            shows, with twice as many the whole curve, and with it the suggestion, moves down.
        seeds: draws of weights and batches.
    """

    low: float = 1e-7
    high: float = 10.0
    steps: int = 200
    seeds: int = 3


def lr_find(
    subject: AnySubject,
    test: Range | None = None,
    pace: Pace = UNHURRIED,
    *,
    proven: bool = True,
) -> tuple[Verdict, AnySubject]:
    """Suggest a learning rate for the subject's optimizer, or say why none can be suggested.

    Each seed trains a fresh job; only the prepared data is shared, which training does
    not change. So nothing that comes later can feel the test. The first seed trains alone, which
    is what the training of the returned subject repeats; those after it are one stack where that
    is faster.

    Args:
        proven: suggest none if the test was never better than a constant answer.

    Returns:
        The verdict, and the subject whose training repeats the first seed's test.

    Raises:
        TrickrunError: the range does not rise, or the subject cannot become a job.
        OutOfTime: there is no time for the test.
    """
    test = test or Range()
    derived = range_test(subject, test)
    # The subject's own job comes first: what is wrong with it is said of it.
    job = subject.job()
    lr, schedule = subject.lr, job.settings.schedule
    seeds = [subject.seed + draw for draw in range(test.seeds)]
    lrs = planned_lrs(test)
    readings: list[Reading] = []
    guessed = []
    with pace.phase("range test", test.seeds * test.steps) as moved:
        for one, losses in measured(derived, seeds, lrs, pace, moved):
            readings.append(read(lrs, losses))
            guessed.append(guesses(one, len(losses)) if proven else None)
    advice = advise(readings)
    lead = lead_of(lrs, readings, guessed)
    nothing = no_better(lead) if lead is not None else ""
    if nothing and advice.suggestion is not None:
        advice = replace(advice, suggestion=None, refused=nothing)
    finding = own_lr(job, lr, advice, lrs)
    result = {
        **asdict(advice),
        "lr": lr,
        "range": [test.low, test.high],
        "steps": test.steps,
        "seeds": len(readings),
        "applies_to": applies_to(schedule),
        "constant": None if lead is None else asdict(lead),
        "curve": mean_curve(lrs, readings),
    }
    if len(readings) < test.seeds:
        result["left_out"] = [f"{test.seeds - len(readings)} of {test.seeds} seeds"]
    series = {"per_seed": [seed_series(*pair) for pair in zip(seeds, readings, strict=False)]}
    said = summary(schedule, advice)
    if advice.suggestion is None:
        found = (learned_nothing(lead),) if lead is not None and nothing else ()
        return Verdict("fail", result, found, said, series), derived
    if finding is not None:
        return Verdict("warn", result, (finding,), said, series), derived
    return Verdict("pass", result, (), said, series), derived


def lead_of(
    lrs: Sequence[float], readings: Sequence[Reading], guessed: Sequence[list[float] | None]
) -> Lead | None:
    """Return how far the test's loss was below a constant answer's; None where that answer is not
    known, or a test broke down at once."""
    known = [guess for guess in guessed if guess is not None]
    short = min(len(reading.losses) for reading in readings) <= level_steps(lrs)
    if short or len(known) < len(readings):
        return None
    return lead_over_guessing(lrs, readings, known)


def range_test(subject: AnySubject, test: Range) -> AnySubject:
    """Return the subject of the range test.

    Batches are of one size, so that losses are comparable (a sum over a smaller last batch is
    not); and nothing stops the run or judges it but this step.
    """
    if test.low >= test.high:
        raise TrickrunError(
            f"the range must rise: it goes from {test.low:g} to {test.high:g}", "--low, --high"
        )
    schedule = {"kind": "lr_range", "low": test.low, "high": test.high}
    changes = {
        "optimizer.schedule": schedule,
        "train.steps": test.steps,
        "train.eval_every": test.steps,
        "train.gradual_unfreezing": None,
        "data.drop_last": True,
        "early_stopping": None,
        "expect": None,
    }
    return subject.changed(changes)


def planned_lrs(test: Range) -> list[float]:
    """Return the lr of each step of the test."""
    schedule = LRRange(low=test.low, high=test.high)
    return [schedule.lr(0.0, step, Span(test.steps, 1)) for step in range(test.steps)]


def measured(
    derived: AnySubject, seeds: Sequence[int], lrs: Sequence[float], pace: Pace, moved: Moved
) -> Iterator[tuple[Job, list[float]]]:
    """Yield the job and the losses of each seed's test; later seeds that there is no time for are
    left out.

    Raises OutOfTime if there is none for the first.
    """

    def job_of(seed: int) -> Job:
        pace.ask("range test")
        return derived.changed({"seed": seed}).job()

    def taken(done: int) -> Callable[[int], None]:
        return lambda step: moved(done * len(lrs) + step)

    first, *others = seeds
    job = job_of(first)
    yield job, measure(job, lrs, pace, taken(0))
    try:
        jobs = [job_of(seed) for seed in others]
        # Of a stack that time cuts off no seed would be whole.
        if not pace.limited and is_stack(jobs):
            tell = taken(1)
            stacked = measure_stack(jobs, lrs, pace, lambda step: tell(step * len(jobs)))
            yield from zip(jobs, stacked, strict=True)
            return
        for done, one in enumerate(jobs):
            yield one, measure(one, lrs, pace, taken(1 + done))
    except OutOfTime:
        return


def is_stack(jobs: Sequence[Job]) -> TypeGuard[Sequence[RecipeJob]]:
    """Return whether jobs that differ in their seeds alone are faster as a stack."""
    if len(jobs) < 2 or not all(isinstance(job, RecipeJob) for job in jobs):
        return False
    recipe = recipe_of(jobs[0])
    if recipe is None or any(part.trains_alone for _, part in parts(recipe)):
        return False
    cost = cost_of(jobs[0])
    if cost is None:
        return False
    speed, count = machine_speed(), len(jobs)
    return cost.stacked(speed, count, count) < count * cost.alone(speed)


def measure_stack(
    jobs: Sequence[RecipeJob], lrs: Sequence[float], pace: Pace, tell: Callable[[int], None]
) -> list[list[float]]:
    """Return what ``measure`` does of each of the jobs, which train as one stack until the last of
    them would have stopped.

    Raises OutOfTime if they cannot be ended in time.
    """
    stack = Stack(jobs)
    found: list[list[float]] = [[] for _ in jobs]
    going = set(range(len(jobs)))
    with one_thread():
        for first in range(0, len(lrs), BUFFERED_STEPS):
            steps = range(first, min(first + BUFFERED_STEPS, len(lrs)))
            taken = [stack.take_step(step, [[] for _ in jobs]) for step in steps]
            block = widened(torch.stack([torch.stack([r.loss for r in row]) for row in taken]))
            finite = stack.finite()
            for place in sorted(going):
                losses = block[:, place].tolist()
                bad = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), None)
                found[place] += losses[:bad]
                ended = bad is not None or not finite[place]
                if ended or first_rise(lrs, found[place]) is not None:
                    going.discard(place)
            tell(steps.stop)
            if not going:
                break
            pace.ask("range test")
    return found


def measure(job: Job, lrs: Sequence[float], pace: Pace, tell: Callable[[int], None]) -> list[float]:
    """Return the loss of each step of one seed's test, up to a non-finite one or a clear rise.

    Raises OutOfTime if it cannot be ended in time.
    """
    losses: list[float] = []
    try:
        for event in train(job, interrupted=pace.over):
            if isinstance(event, TrainedSteps):
                losses += event.losses
                tell(len(losses))
            # The last step's losses come before its evaluation, which nobody needs here.
            if len(losses) == len(lrs) or first_rise(lrs, losses) is not None:
                break
            pace.ask("range test")
    except NonFinite as error:
        losses += error.before
    tell(len(lrs))
    return losses


def own_lr(job: Job, lr: float, advice: Advice, lrs: Sequence[float]) -> Finding | None:
    """Return what the range test says about the ``lr`` of the subject's own ``job``, if it is far
    off."""
    schedule, span = job.settings.schedule, job.span
    if advice.suggestion is None or advice.bottom is None or not schedule.uses_lr:
        return None
    measured = LearningRate(
        lr=lr,
        steps=span.steps,
        travel=sum(schedule.lr(lr, step, span) for step in range(span.steps)),
        suggestion=advice.suggestion,
        bottom=advice.bottom,
        bottom_travel=sum(value for value in lrs if value <= advice.bottom),
        edge=advice.edge,
    )
    return misplaced(measured)


def applies_to(schedule: Schedule) -> str:
    """Return what optimizer.lr, and so the suggestion, is for the recipe's schedule."""
    warmup = getattr(schedule, "warmup", 0)
    return f"{schedule.lr_is}, after the warm-up" if warmup else schedule.lr_is


def mean_curve(lrs: Sequence[float], readings: Sequence[Reading]) -> list[dict[str, float]]:
    """Return lr, loss and smoothed loss, each the mean over the seeds, as far as all of them
    went."""
    shared = min(len(reading.lrs) for reading in readings)
    losses = np.mean([reading.losses[:shared] for reading in readings], axis=0).tolist()
    smoothed = np.mean([reading.smoothed[:shared] for reading in readings], axis=0).tolist()
    return [
        {"lr": lr, "loss": loss, "smoothed": value}
        for lr, loss, value in zip(lrs[:shared], losses, smoothed, strict=True)
    ]


def seed_series(seed: int, reading: Reading) -> dict[str, Any]:
    """Return one seed's curve and its points as plain data."""
    suggestion = None if reading.refused else reading.suggestion
    return {"seed": seed, "suggestion": suggestion, **asdict(reading)}


def summary(schedule: Schedule, advice: Advice) -> str:
    """Return the verdict in a sentence."""
    if advice.suggestion is None:
        return f"no learning rate can be suggested: {advice.refused}"
    return (
        f"use lr {advice.suggestion:g} for {applies_to(schedule)} (seeds: {advice.low:.2g} to "
        f"{advice.high:.2g}). The loss falls fastest at {advice.steepest:.2g} and stops falling at "
        f"{advice.bottom:.2g}"
    )
