"""Edits worth trying: those of findings, and the usual replacements of a recipe's unusual parts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.likelihood import of_part, of_rate
from trickrun.checks.diagnosis.parts import (
    LONGER,
    batches,
    longer,
    regularized,
    steadier,
    weaker,
    weighted,
)
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.diagnosis.reference import reconstructs
from trickrun.checks.interventions.parts import Replacement
from trickrun.checks.interventions.rates import LR_FACTORS, rate, usual_rates
from trickrun.checks.interventions.replacements import replacements
from trickrun.findings.conclusion import LEAKS
from trickrun.findings.finding import Finding
from trickrun.recipe.schema import Recipe

UNTESTABLE = ("early_stopping", "expect", "grid", "train.device", "data.split", "data.subset")
"""Parts that a short training replaces or leaves out, so that it cannot tell what they do."""


FAR_OFF = 10.0
"""Factor beyond the usual learning rates from which on a rate makes up for another fault. Own: the
ranges are of a hundredfold, and the rates to try go tenfold beyond what is given."""

LUCKY = 0.15
"""Likelihood of an edit to such a rate, at most: it is tried, and needs much proof."""


def candidates(
    proxy: ProxyRun, findings: Iterable[Finding], input_std: float, gap: float
) -> list[Candidate]:
    """Return what to try, likeliest first; each edit once.

    Args:
        findings: what the evidence says; their edits come with their confidence.
        input_std: standard deviation of the inputs as the network gets them.
        gap: skill on training samples less that on validation samples.
    """
    found: dict[str, Candidate] = {}
    narrow = reconstructs(proxy.data)
    for candidate in (*of_findings(proxy, findings), *usual(proxy, input_std, gap)):
        if narrow and candidate.code == "TR54":
            continue  # a bottleneck is what such a network is about
        known = found.get(candidate.label, candidate)
        # The replaced part names the cause; a finding that suggests the same may be a symptom.
        likelihood = max(candidate.likelihood, known.likelihood)
        if far_off(candidate.edit, proxy.loaded.recipe):
            likelihood = min(likelihood, LUCKY)
        found[candidate.label] = replace(candidate, likelihood=likelihood)
    return sorted(found.values(), key=lambda candidate: -candidate.likelihood)


def far_off(edit: Mapping[str, Any], recipe: Recipe) -> bool:
    """Whether an edit sets a learning rate that hardly anybody gives this optimizer."""
    lr = edit.get("optimizer.lr")
    if lr is None or recipe.optimizer.is_user_code:
        return False
    low, high = usual_rates(recipe.optimizer)
    return not low / FAR_OFF <= lr <= high * FAR_OFF


def of_findings(proxy: ProxyRun, findings: Iterable[Finding]) -> Iterator[Candidate]:
    """Yield the edits that findings suggest."""
    weight = {"error": 1.0, "warning": 0.6, "info": 0.3}
    for finding in findings:
        if finding.code in LEAKS:
            continue
        if not finding.edit or any(path.startswith(UNTESTABLE) for path in finding.edit):
            continue
        trial = as_trial(proxy, finding.edit)
        if trial is None:
            continue
        yield Candidate(
            next(iter(finding.edit)),
            finding.edit,
            finding.code,
            finding.name,
            finding.why,
            trial,
            finding.confidence * weight[finding.severity],
        )


def as_trial(proxy: ProxyRun, edit: dict[str, Any]) -> dict[str, Any] | None:
    """Return the change of the short recipe that stands for an edit of the user's.

    A longer run becomes a longer short training by the same factor, at most LONGER; where the short
    training is not the whole run, it cannot tell: None.
    """
    trial: dict[str, Any] = {}
    for path, value in edit.items():
        if path not in ("train.epochs", "train.steps"):
            trial[path] = value
            continue
        if proxy.span.steps > proxy.steps:
            return None
        own = proxy.span.steps if path == "train.steps" else proxy.loaded.recipe.train.epochs
        trial |= proxy.length(round(proxy.steps * min(value / own, LONGER)))
    return trial


def usual(proxy: ProxyRun, input_std: float, gap: float) -> Iterator[Candidate]:
    """Yield the usual replacements of the recipe's parts."""
    recipe, task = proxy.loaded.recipe, proxy.data.task
    for lr in other_rates(recipe):
        yield as_candidate(
            rate(recipe.optimizer.lr, lr), of_rate(recipe, up=lr > recipe.optimizer.lr)
        )
    for part in replacements(recipe, task):
        yield as_candidate(part, of_part(part, recipe, input_std))
    yield from weaker(proxy)
    yield from regularized(proxy, gap)
    yield from steadier(proxy)
    yield from weighted(proxy)
    yield from batches(proxy)
    yield from longer(proxy)


def other_rates(recipe: Recipe) -> list[float]:
    """Return learning rates to try: scaled both ways, and a usual one if that is out of reach."""
    rates = [recipe.optimizer.lr * factor for factor in LR_FACTORS]
    if not recipe.optimizer.is_user_code:
        usual_rate = math.sqrt(math.prod(usual_rates(recipe.optimizer)))
        if not min(rates) < usual_rate < max(rates):
            rates.insert(0, usual_rate)
    return [float(f"{lr:.3g}") for lr in rates]


def as_candidate(part: Replacement, likelihood: float) -> Candidate:
    """Return what `overfit-batch` replaces too as a candidate."""
    return Candidate(part.path, part.edit, part.code, part.name, part.why, part.edit, likelihood)
