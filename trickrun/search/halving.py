"""Successive halving: all trials train a little, the best third a little longer, and so on.

Source: Karnin et al. 2013, Almost Optimal Exploration in Multi-Armed Bandits; Jamieson & Talwalkar
2016, Non-stochastic Best Arm Identification and Hyperparameter Optimization, arXiv:1502.07943.
What a trial is at a rung is what its whole run is there (its schedule spans the whole length), so
the ones that reach the end have the values that they would have without halving.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.choose import run_layout
from trickrun.search.journal import append, drop_cut_line, journal, recorded_layout
from trickrun.search.plan import Plan
from trickrun.search.run_trials import OnResult
from trickrun.search.segment import Segment
from trickrun.search.trial import TrialResult

KEEP_ONE_IN = 3
"""The share that goes on, and how many times as long it trains. The theory asks for e; 3 is the
usual choice (Li et al. 2018, Hyperband, arXiv:1603.06560)."""


@dataclass(frozen=True)
class Rung:
    """A stop of successive halving.

    Args:
        epochs: that its trials train until there, from their beginning.
        trials: that reach it.
    """

    epochs: int
    trials: int


def rungs(trials: int, epochs: int) -> list[Rung]:
    """Return the rungs of a search over ``trials`` of ``epochs``; the last one is its end."""
    lengths = [epochs]
    while lengths[0] >= KEEP_ONE_IN and trials >= KEEP_ONE_IN ** len(lengths):
        lengths.insert(0, lengths[0] // KEEP_ONE_IN)
    return [
        Rung(length, max(1, trials // KEEP_ONE_IN**place)) for place, length in enumerate(lengths)
    ]


def halve(planned: Plan, folder: RunFolder, on_result: OnResult, pace: Pace = UNHURRIED) -> None:
    """Run the search, or what its journal in ``folder`` lacks, and journal each trial at each rung.

    A rung is one more search of its own: what a crash leaves half done is trained again from the
    states at the rung before, in the same company.

    Args:
        pace: when it is over the search ends at the rung that it has reached.
    """
    drop_cut_line(folder)
    steps = rungs(len(planned.trials), planned.search.epochs)
    states = (folder.path / "rungs").absolute()  # workers may have begun in another folder
    states.mkdir(exist_ok=True)
    entrants = [trial.id for trial in planned.trials]
    done, total = 0, sum(step.trials for step in steps)
    for number, step in enumerate(steps, 1):
        if pace.over():
            break
        if number > 1:
            entrants = survivors(planned, folder, entrants, number - 1, step.trials)
            remove_losers(states, entrants)
        known = {result.id for result in journal(folder) if at_rung(result, number)}
        done += len(known.intersection(entrants))
        segment = Segment(number, None if step is steps[-1] else step.epochs, states)
        for result in train_rung(planned, folder, entrants, known, segment, pace):
            done += 1
            on_result(result, done, total)
    remove_losers(states, ())
    states.rmdir()


def at_rung(result: TrialResult, number: int) -> bool:
    """Return whether a trial needs no more training for rung ``number``."""
    return result.status != "crashed" and (result.rung is None or result.rung >= number)


def train_rung(
    planned: Plan,
    folder: RunFolder,
    entrants: Sequence[str],
    known: set[str],
    segment: Segment,
    pace: Pace,
) -> Iterator[TrialResult]:
    """Train the ``entrants`` that are not ``known`` for a segment, journal them and yield them."""
    layout = recorded_layout(folder, planned, planned.trials, pace)
    company = layout.only({name for name in entrants if segment.has_place_for(name)})
    before = {result.id: result.seconds for result in journal(folder)}
    where, left = planned.loaded.folder, set(entrants) - known
    # Closed at once if the journal cannot be written: the workers then stop.
    what = f"{planned.stage} search, rung {segment.number}"
    running = run_layout(company, where, planned.metric, left, segment, what, pace)
    with closing(running) as results:
        for result in results:
            whole = replace(result, seconds=result.seconds + before.get(result.id, 0.0))
            append(folder, whole)
            yield whole


def survivors(
    planned: Plan, folder: RunFolder, entrants: Sequence[str], number: int, count: int
) -> list[str]:
    """Return the ``count`` best trials at rung ``number``; those that have ended stay among them.

    Each is taken as it was at that rung, also where the journal knows it from later ones.
    """
    there: dict[str, TrialResult] = {}
    for result in journal(folder):
        if at_rung(result, number) and result.id in entrants:
            there.setdefault(result.id, result)
    badness = {
        result.id: planned.rank.badness({planned.metric: result.metric})
        for result in there.values()
        if result.metric is not None
    }
    return sorted(badness, key=lambda name: (badness[name], name))[:count]


def remove_losers(states: Path, kept: Collection[str]) -> None:
    """Remove the states of all trials but ``kept``."""
    for path in states.iterdir():
        if path.name.split(".")[0] not in kept:
            path.unlink()
