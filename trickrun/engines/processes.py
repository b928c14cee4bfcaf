"""Chunks of trials, trained in worker processes; what a worker that dies leaves is begun again."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from trickrun.engines.leg import WHOLE, Leg
from trickrun.engines.trial import Trial, TrialResult
from trickrun.engines.work import ALONE, run_chunk
from trickrun.engines.workers import WORKERS
from trickrun.threads import cores

ATTEMPTS = 2
"""How often a trial is begun whose process dies."""

Chunk = tuple[Trial, ...]
"""Trials that one worker trains together."""


def run_chunks(
    chunks: Sequence[Chunk],
    folder: Path,
    metric: str,
    workers: int | None = None,
    leg: Leg = WHOLE,
) -> Iterator[TrialResult]:
    """Train ``chunks`` in worker processes and yield the results of each as it ends.

    Args:
        folder: the recipe's folder.
        metric: the name of the value in an evaluation's record.
        workers: number of processes; None: one a core, and no more than chunks.
        leg: how far they train.

    A worker that dies (killed, out of memory) takes its pool along: what had not finished is begun
    again in a new one, trial by trial, each trial at most ATTEMPTS times.
    """
    waiting = deque(chunks)
    begun = dict.fromkeys((trial.id for chunk in chunks for trial in chunk), 0)
    while waiting:
        count = min(workers or cores(), len(waiting))
        for trial in (yield from one_pool(waiting, folder, metric, count, begun, leg)):
            if begun[trial.id] < ATTEMPTS:
                waiting.append((trial,))
            else:
                yield TrialResult(
                    trial.id, trial.params, "crashed", None, {}, 0.0, ALONE, "its process died"
                )


def one_pool(
    waiting: deque[Chunk],
    folder: Path,
    metric: str,
    workers: int,
    begun: dict[str, int],
    leg: Leg,
) -> Generator[TrialResult, None, list[Trial]]:
    """Yield results until nothing waits or a worker dies; return the trials that were lost.

    Only as many chunks are handed out as there are workers, so that a dying worker blames no
    trial that had not begun; ``begun`` counts those that have.
    """
    running: dict[Future[list[TrialResult]], Chunk] = {}
    pool = WORKERS.at_least(workers)

    def hand_out() -> None:
        while waiting and len(running) < workers:
            running[pool.submit(run_chunk, waiting[0], folder, metric, leg)] = waiting[0]
            for trial in waiting.popleft():
                begun[trial.id] += 1

    try:
        hand_out()
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            results = [result for future in done for result in future.result()]
            for future in done:
                del running[future]
            hand_out()
            yield from results
    except BrokenProcessPool:
        pass
    finally:
        if running:  # a worker died, or nobody wants the rest
            WORKERS.dismiss()
    return [trial for chunk in running.values() for trial in chunk]
