"""The trainings that tell what keeps a network from fitting one batch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trickrun.checks.interventions.edits import Changes, merged
from trickrun.checks.interventions.parts import Regularizer, Replacement
from trickrun.checks.interventions.variants import Variant, backward_elimination, untrained
from trickrun.checks.overfit_batch.findings import (
    alternatives,
    combined,
    regularizer_blocks,
    together_too_much,
    unexplained,
)
from trickrun.checks.overfit_batch.fit import Fit, fit, length
from trickrun.checks.overfit_batch.goal import BLOCKED, FITTED
from trickrun.checks.subject import Subject
from trickrun.errors import OutOfTime, TrickrunError
from trickrun.findings.finding import Finding
from trickrun.run.pace import UNHURRIED, Pace

BASE = "base"
"""The variant without any edit."""

SEED = 0
"""Stands for the one seed of these trainings, the subject's own."""


@dataclass
class Search:
    """The trainings of one check, in order.

    Args:
        base: what trains on one batch for ``steps`` steps, with nothing that regularizes.
        steps: every other training gets half of them, or as many as the base took.
        known: what was trained, by the name of what was changed.
        pace: of all of them.
        left_out: the names of those that there was no time for.
    """

    base: Subject
    steps: int
    known: dict[str, Variant[Fit]] = field(default_factory=dict)
    pace: Pace = UNHURRIED
    left_out: list[str] = field(default_factory=list)

    @property
    def fits(self) -> dict[str, Fit]:
        """What was reached, by name, without what could not be trained."""
        trained = {name: variant.results for name, variant in self.known.items()}
        return {name: results[SEED] for name, results in trained.items() if results}

    def begin(self) -> Fit:
        """Train the base. Raises TrickrunError if it cannot become a job, or has no time."""
        with self.pace.phase("one batch", self.steps) as moved:
            found = fit(self.base, FITTED, self.pace, moved)
        self.keep(BASE, {}, found)
        return found

    def run(self, name: str, edit: Changes, share: float = FITTED) -> Fit | None:
        """Train the base with ``edit``; None if that makes no job."""
        for _, variant, seed in untrained(self.known, {name: edit}, [SEED]):
            try:
                variant.results[seed] = self.train(edit, share)
            except OutOfTime as error:
                self.left_out.append(name)
                variant.reason = str(error)
            except TrickrunError as error:
                variant.reason = str(error)
        return self.known[name].results.get(SEED)

    def train(self, edit: Changes, share: float = FITTED) -> Fit:
        """Train the base with ``edit``, and keep no record. Raises TrickrunError if that makes no
        job."""
        base = self.fits[BASE]
        steps = max(self.steps // 2, base.steps if base.fitted else 0, 1)
        return fit(self.base.changed({**edit, **length(steps)}), share, self.pace)

    def keep(self, name: str, edit: Changes, found: Fit) -> None:
        """Record what a training with ``edit`` reached."""
        self.known[name] = Variant(dict(edit), {SEED: found})


def blockers(search: Search) -> tuple[list[Finding], list[str]]:
    """Return which part keeps the batch from being fitted: the findings and the parts' paths.

    A part is a blocker if the batch is fitted once it alone is replaced. If no single one is, all
    are replaced, and put back one at a time while the batch is still fitted.
    """
    base, found = search.fits[BASE], search.base.alternatives()
    # One of the rates may be the usual replacement of the recipe's own.
    tried = {part.label: part for part in (*found.rates, *found.parts)}
    alone = []
    with search.pace.phase("what keeps the batch from being fitted", len(tried)) as moved:
        for done, (name, part) in enumerate(tried.items(), 1):
            if fitted(search.run(name, part.edit)):
                alone.append(part)
            moved(done)
    alone = one_rate(alone, found.usual_lr)
    if alone:
        # Another learning rate makes up for many a fault, so it comes last among equals.
        alone.sort(key=lambda part: (search.fits[part.label].steps, part.path == "optimizer.lr"))
        findings = alternatives(alone, search.fits)
        return findings, [finding.where for finding in findings]
    with search.pace.phase("which parts together keep the batch from being fitted"):
        everything = search.run("all replaced", all_of(found.parts))
        if everything is None or not everything.fitted:
            return [unexplained(search.fits, found)], []
        needed = needed_together(search, found.parts)
    last = search.fits.get(TOGETHER, everything)
    return [combined(needed, all_of(needed), base, last)], [part.path for part in needed]


def fitted(found: Fit | None) -> bool:
    return found is not None and found.fitted


def one_rate(alone: list[Replacement], usual_lr: float) -> list[Replacement]:
    """Return ``alone`` with the most usual learning rate, of several: one batch is fitted fastest
    with a rate that is too high for more."""
    rates = [part for part in alone if part.path == "optimizer.lr"]
    rates.sort(key=lambda part: abs(math.log10(part.edit[part.path] / usual_lr)))
    return [part for part in alone if part not in rates[1:]]


TOGETHER = "needed together"


def needed_together(search: Search, parts: Sequence[Replacement]) -> list[Replacement]:
    """Return few of ``parts`` whose replacement together lets the batch be fitted.

    At least two stay: none was enough alone.
    """

    def enough(some: Sequence[Replacement]) -> bool:
        edit = all_of(some)
        try:
            found = search.train(edit)
        except TrickrunError:
            return False
        if found.fitted:
            search.keep(TOGETHER, edit, found)
        return found.fitted

    return backward_elimination(parts, enough, at_least=2)


def all_of(parts: Iterable[Replacement]) -> dict[str, Any]:
    """Return the edit that replaces all of ``parts``."""
    return merged(part.edit for part in parts)


def add_back(
    search: Search, regularizers: Sequence[Regularizer]
) -> tuple[list[Finding], list[str]]:
    """Return which of the switched off regularizers alone prevents fitting the batch."""
    findings: list[Finding] = []
    base = search.fits[BASE]
    with search.pace.phase("with each regularizer back on", len(regularizers)) as moved:
        for done, regularizer in enumerate(regularizers):
            moved(done)
            found = search.run(regularizer.path, regularizer.back, BLOCKED)
            if found is None or found.fitted:
                continue
            cure = None
            if regularizer.weaker is not None:
                name = ", ".join(f"{path}={value:g}" for path, value in regularizer.edit.items())
                cure = search.run(name, regularizer.weaker, BLOCKED)
            findings.append(regularizer_blocks(regularizer, found, cure, base))
    blocked = [finding.where for finding in findings]
    if not findings and len(regularizers) > 1:
        found = search.run("all regularizers", all_back(regularizers), BLOCKED)
        if found is not None and not found.fitted:
            findings.append(together_too_much(regularizers, found, base))
    return findings, blocked


def all_back(regularizers: Iterable[Regularizer]) -> dict[str, Any]:
    """Return the change that puts all of them back; augmentations are one list."""
    changes: dict[str, Any] = {}
    augmentations: list[Any] = []
    for regularizer in regularizers:
        augmentations += regularizer.back.get("augmentation", [])
        changes |= regularizer.back
    return {**changes, "augmentation": augmentations} if augmentations else changes
