"""The learning rate for a recipe whose likeliest fault is mended: a range test of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trickrun.checks.diagnosis.candidate import Candidate, together
from trickrun.checks.diagnosis.candidates import as_candidate
from trickrun.checks.diagnosis.likelihood import of_rate
from trickrun.checks.diagnosis.trainings import Trainings
from trickrun.checks.interventions.rates import rate

MENDED = 2
"""Faults that are mended in turn."""

LIKELY = 0.6
"""Likelihood from which on a part is taken for a fault."""


def with_new_rate(trainings: Trainings, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the likeliest edits, each with the learning rate that a range test then suggests.

    The rate that suits a faulty recipe, such as one whose weights start alike, hardly ever suits
    the mended one.
    """
    likely: dict[str, Candidate] = {}
    for candidate in found:
        if candidate.likelihood >= LIKELY and candidate.path != "optimizer.lr":
            likely.setdefault(candidate.path, candidate)
    for candidate in list(likely.values())[:MENDED]:
        lr = trainings.suggested_rate(candidate)
        if lr is not None:
            recipe = trainings.proxy.loaded.recipe
            new = as_candidate(
                rate(recipe.optimizer.lr, lr), of_rate(recipe, up=lr > recipe.optimizer.lr)
            )
            yield together([candidate, new])
