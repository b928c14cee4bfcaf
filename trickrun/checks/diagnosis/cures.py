"""A cure that is an error itself is none: what is found in the recipe with an edit that helped."""

from __future__ import annotations

from dataclasses import replace

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.gather import Evidence, look_at_data, look_at_training
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.data.splits.prepare import prepare
from trickrun.errors import TrickrunError
from trickrun.recipe.load import derive
from trickrun.run.pace import UNHURRIED, Pace


def errors_of(proxy: ProxyRun, candidate: Candidate, pace: Pace = UNHURRIED) -> frozenset[str]:
    """Return the codes of the errors in a recipe with an edit, from its text, its data and a short
    training; none if it cannot be trained."""
    found = Evidence()
    try:
        changed = edited(proxy, candidate)
        look_at_data(found, changed)
        look_at_training(found, changed, pace)
    except TrickrunError:
        return frozenset()
    return frozenset(finding.code for finding in found.findings if finding.severity == "error")


def edited(proxy: ProxyRun, candidate: Candidate) -> ProxyRun:
    """Return the short training of the recipe with an edit."""
    recipe = derive(proxy.recipe, candidate.trial)
    same = not any(path.startswith("data") for path in candidate.trial)
    data = proxy.data if same else prepare(recipe.recipe.data, recipe.folder)
    return replace(proxy, loaded=derive(proxy.loaded, candidate.edit), recipe=recipe, data=data)
