"""A cure that is an error itself is none: what is found in the recipe with an edit that helped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.gather import Evidence, look_at_data, look_at_training
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.diagnosis.trainings import Trainings, Tried
from trickrun.data.splits.prepare import prepare
from trickrun.errors import TrickrunError
from trickrun.findings.finding import Finding
from trickrun.recipe.load import derive

CHECKED = 3
"""Edits that helped and are looked at in turn, until one raises no error."""

WHOLE_LOOK = 3
"""Trainings that such a look takes the time of, with its data and its looks at the layers."""


def check_cures(trainings: Trainings, tried: Tried, findings: Iterable[Finding]) -> None:
    """Note the errors that the first edits that helped bring about, until one brings none.

    A huge learning rate trains a network on unscaled inputs, and is too high itself.

    Args:
        findings: of the recipe as it is; their errors are not the edit's.
    """
    before = {finding.code for finding in findings if finding.severity == "error"}
    for candidate in tried.causes[:CHECKED]:
        new = errors_with(trainings, candidate) - before
        if not new:
            return
        tried.raises[candidate.label] = tuple(sorted(new))


def errors_with(trainings: Trainings, candidate: Candidate) -> frozenset[str]:
    """Return the codes of the errors in the recipe with an edit; none if there is no time, or it
    cannot be looked at."""
    proxy = trainings.proxy
    seconds = WHOLE_LOOK * proxy.step_seconds * proxy.steps
    if candidate.label not in trainings.errors and seconds < trainings.seconds_left:
        trainings.errors[candidate.label] = looked_at(edited(proxy, candidate))
    return trainings.errors.get(candidate.label, frozenset())


def edited(proxy: ProxyRun, candidate: Candidate) -> ProxyRun:
    """Return the short training of the recipe with an edit."""
    recipe = derive(proxy.recipe, candidate.trial)
    same = not any(path.startswith("data") for path in candidate.trial)
    data = proxy.data if same else prepare(recipe.recipe.data, recipe.folder)
    return replace(proxy, loaded=derive(proxy.loaded, candidate.edit), recipe=recipe, data=data)


def looked_at(proxy: ProxyRun) -> frozenset[str]:
    """Return the codes of a recipe's errors, from its text, its data and a short training."""
    found = Evidence()
    try:
        look_at_data(found, proxy)
        look_at_training(found, proxy)
    except TrickrunError:
        return frozenset()
    return frozenset(finding.code for finding in found.findings if finding.severity == "error")
