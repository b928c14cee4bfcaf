"""Training trials in memory, one alone or a stack of them, and saying how each ended."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import CannotWrite, DataChanged, TrickrunError
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import patch_paths
from trickrun.recipe.schema import Recipe
from trickrun.run.memory import is_out_of_memory
from trickrun.run.pace import Moved
from trickrun.search.details import Details, details_of
from trickrun.search.executors.stacked.engine import train_stack
from trickrun.search.segment import WHOLE, Segment, States
from trickrun.search.trial import Status, Trial, TrialResult
from trickrun.training.checkpoint import Best, Progress, restore
from trickrun.training.compile import compile_recipe
from trickrun.training.device import pick_device, to_device, training_type
from trickrun.training.events import RESUMABLE, Checkpoint, End, NonFinite, TrainedSteps
from trickrun.training.job import Job, RecipeJob
from trickrun.training.loop import train
from trickrun.training.spans import timed
from trickrun.user_code import blame

ALONE = "processes"
STACKED = "stacked"
"""The engines' names, as results have them."""

NOT_IN_DATA = {"batch_size", "shuffle", "sampling", "drop_last"}
"""Words of the data section that do not change what is prepared."""

KEPT_BYTES = 64 * 2**20
"""Bytes of prepared data that are kept, and that trials with data of their own may have in a
stack."""


def run_chunk(
    trials: Sequence[Trial],
    folder: Path,
    metric: str,
    segment: Segment = WHOLE,
    until: float = math.inf,
    moved: Moved = lambda done: None,
) -> list[TrialResult]:
    """Train trials of one shape, stacked if there are several, and return their results.

    A trial that began in a stack goes on in one, were it alone there. What a recipe causes is a
    result, not an error; raises CannotWrite if a trial's state cannot be kept.

    Args:
        folder: the recipe's folder.
        metric: the name of the value in an evaluation's record, for example val_loss.
        until: the moment (time.monotonic) at which trials are cut off; those have no result.
        moved: told of the share of the training that is done.
    """
    loaded = [segment.load(trial.id) for trial in trials]
    states = [state for state in loaded if state is not None]
    if len(trials) == 1 and not any("stack" in state for state in states):
        alone = run_trial(trials[0], folder, metric, segment, until, moved)
        return [alone] if alone is not None else []
    try:
        return run_stack(trials, folder, metric, segment, states, until, moved)
    except Exception as error:
        if not is_out_of_memory(error) or len(trials) == 1:
            raise
    # Outside the except block, whose error holds on to the stack.
    return [
        result for trial in trials for result in run_chunk([trial], folder, metric, segment, until)
    ]


def run_trial(
    trial: Trial,
    folder: Path,
    metric: str,
    segment: Segment = WHOLE,
    until: float = math.inf,
    moved: Moved = lambda done: None,
) -> TrialResult | None:
    """Train ``trial`` by itself and return its result (None: it was cut off); see ``run_chunk``."""
    started = time.perf_counter()
    how: End | Exception
    details = None
    try:
        how, details = train_alone(trial, compiled(trial, folder), segment, until, moved)
        if how.stopped_by == "interrupt":
            return None
    except CannotWrite:  # a full disk is not the trial's own fault, and the others will meet it too
        raise
    except SystemExit as error:
        how = blame(error, "your code")
    except Exception as error:  # user code may raise anything; the other trials go on
        how = error
    seconds = time.perf_counter() - started
    return replace(outcome(trial, metric, ALONE, seconds, how, segment), details=details)


def train_alone(
    trial: Trial, job: Job, segment: Segment, until: float, moved: Moved
) -> tuple[End, Details | None]:
    """Train ``job`` for one segment; return how that ended (``interrupt``: it was cut off), and the
    details of a detailed trial that came to its end."""
    state = segment.load(trial.id)
    progress = restore(job, state["run"]) if state else Progress()
    best = Best(**state["best"]) if state and state["best"] else None
    stop_at = segment.stop_at(job)
    for record in train(job, progress, best, lambda: time.monotonic() >= until, stop_at=stop_at):
        if isinstance(record, TrainedSteps):
            moved(progress.step / (stop_at or job.span.steps))
        if isinstance(record, Checkpoint):
            last, best = record.state, record.best or best
    assert isinstance(record, End)
    if record.stopped_by == "stop_at":
        segment.save(trial.id, {"run": last, "best": vars(best) if best else None})
    if not trial.detailed or record.stopped_by in RESUMABLE:
        return record, None
    return record, details_of(job, progress.history, progress.step, progress.samples)


def run_stack(
    trials: Sequence[Trial],
    folder: Path,
    metric: str,
    segment: Segment = WHOLE,
    states: Sequence[States] = (),
    until: float = math.inf,
    moved: Moved = lambda done: None,
) -> list[TrialResult]:
    """Train ``trials`` together; each one's seconds are its share of the time until it ended.

    Args:
        states: of the trials, where the segment goes on from.
    """
    started = time.perf_counter()
    results: list[TrialResult] = []

    def ended(trial: Trial, how: End | Exception) -> None:
        seconds = (time.perf_counter() - started) / len(trials)
        told = outcome(trial, metric, STACKED, seconds, how, segment)
        results.append(replace(told, details=details.pop(trial.id, None)))

    def kept(
        together: Sequence[tuple[Trial, RecipeJob]],
        place: int,
        progress: Progress,
        outputs: torch.Tensor,
    ) -> None:
        trial, job = together[place]
        counts = progress.step, progress.samples
        details[trial.id] = details_of(job, progress.history, *counts, outputs)

    jobs: list[tuple[Trial, RecipeJob]] = []
    details: dict[str, Details] = {}
    for trial in trials:
        try:
            jobs.append((trial, compiled(trial, folder)))
        except TrickrunError as error:
            ended(trial, error)
    begun = dict(zip((trial.id for trial in trials), states, strict=bool(states)))
    done = 0
    for together in stacks_of(jobs):
        running = train_stack(
            [job for _, job in together],
            [begun[trial.id] for trial, _ in together if begun],
            segment.stop_at(together[0][1]),
            partial(keep, segment, together),
            lambda: time.monotonic() >= until,
            partial(moved_within, moved, done / len(jobs), len(together) / len(jobs)),
            partial(kept, together) if any(trial.detailed for trial in trials) else None,
        )
        for place, how in running:
            ended(together[place][0], how)
        done += len(together)
    return results


def keep(
    segment: Segment, together: Sequence[tuple[Trial, RecipeJob]], place: int, state: States
) -> None:
    """Keep the state of the trial at ``place`` of a stack. Raises CannotWrite."""
    segment.save(together[place][0].id, state)


def moved_within(moved: Moved, before: float, share: float, done: float) -> None:
    """Tell that after ``before``, a part that is a ``share`` of all is done so far."""
    moved(before + share * done)


def stacks_of(
    jobs: Sequence[tuple[Trial, RecipeJob]],
) -> list[list[tuple[Trial, RecipeJob]]]:
    """Return the trials of each stack, those with equally many samples one after another.

    Trials of one shape may have data of their own, and that decides more than a recipe says: how
    many steps an epoch has, how wide the inputs are, what a class weighs.
    """
    found: dict[Hashable, list[tuple[Trial, RecipeJob]]] = {}
    for trial, job in jobs:
        shapes = tuple((name, value.shape) for name, value in job.model.state_dict().items())
        weights = job.data.task.priors if job.loss.weight is not None else ()
        key = (job.span.per_epoch, job.data.shape, shapes, weights)
        found.setdefault(key, []).append((trial, job))
    return [sorted(each, key=lambda one: len(one[1].data.train)) for each in found.values()]


def outcome(
    trial: Trial,
    metric: str,
    engine: str,
    seconds: float,
    how: End | Exception,
    segment: Segment = WHOLE,
) -> TrialResult:
    """Return the result of a trial that ended so."""

    def told(status: Status, reason: str) -> TrialResult:
        return TrialResult(trial.id, trial.params, status, None, {}, seconds, engine, reason)

    match how:
        case End(best=values) if not values:
            return told("failed", "its evaluations are not finite")
        case End(best=values) if metric not in values:
            return told("failed", f"its evaluations have no {metric}: {', '.join(values)}")
        case End(best=values) if not math.isfinite(values[metric]):
            return told("failed", f"its {metric} is not a number")
        case End(stopped_by="stop_at", best=values):
            reason = f"stopped at rung {segment.number}, after {segment.epochs} epochs"
            return replace(
                told("stopped", reason), metric=values[metric], values=values, rung=segment.number
            )
        case End(best=values):
            return replace(told("finished", ""), metric=values[metric], values=values)
        case NonFinite():
            return told("diverged", str(how))
        case DataChanged():
            return told("crashed", str(how))
        case TrickrunError():
            return told("failed", str(how))
        case _ if is_out_of_memory(how):
            return told("crashed", f"out of memory: {how}")
        case _:
            return told("failed", f"{type(how).__name__}: {how}")


def compiled(trial: Trial, folder: Path) -> RecipeJob:
    """Return the trial's job, for one thread. Raises TrickrunError if its recipe cannot be one.

    Other trials train on the other cores; and the number of threads decides the last bits, which
    must not depend on where a trial trains.
    """
    recipe = from_tree(patch_paths(trial.tree, {"train.threads": 1}))
    fingerprint = recipe.data.fingerprint(folder)
    if fingerprint != trial.data:
        raise DataChanged(
            "the data has changed since the search started, so it would be split again",
            "data",
            "restore it, or start the search again with the data as it is",
        )
    return compile_recipe(recipe, folder, prepared(recipe, folder, fingerprint))


def prepared(recipe: Recipe, folder: Path, fingerprint: Any = None) -> Prepared:
    """Return the recipe's data on its device. As trials mostly share it, the newest is kept, and
    so are those before it as far as KEPT_BYTES go: folds of small data train together.

    Args:
        fingerprint: the data's, as a process may outlast a change of its files.
    """
    words = recipe.data.model_dump(mode="json", by_alias=True, exclude=NOT_IN_DATA)
    device, dtype = pick_device(recipe.train.device), training_type(recipe)
    content = json.dumps([words, fingerprint], sort_keys=True, default=str)
    kept = (content, folder, device, dtype)
    if kept not in _kept:
        with timed("data"):
            found = to_device(prepare(recipe.data, folder, dtype), device)
        while _kept and bytes_of(found, *_kept.values()) > KEPT_BYTES:
            del _kept[next(iter(_kept))]
        _kept[kept] = found
    return _kept[kept]


def bytes_of(*data: Prepared) -> int:
    """Return what the samples of prepared data take."""
    parts = [part for each in data for part in (each.train, each.val, each.test)]
    return sum(part.x.nbytes + part.y.nbytes for part in parts if part is not None)


def data_of(trial: Trial) -> str:
    """Return what decides how a trial's data is prepared, as text."""
    words = trial.tree["data"].items()
    told = {name: value for name, value in words if name not in NOT_IN_DATA}
    return json.dumps([told, trial.data], sort_keys=True, default=str)


_kept: dict[tuple[str, Path, torch.device, torch.dtype], Prepared] = {}
