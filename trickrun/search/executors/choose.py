"""Which way a group of trials is trained: a few steps are timed, and the fastest way is taken.

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
from trickrun.search.executors.processes import Chunk, run_chunks
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.executors.work import compiled, run_chunk
from trickrun.search.executors.workers import WORKERS
from trickrun.search.groups import groups, shape_of
from trickrun.search.segment import WHOLE, Segment
from trickrun.search.trial import Trial, TrialResult
from trickrun.training.job import Job
from trickrun.training.spans import timed
from trickrun.training.threads import cores
from trickrun.training.timing import processor_clock, seconds_a_step, seconds_of

SMALL = 3
"""Trials from which on a group is worth timing."""

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
        """The time that this process needs for one stack after another."""
        return self.steps * self.stacked / self.size * len(self.group)

    def chunks_here(self) -> list[Chunk]:
        """Return the group in stacks for this process, or for one worker."""
        return split(self.group, self.largest)

    def chunks_away(self) -> list[Chunk]:
        """Return the group as all worker processes train it the fastest."""
        if self.seconds_alone <= self.seconds_stacked:
            return split(self.group, 1)
        return split(self.group, min(ceil(len(self.group) / self.stacks), self.largest))


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


def lay_out(trials: Sequence[Trial], folder: Path, pace: Pace = UNHURRIED) -> Layout:
    """Return where each trial trains, so that the last one ends soonest."""
    layout, timings, alike = Layout(), [], groups(trials)
    known: dict[tuple[str, int], Timing | None] = {}
    with timed("choosing"), pace.phase("choosing how to train", len(alike)) as moved:
        for done, group in enumerate(alike):
            moved(done)
            timing = None
            if len(group) >= SMALL:
                work = work_of(group[0]), len(group)
                if work not in known:
                    known[work] = time_group(group, folder, cores())
                timing = known[work]
            if timing is None:
                layout.workers += split(group, 1)
            else:
                timings.append(replace(timing, group=tuple(group)))
    here = sum(timing.seconds_here for timing in timings)
    away = sum(min(timing.seconds_alone, timing.seconds_stacked) for timing in timings)
    if not layout.workers and here <= WORKERS.seconds() + away:
        layout.here = [chunk for timing in timings for chunk in timing.chunks_here()]
    else:
        layout.workers += chunks_for_workers(timings)
    if min(here, away) > WITHIN * pace.left:
        # The deadline may come in between: chunks that end before it count.
        share = WITHIN * pace.left / min(here, away)
        return layout.cut(max(1, int(share * max(len(timing.group) for timing in timings) / 2)))
    return layout


def work_of(trial: Trial) -> str:
    """Return what decides how long a trial's steps take: its shape, whatever fold it leaves out."""
    shape = json.loads(shape_of(from_tree(trial.tree)))
    split = shape["data"].get("split")
    if isinstance(split, dict):
        split.pop("fold", None)
    return json.dumps(shape)


def chunks_for_workers(timings: Sequence[Timing]) -> list[Chunk]:
    """Return what worker processes train: as many groups whole as leave no worker idle, for the
    larger a stack, the less each of its trials takes; the others are shared out to all workers."""
    order = sorted(timings, key=lambda timing: -timing.seconds_here)
    stacked = [timing for timing in order if timing.seconds_stacked < timing.seconds_alone]
    count = next(count for count in range(len(stacked), -1, -1) if is_even(stacked, count))
    whole = stacked[:count]
    found = [chunk for timing in whole for chunk in timing.chunks_here()]
    for timing in order:
        if not any(timing is one for one in whole):
            found += timing.chunks_away()
    return found


def is_even(stacked: Sequence[Timing], whole: int) -> bool:
    """Return whether all workers end at about the same time if the first ``whole`` of groups, the
    longest first, are one worker's each, and the rest is shared out."""
    if whole == 0:
        return True
    loads = [0.0] * stacked[0].stacks
    for timing in stacked[:whole]:
        loads[loads.index(min(loads))] += timing.seconds_here
    total = sum(timing.seconds_here for timing in stacked)
    return max(loads) <= UNEVEN * total / len(loads)


def split(group: Sequence[Trial], size: int) -> list[Chunk]:
    """Return ``group`` in as few parts as sizes up to ``size`` allow, of nearly equal size."""
    parts = ceil(len(group) / size)
    return [tuple(group[part::parts]) for part in range(parts)]


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
