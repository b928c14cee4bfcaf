"""Persistent worker processes, forked from a server that has imported torch once.

Nothing heavy is imported here, so that a program can start the server before it imports torch
itself. A command is its own server (forked_server.py).
"""

from __future__ import annotations

import importlib
import math
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any, TypeVar

from trickrun.search.executors import forked_server
from trickrun.search.executors.beside import Beside, NoResult
from trickrun.search.executors.worker_process import (
    FROM_TERMINAL,
    follow_parent,
    print_to_stderr,
)
from trickrun.training.spans import timed
from trickrun.training.without_dynamo import in_own_process

Gives = TypeVar("Gives")

JUDGING, DRAWING = "judging", "drawing"
"""What is done beside the trainings, each in a process of its own; see ``Workers.aside``."""

IMPORTS = {
    JUDGING: (
        "sklearn.ensemble",
        "sklearn.inspection",
        "sklearn.linear_model",
        "sklearn.pipeline",
        "sklearn.preprocessing",
        "trickrun.checks.diagnosis.reference",
        "trickrun.search.judge",
    ),
    DRAWING: (
        "matplotlib.figure",
        "matplotlib.backends.backend_svg",
        "trickrun.reporting.grid_pictures",
        "trickrun.reporting.pictures",
    ),
}
"""What each of them imports before its first work; only names, as layers above are among them."""

FIRST_POOL_SECONDS, NEXT_POOL_SECONDS = 1.5, 0.2
"""What it takes until workers train: the first ones wait for a server that imports torch, the
others are forked from it."""


WORK = "trickrun.search.executors.work"
"""The module that workers train by; it needs all that they need."""


def start_server() -> None:
    """Start the server as a new Python."""
    resource_tracker.ensure_running()
    forkserver.ensure_running()


class Worker:
    """One worker process. It has a pool of its own, because a pool of several ends as a whole when
    one of its processes dies, and what the others do would be lost."""

    def __init__(self) -> None:
        self.share: Any = server().RawValue("d", 0.0)
        self.pool = new_pool(self.share)

    @property
    def done(self) -> float:
        """The share of its work that the process has told to be done."""
        return float(self.share.value)

    def submit(self, work: Callable[[], Gives]) -> Future[Gives]:
        """Begin ``work`` in the process, or in a new one if that has died.

        The future raises BrokenProcessPool if the process dies of it.
        """
        self.share.value = 0.0
        try:
            return self.pool.submit(work)
        except BrokenProcessPool:
            self.pool = new_pool(self.share)
            return self.pool.submit(work)

    @property
    def processes(self) -> list[BaseProcess]:
        """The one process; none before its first work."""
        # Python has a public name for it from 3.14 on.
        return list((getattr(self.pool, "_processes", None) or {}).values())

    def end(self) -> None:
        """End the process, whatever it does."""
        # A worker that trains would go on for minutes, and Python waits for it at its own end.
        processes = self.processes
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()


class Workers:
    """The worker processes of this process: they wait for the next search when one has ended."""

    def __init__(self) -> None:
        self.begun: list[Worker] = []
        self.beside: dict[str, Beside] = {}
        self.server_begun: float | None = None

    def begin(self, import_torch: Callable[[], None], beside: Sequence[str]) -> None:
        """Import torch and start the server, the faster way that is safe in this process, a
        command's own: the server is a fork of it, or imports torch at the same time.

        Args:
            beside: names of processes that are needed later, and import until then.
        """
        for what in beside:
            self.at_hand(what)
        if forked_server.can_fork():
            import_torch()
            importlib.import_module(WORK)
            self.warm_up(partial(forked_server.begin, self.forget))
            # It has imported everything.
            self.server_begun = -math.inf
        else:
            self.warm_up()
            import_torch()

    def warm_up(self, start: Callable[[], None] = start_server) -> None:
        """Start the server that workers are forked from; it imports while this process goes on."""
        if self.server_begun is None:
            server()
            # Until it can ignore them (preload.py), what a terminal sends to all waits.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, FROM_TERMINAL)
            try:
                start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            # Not before: a server that is a fork has no other.
            self.server_begun = time.monotonic()

    @property
    def warm(self) -> bool:
        """Whether the server has been started."""
        return self.server_begun is not None

    def seconds(self) -> float:
        """Return how long workers would take until they train, if they were wanted now."""
        if self.begun:
            return 0.0
        if self.server_begun is None:
            return FIRST_POOL_SECONDS
        waited = time.monotonic() - self.server_begun
        return max(FIRST_POOL_SECONDS - waited, NEXT_POOL_SECONDS)

    def first(self, count: int) -> list[Worker]:
        """Return ``count`` workers; those that are there already come first."""
        self.warm_up()
        if not self.begun:
            end_first(self.dismiss)
        self.begun += [Worker() for _ in range(count - len(self.begun))]
        return self.begun[:count]

    def forget(self) -> None:
        """Have no processes, in a fork of the one whose they are."""
        for process in self.beside.values():
            process.forget()
        self.begun, self.beside, self.server_begun = [], {}, None

    def end(self) -> None:
        """End all workers, also those beside the trainings, as this process is about to end: Python
        would wait for what they do."""
        self.dismiss()
        beside, self.beside = self.beside, {}
        for process in beside.values():
            process.end()

    def dismiss(self) -> None:
        """End the workers that train, whatever they do."""
        ended, self.begun = self.begun, []
        for worker in ended:
            worker.end()

    def aside(self, what: str, work: Callable[[], Gives]) -> Callable[[], Gives]:
        """Begin ``work`` beside the trainings and return what waits for its result.

        Whatever goes wrong there, the work is then done here, and raises what it raises. It is done
        here, too, where there is no server yet: a program that calls trickrun may not be one that
        other processes can import, and gets none for this alone.

        Args:
            what: names the process, which does one work after the other and has no torch: what
                imports it costs more there than it saves.
        """
        if not self.warm:
            return work
        try:
            result = self.at_hand(what).submit(work)
        except NoResult:  # it has died, or cannot be told of this work
            self.beside.pop(what).end()
            return work

        def waited() -> Gives:
            try:
                with timed("waiting for workers"):
                    return result()
            except NoResult:
                return work()

        return waited

    def at_hand(self, what: str) -> Beside:
        """Return the process beside the trainings that ``what`` names; it begins if it has not."""
        if what not in self.beside:
            self.beside[what] = Beside(IMPORTS[what])
            end_first(self.beside[what].end)
        return self.beside[what]


def end_first(end: Callable[[], None]) -> None:
    """Let this process call ``end`` before it waits for its children, as one that multiprocessing
    began does."""
    Finalize(None, end, exitpriority=0)


def new_pool(share: Any) -> ProcessPoolExecutor:
    """Return a pool of one process, which begins with its first call.

    Args:
        share: memory that it shares with the process; see ``tell_share``.
    """
    return ProcessPoolExecutor(1, server(), set_up, (share,))


_share: Any = None
"""Of a worker: the memory in which it tells how much of its work is done."""


def tell_share(done: float) -> None:
    """Tell the process that began this worker what share of its work is done."""
    if _share is not None:
        _share.value = done


def server() -> BaseContext:
    """Return the context of workers that are forked from a server which has imported torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trickrun.search.executors.preload"])
    return context


def set_up(share: Any) -> None:
    """Give a worker one thread, also for what it does before it compiles a trial."""
    import torch

    global _share
    _share = share
    in_own_process()
    torch.set_num_threads(1)
    print_to_stderr()
    follow_parent()


WORKERS = Workers()
