"""Which way a group of trials is trained: the fastest, as shapes tell it (cost.py), or else as the
timing of a few steps does.

The ways: each trial alone in worker processes, one a core; stacks of trials in those; or one stack
in this process, which for small jobs ends before a pool of workers has begun, and is how a GPU is
used. A stack's step costs less than its trials' steps where starting operations costs more than
their arithmetic: small networks on a CPU, nearly everything on a GPU.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from pathlib import Path

import torch

from trickrun.data.formats.memory import usable_memory
from trickrun.errors import TrickrunError
from trickrun.recipe.load import from_tree
from trickrun.run.memory import footprint
from trickrun.run.pace import UNHURRIED, Moved, Pace
from trickrun.search.executors.cost import cost_of, machine_speed
from trickrun.search.executors.processes import Chunk, run_chunks
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.executors.work import KEPT_BYTES, bytes_of, compiled, data_of, run_chunk
from trickrun.search.executors.workers import WORKERS
from trickrun.search.groups import groups, shape_of
from trickrun.search.segment import WHOLE, Segment
from trickrun.search.trial import Trial, TrialResult
from trickrun.training.device import pick_device
from trickrun.training.job import Job
from trickrun.training.spans import timed
from trickrun.training.threads import cores
from trickrun.training.timing import TIMED, processor_clock, seconds_a_step, seconds_of

SMALL = 3
"""Trials from which on a group is worth timing."""

CLEAR = 1.4
"""How many times as fast as alone stacks must be by their shapes, so that no timing is needed."""

GAIN, COMPILING = 0.05, 0.01
"""The share of a training that a timing may save where shapes leave the choice in doubt, and
seconds of compiling each of the jobs that it takes."""

PILOT_SECONDS = 30.0
"""Training time from which on a group whose steps a caller has timed alone is timed in a stack."""

OVERHEAD = 2e-3
"""Seconds of a step below which starting operations costs more than their arithmetic, so that a
stack is the faster way."""

WITHIN = 0.6
"""The share of the time left that trials may be expected to take in large chunks."""

UNEVEN = 1.1
"""How many times as long as on the average the last worker may take, so that groups stay whole."""

MEMORY_SHARE = 0.5
"""The share of the free memory that stacks may take."""


Results = Generator[TrialResult, None, None]
"""Results as they come; closing it gives up those that have not."""


@dataclass
class Layout:
    """What is trained where. It is recorded with a search, because it decides the last bits of
    every loss: how sums are cut into vector instructions depends on a stack's size.

    Args:
        here: chunks for this process, one after another.
        workers: chunks for worker processes.
    """

    here: list[Chunk] = field(default_factory=list)
    workers: list[Chunk] = field(default_factory=list)

    def as_json(self) -> dict[str, list[list[str]]]:
        """Return the chunks' trials as plain data."""
        return {
            "here": [[trial.id for trial in chunk] for chunk in self.here],
            "workers": [[trial.id for trial in chunk] for chunk in self.workers],
        }

    @classmethod
    def from_json(cls, told: dict[str, list[list[str]]], trials: Iterable[Trial]) -> Layout:
        """Return the layout that ``as_json`` gave of these ``trials``; of {} an empty one."""
        found = {trial.id: trial for trial in trials}
        return cls(
            **{place: [tuple(found[i] for i in ids) for ids in told[place]] for place in told}
        )

    def only(self, wanted: Collection[str]) -> Layout:
        """Return the layout without the trials that are not in ``wanted``."""

        def left(chunks: list[Chunk]) -> list[Chunk]:
            kept = [tuple(trial for trial in chunk if trial.id in wanted) for chunk in chunks]
            return [chunk for chunk in kept if chunk]

        return Layout(left(self.here), left(self.workers))

    def cut(self, size: int) -> Layout:
        """Return the layout with chunks of at most ``size`` trials, in the trials' order."""

        def parts(chunks: list[Chunk]) -> list[Chunk]:
            return [c[i : i + size] for c in chunks for i in range(0, len(c), size)]

        return Layout(parts(self.here), parts(self.workers))

    @property
    def ids(self) -> set[str]:
        """The trials that have a place in it."""
        return {trial.id for chunk in self.here + self.workers for trial in chunk}


@dataclass(frozen=True)
class Timing:
    """What training a group costs, from a few steps on one thread.

    Args:
        group: the trials.
        workers: processes that train trials alone.
        stacks: stacks that train at a time: one a process, but one in all on a GPU.
        steps: length of the longest run.
        alone: seconds a step of one trial.
        stacked: seconds a step of a stack of ``size`` trials.
        largest: trials whose stack memory has room for.
    """

    group: Chunk
    workers: int
    stacks: int
    steps: int
    alone: float
    stacked: float
    size: int
    largest: int

    @property
    def per_trial(self) -> float:
        """The time that a process needs for one of them, the faster way."""
        return self.steps * (self.stacked / self.size if self.stacks_pay else self.alone)

    @property
    def seconds_alone(self) -> float:
        """The time that worker processes need for the trials one by one."""
        return self.steps * self.alone * ceil(len(self.group) / self.workers)

    @property
    def seconds_stacked(self) -> float:
        """The time that worker processes need for stacks of them."""
        share = ceil(len(self.group) / self.stacks)
        return self.steps * self.stacked / self.size * share if share > 1 else math.inf

    @property
    def seconds_here(self) -> float:
        """The time that one process needs for all of them."""
        return self.per_trial * len(self.group)

    @property
    def stacks_pay(self) -> bool:
        """Whether a stack is faster than its trials one by one."""
        return len(self.group) > 1 and self.stacked / self.size < self.alone

    def chunks_here(self) -> list[Chunk]:
        """Return the group as this process, or one worker, trains it the fastest."""
        return split(self.group, self.largest if self.stacks_pay else 1)

    def chunks_away(self) -> list[Chunk]:
        """Return the group as all worker processes train it the fastest."""
        if self.seconds_alone <= self.seconds_stacked:
            return split(self.group, 1)
        return split(self.group, min(ceil(len(self.group) / self.stacks), self.largest))


@dataclass(frozen=True)
class Pilot:
    """What a caller knows of its trials already.

    Args:
        step_seconds: of a step of one of them.
        read_seconds: until a worker has their data.
    """

    step_seconds: float
    read_seconds: float = 0.0


def run_trials(
    trials: Sequence[Trial],
    folder: Path,
    metric: str,
    what: str = "trials",
    pace: Pace = UNHURRIED,
) -> Results:
    """Train ``trials`` the fastest way and yield their results; see ``run_layout``."""
    layout, wanted = lay_out(trials, folder, pace), {trial.id for trial in trials}
    return run_layout(layout, folder, metric, wanted, what=what, pace=pace)


def run_layout(
    layout: Layout,
    folder: Path,
    metric: str,
    wanted: Collection[str],
    segment: Segment = WHOLE,
    what: str = "trials",
    pace: Pace = UNHURRIED,
) -> Results:
    """Train the chunks with a trial in ``wanted`` and yield the results of those, as they end.

    A chunk is trained as a whole, so that a search which goes on gives the values of one that was
    never cut off.

    Args:
        folder: the recipe's folder.
        metric: the name of the value in an evaluation's record.
        wanted: the ids of the trials whose results are needed.
        segment: how far they train.
        what: the name of the phase.
        pace: trials that are not done when it is over have no result.
    """
    here, workers = (
        [chunk for chunk in chunks if any(trial.id in wanted for trial in chunk)]
        for chunks in (layout.here, layout.workers)
    )
    done = 0
    with pace.phase(what, sum(map(len, here + workers))) as moved:
        for chunk in here:
            if pace.over():
                return
            part = partial(moved_within, moved, done, len(chunk))
            with one_thread():
                results = run_chunk(chunk, folder, metric, segment, pace.deadline, part)
            done += len(chunk)
            moved(done)
            yield from (result for result in results if result.id in wanted)
        more = partial(moved_further, moved, done)
        for result in run_chunks(workers, folder, metric, None, segment, pace.deadline, more):
            if result.id in wanted:
                yield result


def moved_within(moved: Moved, done: int, size: int, share: float) -> None:
    """Tell that of a chunk of ``size`` trials, after ``done`` others, a share is done."""
    moved(done + size * share)


def moved_further(moved: Moved, before: int, done: float) -> None:
    """Tell how many trials are done, of which ``before`` were so already."""
    moved(before + done)


def lay_out(
    trials: Sequence[Trial],
    folder: Path,
    pace: Pace = UNHURRIED,
    pilot: Pilot | None = None,
) -> Layout:
    """Return where each trial trains, so that the last one ends soonest.

    Args:
        pilot: spares the timing of what takes less than PILOT_SECONDS.
    """
    layout, timings = Layout(), list[Timing]()
    alike = [part for group in groups(trials) for part in with_room_for_data(group, folder)]
    known: dict[tuple[str, int, int], Timing | None] = {}
    with timed("choosing"), pace.phase("choosing how to train", len(alike)) as moved:
        for done, group in enumerate(alike):
            moved(done)
            work = shape_of(from_tree(group[0].tree)), len(group), sources(group)
            if work not in known:
                known[work] = timing_of(group, folder, pilot)
            timing = known[work]
            if timing is None:
                layout.workers += split(group, 1)
            else:
                timings.append(replace(timing, group=tuple(group)))
    here = sum(timing.seconds_here for timing in timings)
    away = seconds_away(timings)
    begin = WORKERS.seconds() + (pilot.read_seconds if pilot is not None else 0.0)
    if not layout.workers and here <= begin + away:
        layout.here = [chunk for timing in timings for chunk in timing.chunks_here()]
    else:
        layout.workers += chunks_for_workers(timings)
    if min(here, away) > WITHIN * pace.left:
        # The deadline may come in between: chunks that end before it count.
        share = WITHIN * pace.left / min(here, away)
        return layout.cut(max(1, int(share * max(len(timing.group) for timing in timings) / 2)))
    return layout


def with_room_for_data(group: list[Trial], folder: Path) -> list[list[Trial]]:
    """Return a group as it is, or in parts that share their data, where all data together is more
    than a process keeps."""
    by_data: dict[str, list[Trial]] = {}
    for trial in group:
        by_data.setdefault(data_of(trial), []).append(trial)
    if len(by_data) == 1:
        return [group]
    try:
        one = bytes_of(compiled(group[0], folder).data)
    except TrickrunError:
        return [group]  # it is told when it is the trial's turn
    return [group] if one * len(by_data) <= KEPT_BYTES else list(by_data.values())


def sources(group: Sequence[Trial]) -> int:
    """Return from how many sources a stack of the group would draw its batches."""
    trees = [trial.tree for trial in group]
    drawn = {json.dumps([t.get("seed"), t.get("augmentation")], sort_keys=True) for t in trees}
    return max(len(drawn), len({data_of(trial) for trial in group}))


def seconds_away(timings: Sequence[Timing]) -> float:
    """Return the time that worker processes need for all groups: that of their whole work, or of
    the group that takes the longest."""
    longest = [min(timing.seconds_alone, timing.seconds_stacked) for timing in timings]
    shares = [t.seconds_here / (t.stacks if t.stacks_pay else t.workers) for t in timings]
    return max([*longest, sum(shares)])


def chunks_for_workers(timings: Sequence[Timing]) -> list[Chunk]:
    """Return what worker processes train: as many groups whole as leave no worker idle, for the
    larger a stack, the less each of its trials takes; the others are shared out to all workers."""
    order = sorted(timings, key=lambda timing: -timing.seconds_here)
    stacked = [timing for timing in order if timing.stacks_pay]
    others = sum(timing.seconds_here for timing in order if not timing.stacks_pay)
    count = next(c for c in range(len(stacked), -1, -1) if is_even(stacked, c, others))
    whole = stacked[:count]
    found = [chunk for timing in whole for chunk in timing.chunks_here()]
    for timing in order:
        if not any(timing is one for one in whole):
            found += timing.chunks_away()
    return found


def is_even(stacked: Sequence[Timing], whole: int, others: float = 0.0) -> bool:
    """Return whether all workers end at about the same time if the first ``whole`` of groups, the
    longest first, are one worker's each, and the rest is shared out.

    Args:
        others: seconds of what trains one by one.
    """
    if whole == 0:
        return True
    loads = [0.0] * stacked[0].stacks
    for timing in stacked[:whole]:
        loads[loads.index(min(loads))] += timing.seconds_here
    total = sum(timing.seconds_here for timing in stacked) + others
    return max(loads) <= UNEVEN * total / len(loads)


def split(group: Sequence[Trial], size: int) -> list[Chunk]:
    """Return ``group`` in as few parts as sizes up to ``size`` allow, of nearly equal size."""
    parts = ceil(len(group) / size)
    return [tuple(group[part::parts]) for part in range(parts)]


def timing_of(group: Sequence[Trial], folder: Path, pilot: Pilot | None) -> Timing | None:
    """Return what training a group costs: as shapes tell it, or the caller's ``pilot``, or else a
    timing. None if nothing tells, or it is not worth a timing."""
    told = told_by_shapes(group, folder, cores())
    doubtful = told is None or not is_clear(told)
    if told is None and pilot is not None:
        told = told_by_pilot(group, pilot, folder)
        doubtful = told.seconds_here > PILOT_SECONDS
    if len(group) < SMALL or not doubtful or (told is not None and not is_worth_timing(told)):
        return told
    return time_group(group, folder, cores())


def is_worth_timing(told: Timing) -> bool:
    """Return whether a timing costs less than it may save."""
    cost = (1 + TIMED) * (told.alone + told.stacked) + COMPILING * (1 + told.size)
    return GAIN * told.seconds_here > cost


def is_clear(told: Timing) -> bool:
    """Return whether a prediction says for sure which way is the faster."""
    ratio = told.alone * told.size / told.stacked
    return len(told.group) == 1 or ratio >= CLEAR or ratio <= 1 / CLEAR


def told_by_shapes(group: Sequence[Trial], folder: Path, workers: int) -> Timing | None:
    """Return what training a group costs as the shapes of its first trial tell; None if they do
    not."""
    try:
        with one_thread():
            job = compiled(group[0], folder)
            cost = cost_of(job)
            if cost is None:
                return None
            speed, largest = machine_speed(), room_for(job)
    except (TrickrunError, RuntimeError):
        return None  # told when it is the trial's turn, or by the timing
    size = min(max(2, ceil(len(group) / workers)), largest)
    drawn = min(sources(group), size)
    stacked = cost.stacked(speed, size, drawn)
    steps = max(steps_of(trial, job) for trial in group)
    alone = cost.alone(speed)
    return Timing(tuple(group), workers, workers, steps, alone, stacked, size, largest)


def steps_of(trial: Trial, like: Job) -> int:
    """Return the steps of a trial, by the length of an epoch of one of its group."""
    train = from_tree(trial.tree).train
    return train.steps or (train.epochs or 0) * like.span.per_epoch


def told_by_pilot(group: Sequence[Trial], pilot: Pilot, folder: Path) -> Timing:
    """Return what training a group costs by what a caller has timed."""
    recipe = from_tree(group[0].tree)
    workers = cores() if pick_device(recipe.train.device).type == "cpu" else 1
    alone, size = pilot.step_seconds, max(2, len(group))
    stacked = size * alone * (0.5 if alone < OVERHEAD else 2.0)
    steps = max(from_tree(trial.tree).train.steps or 1 for trial in group)
    return Timing(tuple(group), workers, workers, steps, alone, stacked, size, size)


def time_group(group: Sequence[Trial], folder: Path, workers: int) -> Timing | None:
    """Take a few steps with one trial and with a stack, on jobs that are thrown away.

    The stack is as large as each of ``workers`` processes would have, on a GPU the whole group. On
    a CPU processor time counts: what else the machine does meanwhile must not decide.
    None if the trials cannot be stacked.
    """
    try:
        with one_thread():
            job = compiled(group[0], folder)
            stacks = workers if job.device.type == "cpu" else 1
            largest = room_for(job)
            size = min(max(2, ceil(len(group) / stacks)), largest)
            jobs = [compiled(trial, folder) for trial in group[:size]]
            clock = processor_clock(job.device)
            alone = seconds_a_step(job, clock)
            stack = Stack(jobs)
            histories: list[list[dict[str, float]]] = [[] for _ in jobs]
            stacked = seconds_of(lambda n: stack.take_step(n, histories), job.device, clock)
    except TrickrunError:
        return None  # a trial that cannot be a job is told when it is its turn
    except RuntimeError:
        return None  # vmap does not know some operation, or memory ran out
    steps = max(job.span.steps for job in jobs)
    return Timing(tuple(group), workers, stacks, steps, alone, stacked, size, largest)


def room_for(job: Job) -> int:
    """Return how many trials like ``job`` fit into one process's stack; at least 2."""
    need = footprint(job)
    if job.device.type == "cuda":
        free, processes = torch.cuda.mem_get_info(job.device)[0], 1
    else:
        free, processes = usable_memory(), cores()
    room = MEMORY_SHARE * free / processes
    return max(2, int(room // (need["total"] - need["data"])))


def one_thread() -> AbstractContextManager[None]:
    """Train with one thread, as workers do."""
    return with_threads(1)


@contextmanager
def with_threads(count: int) -> Iterator[None]:
    """Compute with so many threads: another number gives other last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
