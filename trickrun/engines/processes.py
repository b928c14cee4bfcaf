"""Persistent worker processes, one a core, forked from a server that has imported torch once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from trickrun.engines.trial import Trial, TrialResult
from trickrun.engines.work import NAME, run_trial, set_up

ATTEMPTS = 2
"""How often a trial is begun whose process dies."""


def run_trials(
    trials: Sequence[Trial], folder: Path, metric: str, workers: int | None = None
) -> Iterator[TrialResult]:
    """Train ``trials`` in worker processes and yield each result as soon as it is there.

    Args:
        folder: the recipe's folder.
        metric: the name of the value in an evaluation's record.
        workers: number of processes; None: one a core, and no more than trials.

    A worker that dies (killed, out of memory) takes its pool along: the trials that had not
    finished are begun again in a new one, each at most ATTEMPTS times.
    """
    left = {trial.id: trial for trial in trials}
    begun = dict.fromkeys(left, 0)
    while left:
        count = min(workers or cores(), len(left))
        for result in one_pool(list(left.values()), folder, metric, count, begun):
            del left[result.id]
            yield result
        for trial in list(left.values()):
            if begun[trial.id] >= ATTEMPTS:
                del left[trial.id]
                yield TrialResult(
                    trial.id, trial.params, "crashed", None, {}, 0.0, NAME, "its process died"
                )


def one_pool(
    trials: list[Trial], folder: Path, metric: str, workers: int, begun: dict[str, int]
) -> Iterator[TrialResult]:
    """Yield results until all trials are done or a worker dies; count in ``begun``.

    Only as many trials are handed out as there are workers, so that a dying worker blames no
    trial that had not begun.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trickrun.engines.preload"])
    waiting = iter(trials)
    running: set[Future[TrialResult]] = set()
    with ProcessPoolExecutor(workers, context, set_up) as pool:

        def hand_out() -> None:
            for trial in waiting:
                begun[trial.id] += 1
                running.add(pool.submit(run_trial, trial, folder, metric))
                return

        try:
            for _ in range(workers):
                hand_out()
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    hand_out()
                    yield result
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
