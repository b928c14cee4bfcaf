"""The end of a checklist: is the tuned recipe better than the original, over several folds?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trickrun.data.splits.division import divided
from trickrun.data.splits.source import Source
from trickrun.errors import DataError, OutOfTime
from trickrun.recipe.grid import Grid
from trickrun.recipe.load import Loaded, derive
from trickrun.recipe.schema import Recipe
from trickrun.run.pace import MORE, UNHURRIED, Pace
from trickrun.search.executors.choose import run_trials
from trickrun.search.trial import Trial, TrialResult, make_trial
from trickrun.search.winners import interval
from trickrun.training.compile import pick_metrics
from trickrun.tricks.monitor import Monitor


@dataclass(frozen=True)
class Entry:
    """A candidate and its results.

    Args:
        edits: of the user's recipe; empty for the recipe itself.
        values: the metric at the best evaluation, one a round; None where it did not finish.
        reason: why the first round that did not finish did not.
    """

    name: str
    edits: dict[str, Any]
    values: tuple[float | None, ...] = ()
    reason: str = ""

    @property
    def mean(self) -> float:
        """The mean over rounds; NaN if one did not finish."""
        whole = [value for value in self.values if value is not None]
        return statistics.fmean(whole) if len(whole) == len(self.values) > 0 else math.nan


@dataclass(frozen=True)
class Contest:
    """The outcome.

    Args:
        entries: the original first.
        winner: what to keep.
        gain: the winner's paired improvement over the original, positive is better, with the 95 %
            confidence interval of its mean; NaN if a run of the original did not finish.
    """

    metric: str
    entries: tuple[Entry, ...]
    winner: Entry
    gain: float
    low: float
    high: float


def contest(
    loaded: Loaded,
    candidates: Sequence[Entry],
    count: int,
    changes: dict[str, Any],
    pace: Pace = UNHURRIED,
) -> Contest:
    """Train the recipe and each candidate at full length in ``count`` rounds, and choose.

    A candidate wins only if the 95 % confidence interval of its mean paired improvement excludes
    zero, and its worst round is no worse than the recipe's own. The candidates were picked on one
    validation split, so the best of several often looks better there by chance; each round
    therefore validates on samples of its own.

    Args:
        changes: made to all alike (a subset that the budget asks for).
        pace: rounds that it has no time for are left out.

    Raises OutOfTime if that are all of them.
    """
    entrants = (Entry("original", {}), *candidates)
    rank = judged_by(loaded, entrants)
    common = {**changes, "grid": None, "expect": None}
    source = loaded.recipe.data.load(loaded.folder)
    whole, trials = training_samples(loaded.recipe, source), {}
    for number, changed in enumerate(rounds(loaded, source, count)):
        samples = training_samples(derive(loaded, changed).recipe, source)
        for entry in entrants:
            derived = derive(loaded, {**common, **entry.edits, **changed})
            derived = derive(derived, within(derived.recipe, samples, whole))
            trials[entry.name, number] = make_trial(derived.tree, entry.edits, loaded.folder)
    by_round = [[trials[entry.name, number] for entry in entrants] for number in range(count)]
    results, taken = results_of(by_round, loaded.folder, rank.monitor, pace)
    entries = []
    for entry in entrants:
        own = [results[trials[entry.name, number].id] for number in range(taken)]
        reason = next((result.reason for result in own if result.metric is None), "")
        entries.append(replace(entry, values=tuple(r.metric for r in own), reason=reason))
    return choose(rank.monitor, tuple(entries), rank)


def results_of(
    by_round: Sequence[Sequence[Trial]], folder: Path, metric: str, pace: Pace
) -> tuple[dict[str, TrialResult], int]:
    """Train the trials of all rounds; return their results by id, and how many rounds are whole.

    Where time is limited one round follows the other, so that those that are whole count.

    Raises OutOfTime if none is.
    """
    results: dict[str, TrialResult] = {}
    if not pace.limited:
        every = {trial.id: trial for trials in by_round for trial in trials}
        results |= {r.id: r for r in run_trials([*every.values()], folder, metric, "contest", pace)}
        return results, len(by_round)
    longest = 0.0
    with pace.phase("contest, rounds", len(by_round)) as moved:
        for number, trials in enumerate(by_round):
            begun = pace.clock()
            if longest <= pace.left and not pace.over():
                unique = {trial.id: trial for trial in trials}
                running = run_trials([*unique.values()], folder, metric, "round", pace)
                results |= {result.id: result for result in running}
            if any(trial.id not in results for trial in trials):
                if number == 0:
                    raise OutOfTime("no round of the contest ended in time", "curves", MORE)
                return results, number
            longest = max(longest, pace.clock() - begun)
            moved(number + 1)
    return results, len(by_round)


def judged_by(loaded: Loaded, entrants: Sequence[Entry]) -> Monitor:
    """Return what the contest is judged by: grid.metric, unless that is the loss and an entry has
    another one: losses of different kinds cannot be compared."""
    grid = loaded.recipe.grid or Grid()
    rank = Monitor(monitor=grid.metric, mode=grid.mode)
    if rank.name != "loss" or len({loss_of(derive(loaded, e.edits).recipe) for e in entrants}) == 1:
        return rank
    task = loaded.recipe.data.load(loaded.folder).task
    others = [Monitor(monitor=f"val_{m.name}") for m in pick_metrics(loaded.recipe, task)]
    return next((other for other in others if not other.undecided), rank)


def loss_of(recipe: Recipe) -> str:
    """Return what decides which number a validation loss is."""
    smoothing = recipe.regularizers.label_smoothing
    kept = None if smoothing is None or smoothing.off else smoothing
    return repr((recipe.loss, recipe.data.scale_targets, kept))


def rounds(loaded: Loaded, source: Source, count: int) -> list[dict[str, Any]]:
    """Return each round's changes: a seed, and a fold to validate on.

    The folds are of all samples but the test split's, which no round ever sees. Data that brings
    its own validation samples keeps them.

    Args:
        source: the recipe's data.
    """
    seeds = [{"seed": loaded.recipe.seed + number} for number in range(count)]
    if "val" in source.parts:
        return seeds
    return [
        {**seed, "data.split.folds": count, "data.split.fold": number}
        for number, seed in enumerate(seeds)
    ]


def training_samples(recipe: Recipe, source: Source) -> int | None:
    """Return the training samples of a round; None if the data cannot be divided so, which the
    round's trainings tell."""
    try:
        return len(divided(recipe.data.split, source)["train"])
    except DataError:
        return None


def within(recipe: Recipe, samples: int | None, whole: int | None) -> dict[str, Any]:
    """Return the changes by which a subset and a batch that fit the recipe's own training part are
    no larger than a round's.

    The first folds of a split by time train on few of the samples that the recipe itself has.

    Args:
        samples: in the round's training part; None: unknown.
        whole: in the recipe's own; None: unknown.
    """
    if samples is None or whole is None or samples >= whole:
        return {}
    subset, batch = recipe.data.subset, recipe.data.batch_size
    changes: dict[str, Any] = {}
    if subset is not None and samples < subset.n <= whole:
        changes["data.subset.n"] = samples
    most = samples if subset is None else min(samples, subset.n)
    if batch != "full" and most < batch <= whole:
        changes["data.batch_size"] = most
    return changes


def choose(metric: str, entries: tuple[Entry, ...], rank: Monitor) -> Contest:
    """Return the outcome; ``entries`` begin with the original."""
    original = entries[0]
    finished = [entry for entry in entries[1:] if not math.isnan(entry.mean)]
    finished.sort(key=lambda entry: rank.badness({metric: entry.mean}))
    if math.isnan(original.mean):
        winner = finished[0] if finished else original
        return Contest(metric, entries, winner, math.nan, -math.inf, math.inf)
    steady = [entry for entry in finished if as_steady(original, entry, rank, metric)]
    for entry in steady[:1]:
        gains = paired_gains(original, entry, rank, metric)
        low, high = interval(gains)
        if low > 0:
            return Contest(metric, entries, entry, statistics.fmean(gains), low, high)
    return Contest(metric, entries, original, 0.0, 0.0, 0.0)


def as_steady(original: Entry, entry: Entry, rank: Monitor, metric: str) -> bool:
    """Return whether the worst round of ``entry`` is no worse than the original's: a better mean is
    worth little where one training in five is lost."""

    def worst(of: Entry) -> float:
        return max(rank.badness({metric: value}) for value in of.values if value is not None)

    return worst(entry) <= worst(original)


def paired_gains(original: Entry, entry: Entry, rank: Monitor, metric: str) -> list[float]:
    """Return how much better ``entry`` is, seed by seed."""
    return [
        rank.badness({metric: before}) - rank.badness({metric: after})
        for before, after in zip(original.values, entry.values, strict=True)
        if before is not None and after is not None
    ]
