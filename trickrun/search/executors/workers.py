"""Persistent worker processes, forked from a server that has imported torch once.

Nothing heavy is imported here, so that a program can start the server before it imports torch
itself. A command is its own server (forked_server.py).
"""

from __future__ import annotations

import contextlib
import importlib
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any, TypeVar

from trickrun.search.executors import forked_server
from trickrun.training.spans import timed
from trickrun.training.without_dynamo import in_own_process

Gives = TypeVar("Gives")

JUDGING, DRAWING = "judging", "drawing"
"""What is done beside the trainings, each in a worker of its own; see ``Workers.aside``."""

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
        self.beside: dict[str, Worker] = {}
        self.server_begun: float | None = None

    def begin(self, import_torch: Callable[[], None]) -> None:
        """Import torch and start the server, the faster way that is safe in this process, a
        command's own: the server is a fork of it, or imports torch at the same time."""
        if forked_server.can_fork():
            import_torch()
            importlib.import_module(WORK)
            self.warm_up(forked_server.begin)
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
            before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
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

    def end(self) -> None:
        """End all workers, also those beside the trainings, as this process is about to end: Python
        would wait for what they do."""
        self.dismiss()
        beside, self.beside = self.beside, {}
        for worker in beside.values():
            worker.end()

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
            what: names the process, which does one work after the other and keeps its imports.
        """
        if not self.warm:
            return work
        if what not in self.beside:
            self.beside[what] = Worker()
            end_first(self.beside[what].end)
        future = self.beside[what].submit(work)

        def result() -> Gives:
            try:
                with timed("waiting for workers"):
                    return future.result()
            except (Exception, SystemExit):  # it died, or user code called sys.exit
                return work()

        return result


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
    """Give a worker one thread, also for what it does before it compiles a trial.

    What user code prints goes to stderr, because stdout may be read as JSON.

    It lives as long as the process that began it: that one is told of Ctrl-C and ends it; and if it
    is killed, the worker ends too.
    """
    import torch

    global _share
    _share = share
    in_own_process()
    torch.set_num_threads(1)
    sys.stdout = sys.stderr
    with contextlib.suppress(OSError):  # there may be no stderr
        os.dup2(2, 1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=follow, args=(parent,), daemon=True).start()


def follow(parent: BaseProcess) -> None:
    """End this process when ``parent`` has ended."""
    parent.join()
    os._exit(1)


WORKERS = Workers()
