"""Short trainings of one recipe with different edits, paired by seeds, and what they showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.cures import errors_of
from trickrun.checks.diagnosis.proxy_run import RANGE, ProxyRun
from trickrun.checks.interventions.edits import Changes
from trickrun.checks.interventions.variants import Variant, untrained
from trickrun.checks.lr_find.lr_find_check import lr_find
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.errors import TrickrunError
from trickrun.findings.intervention import Effect, first_to_last
from trickrun.recipe.patch import patch_paths
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.choose import Layout, Pilot, lay_out, run_layout
from trickrun.search.executors.work import ALONE
from trickrun.search.executors.workers import WORKERS
from trickrun.search.trial import Trial, TrialResult, make_trial

BASE = "as it is"
"""The variant without any edit."""

HERE_SECONDS = 30.0
"""Training time from which on it is worth to start workers where none wait: a program that calls
trickrun may not be one that other processes can import."""

WHOLE_LOOK = 3
"""Trainings that a look at a recipe takes the time of, with its data and its layers."""

SLICE = 8
"""Trainings of a stack where time is short: those that it has no time for are then never begun, and
a deadline takes few along."""


@dataclass
class Trainings:
    """Trains variants of one short recipe and remembers what each reached.

    Args:
        pace: trainings that are not done when it is over are given up.
        known: all variants by name, with the skill on the validation split (see skill.py) for each
            seed.
        rates: by label, the learning rate that a range test suggests; None if it refuses.
        errors: by label, the codes of the errors that the recipe with the edit has; see cures.py.
        slowness: how many times as long a step has taken in the last trainings as was measured at
            first: the machine may have other work to do, or an edit makes steps slower.
    """

    proxy: ProxyRun
    pace: Pace = UNHURRIED
    known: dict[str, Variant[float]] = field(default_factory=dict)
    rates: dict[str, float | None] = field(default_factory=dict)
    errors: dict[str, frozenset[str]] = field(default_factory=dict)
    slowness: float = 1.0

    @property
    def seconds_left(self) -> float:
        """Time until the deadline, never negative."""
        return self.pace.left

    @property
    def step_seconds(self) -> float:
        """What a step of one training takes, by what the last ones took."""
        return self.proxy.step_seconds * self.slowness

    def as_json(self) -> dict[str, Any]:
        """Return what every variant reached as plain data."""
        return {
            "known": {
                name: {"edit": v.edit, "results": v.results, "reason": v.reason}
                for name, v in self.known.items()
            },
            "rates": self.rates,
            "errors": {label: sorted(codes) for label, codes in self.errors.items()},
        }

    def run(self, wanted: Mapping[str, Changes], seeds: Sequence[int], share: float = 1.0) -> None:
        """Train each variant ``wanted`` (name to changes) with ``seeds``; see ``known``.

        Args:
            share: of the time left that this may take.

        What is there already is not trained again. Variants that are no recipe, or that time does
        not suffice for, have no results.
        """
        trials: dict[str, Trial] = {}
        owners: dict[str, list[tuple[Variant[float], int]]] = {}
        for name, variant, seed in untrained(self.known, wanted, seeds):
            try:
                trial = self.trial(variant.edit, seed, name)
            except TrickrunError as error:
                variant.reason = str(error)
                continue
            trials.setdefault(trial.id, trial)
            owners.setdefault(trial.id, []).append((variant, seed))
        self.train(list(trials.values()), owners, self.pace.share(share))

    def suggested_rate(self, candidate: Candidate) -> float | None:
        """Return the learning rate that a range test suggests for the recipe with an edit; None if
        it refuses, or there is no time."""
        seconds = RANGE.steps * self.step_seconds
        if candidate.label not in self.rates and seconds < self.seconds_left:
            try:
                mended = RecipeSubject(self.proxy.recipe).changed(candidate.trial)
                test = lr_find(mended, RANGE, self.pace, proven=False)
                suggested = test[0].result["suggestion"]
            except TrickrunError:
                suggested = None
            self.rates[candidate.label] = suggested
        return self.rates.get(candidate.label)

    def errors_with(self, candidate: Candidate) -> frozenset[str]:
        """Return the codes of the errors in the recipe with an edit; none if there is no time, or
        it cannot be looked at."""
        seconds = WHOLE_LOOK * self.step_seconds * self.proxy.steps + self.proxy.read_seconds
        if candidate.label not in self.errors and seconds < self.seconds_left:
            self.errors[candidate.label] = errors_of(self.proxy, candidate, self.pace)
        return self.errors.get(candidate.label, frozenset())

    def trial(self, changes: Changes, seed: int, name: str) -> Trial:
        """Return the trial of an edit. Raises TrickrunError if it makes no recipe."""
        tree = patch_paths(self.proxy.recipe.tree, {**changes, "seed": seed})
        return make_trial(tree, {"variant": name, "seed": seed}, self.proxy.loaded.folder)

    def train(
        self,
        trials: list[Trial],
        owners: Mapping[str, list[tuple[Variant[float], int]]],
        pace: Pace,
    ) -> None:
        """Train ``trials`` at a pace and give each result to the variants that own it."""
        metric = f"val_{self.proxy.metric}"
        folder = self.proxy.loaded.folder
        if not trials or pace.over():
            return
        layout = self.layout(trials, pace)
        steps = {trial.id: steps_of(trial) for trial in trials}
        running = run_layout(layout, folder, metric, layout.ids, what="trainings", pace=pace)
        with closing(running) as results:
            ended = {result.id: result for result in results}
        # In their own order, whichever worker ended first.
        for result in [ended[trial.id] for trial in trials if trial.id in ended]:
            for variant, seed in owners[result.id]:
                self.note(variant, seed, result)
            if result.engine == ALONE and result.status == "finished":
                seconds = result.seconds / steps[result.id]
                self.slowness = max(1.0, seconds / self.proxy.step_seconds)

    def layout(self, trials: Sequence[Trial], pace: Pace) -> Layout:
        """Return where each trial trains, which is here unless workers wait or it takes long."""
        seconds = self.step_seconds * sum(steps_of(trial) for trial in trials)
        most = SLICE if seconds > pace.left else len(trials)
        pilot = Pilot(self.step_seconds, self.proxy.read_seconds)
        layout = lay_out(trials, self.proxy.loaded.folder, pace, pilot).cut(most)
        if WORKERS.warm or seconds > HERE_SECONDS:
            return layout
        return Layout(here=layout.here + layout.workers)

    def note(self, variant: Variant[float], seed: int, result: TrialResult) -> None:
        """Keep one training's skill, or why there is none."""
        if result.status in ("failed", "crashed"):
            variant.reason = result.reason
        else:
            variant.results[seed] = self.proxy.skill(result.metric)


def steps_of(trial: Trial) -> int:
    """Return the length of a trial in steps; every variant's recipe states it."""
    steps: int = trial.tree["train"]["steps"]
    return steps


@dataclass
class Tried:
    """What trainings with edits showed.

    Args:
        base: the recipe as it is.
        candidates: by label, those that went to the proof.
        effects: by label.
        screened: by label, the gain in the first look.
        edits: by label, those of the user's recipe that had a first look.
        raises: by label of an edit that helped, the errors that it brings about.
        at_length: the recipe's skill after a training of its own length, if that was needed.
        reachable: the best skill that anything reached, learners without training loop included.
        trainings: how many there were.
        untried: candidates that there was no time for.
        unproven: labels of those that looked better, and had no time for the proof.
    """

    base: Variant[float]
    candidates: dict[str, Candidate] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    screened: dict[str, float] = field(default_factory=dict)
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)
    raises: dict[str, tuple[str, ...]] = field(default_factory=dict)
    at_length: float | None = None
    reachable: float = 0.0
    trainings: int = 0
    untried: int = 0
    unproven: list[str] = field(default_factory=list)

    @property
    def base_skill(self) -> float:
        """The mean skill of the recipe as it is."""
        return fmean(self.base.results.values())

    @property
    def causes(self) -> list[Candidate]:
        """The candidates that help, likeliest cause first; last those that raise errors."""
        order = first_to_last(self.effects)
        return [self.candidates[label] for label in sorted(order, key=self.raises.__contains__)]

    def as_json(self) -> dict[str, Any]:
        """Return the trainings as plain data."""
        return {
            "base": self.base.results,
            "at_length": self.at_length,
            "reachable": self.reachable,
            "trainings": self.trainings,
            "untried": self.untried,
            "screened": self.screened,
            "proven": {
                label: {
                    "edit": self.candidates[label].edit,
                    "before": effect.before,
                    "after": effect.after,
                    "gains": list(effect.gains),
                    "needed": effect.needed,
                    "helps": effect.helps,
                    "raises": list(self.raises.get(label, ())),
                    "likelihood": effect.likelihood,
                }
                for label, effect in self.effects.items()
            },
        }
