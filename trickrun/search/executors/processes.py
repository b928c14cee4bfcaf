"""Chunks of trials, trained in worker processes; what a worker dies of is begun again, alone."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain
from pathlib import Path

from trickrun.run.pace import Moved
from trickrun.search.executors.work import ALONE, run_chunk
from trickrun.search.executors.workers import WORKERS, Worker, tell_share
from trickrun.search.segment import WHOLE, Segment
from trickrun.search.trial import Trial, TrialResult
from trickrun.training.spans import timed
from trickrun.training.threads import cores

ATTEMPTS = 2
"""How often a trial is begun whose process dies."""

GRACE = 2.0
"""Seconds that workers may take to end what a deadline cuts off: an evaluation, reading data."""

LOOK_EVERY = 0.5
"""Seconds after which it is looked again how far the workers are."""

Chunk = tuple[Trial, ...]
"""Trials that one worker trains together."""

Work = Callable[[], list[TrialResult]]


def run_chunks(
    chunks: Sequence[Chunk],
    folder: Path,
    metric: str,
    workers: int | None = None,
    segment: Segment = WHOLE,
    until: float = math.inf,
    moved: Moved = lambda done: None,
) -> Iterator[TrialResult]:
    """Train ``chunks`` in worker processes and yield the results of each as it ends.

    Args:
        folder: the recipe's folder.
        metric: the name of the value in an evaluation's record.
        workers: number of processes; None: one a core, and no more than chunks.
        segment: how far they train.
        until: the moment (time.monotonic) at which they are cut off; those have no result.
        moved: told how many trials are done, with those in part that are under way.

    A worker that dies (killed, out of memory) takes only its own chunk along. That chunk's trials
    are begun again when all others have ended, one at a time, because what killed the worker may be
    that there was no memory for several; each trial is begun at most ATTEMPTS times.
    """

    def work(chunk: Chunk) -> Work:
        return partial(run_chunk, chunk, folder, metric, segment, until, tell_share)

    count = min(workers or cores(), len(chunks))
    latest = until + GRACE
    lost = yield from in_workers(chunks, count, work, latest, moved)
    for _ in range(ATTEMPTS - 1):
        again = [(trial,) for trial in chain.from_iterable(lost)]
        lost = yield from in_workers(again, 1, work, latest)
    for trial in chain.from_iterable(lost):
        yield TrialResult(
            trial.id, trial.params, "crashed", None, {}, 0.0, ALONE, "its process died"
        )


def in_workers(
    chunks: Sequence[Chunk],
    count: int,
    work: Callable[[Chunk], Work],
    latest: float = math.inf,
    moved: Moved = lambda done: None,
) -> Generator[TrialResult, None, list[Chunk]]:
    """Yield the results of ``chunks`` as they end; return the chunks whose workers died.

    Args:
        count: number of workers. Each gets the next chunk when it has ended one, so that a dying
            worker blames no chunk that had not begun.
        work: makes what a worker does of a chunk.
        latest: the moment (time.monotonic) after which none is waited for.
        moved: told how many trials are done, with those in part that are under way.
    """
    waiting, lost, ended_trials = deque(chunks), list[Chunk](), 0
    running: dict[Future[list[TrialResult]], tuple[Worker, Chunk]] = {}

    def hand_out(idle: Iterable[Worker]) -> None:
        for worker in idle:
            if waiting:
                chunk = waiting.popleft()
                running[worker.submit(work(chunk))] = worker, chunk

    try:
        hand_out(WORKERS.first(count) if chunks else ())
        while running:
            left = max(0.0, latest - time.monotonic())
            with timed("waiting for workers"):
                done, _ = wait(running, min(left, LOOK_EVERY), FIRST_COMPLETED)
            moved(ended_trials + sum(w.done * len(chunk) for w, chunk in running.values()))
            if not done:
                if left == 0.0:
                    break
                continue
            ended = [(future, *running.pop(future)) for future in done]
            results = []
            for future, _, chunk in ended:
                ended_trials += len(chunk)
                try:
                    results += future.result()
                except BrokenProcessPool:
                    lost.append(chunk)
            hand_out(worker for _, worker, _ in ended)
            yield from results
    finally:
        if running:  # nobody wants the rest
            WORKERS.dismiss()
    return lost
