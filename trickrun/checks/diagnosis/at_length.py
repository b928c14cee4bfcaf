"""Trainings as long as the user's own: what helps, or does badly, in a short one may not there."""

from __future__ import annotations

from trickrun.checks.diagnosis.skill import standard_error
from trickrun.checks.diagnosis.trainings import BASE, Trainings, Tried
from trickrun.findings.intervention import Effect

OBVIOUS = 0.8
"""Likelihood from which on a cause needs no such check."""

LONGEST = 10_000
"""Steps of such a check, at most."""


def check_at_length(trainings: Trainings, tried: Tried, seed: int) -> None:
    """Replace the effect of causes that are not obvious by that on a run of the user's own length,
    as far as there is time for it.

    Whatever makes a training faster helps a short one; a recipe that gets there in its own time
    has no fault.
    """
    doubted = [c for c in tried.causes if c.likelihood < OBVIOUS]
    steps = steps_at_length(trainings, len(doubted) + 1)
    if not doubted or steps is None:
        return
    names = {c.label: f"{c.label} ({steps} steps)" for c in doubted}
    base = f"{BASE} ({steps} steps)"
    whole = trainings.proxy.length(steps)
    trainings.run({base: whole, **{names[c.label]: c.trial | whole for c in doubted}}, [seed])
    before = trainings.known[base].results.get(seed)
    for candidate in doubted:
        after = trainings.known[names[candidate.label]].results.get(seed)
        if before is not None and after is not None:
            tried.at_length = before
            error = standard_error(after, trainings.proxy.data)
            tried.effects[candidate.label] = Effect(
                before, after, (after - before,), error, candidate.likelihood
            )


def base_at_length(trainings: Trainings, seed: int) -> float | None:
    """Return the skill of the recipe as it is, trained as long as the user does; None if the short
    training is as long, or there is no time. A slow recipe need not be a bad one."""
    steps = steps_at_length(trainings, 1)
    if steps is None:
        return None
    name = f"{BASE} ({steps} steps)"
    trainings.run({name: trainings.proxy.length(steps)}, [seed])
    return trainings.known[name].results.get(seed)


def steps_at_length(trainings: Trainings, count: int) -> int | None:
    """Return the steps of ``count`` trainings that are as long as the user's, or as long as time
    allows; None if that is no longer than the short ones."""
    own = min(trainings.proxy.span.steps, LONGEST)
    steps = min(own, int(min(LONGEST, trainings.seconds_left / trainings.step_seconds / count)))
    longer = own > trainings.proxy.steps and steps >= min(own, 2 * trainings.proxy.steps)
    return steps if longer else None
