"""Persistent worker processes, forked from a server that has imported torch once.

Nothing heavy is imported here, so that a command can start the server before it imports torch
itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

FIRST_POOL_SECONDS, NEXT_POOL_SECONDS = 3.0, 0.2
"""What it takes until workers train: the first ones wait for a server that imports torch and
scikit-learn, the others are forked from it."""


class Workers:
    """The worker processes of this process: they wait for the next search when one has ended."""

    def __init__(self) -> None:
        self.pool: ProcessPoolExecutor | None = None
        self.count = 0
        self.server_begun: float | None = None

    def warm_up(self) -> None:
        """Start the server that workers are forked from; it imports while this process goes on."""
        if self.server_begun is None:
            self.server_begun = time.monotonic()
            server()
            forkserver.ensure_running()

    def seconds(self) -> float:
        """Return how long workers would take until they train, if they were wanted now."""
        if self.pool is not None:
            return 0.0
        if self.server_begun is None:
            return FIRST_POOL_SECONDS
        waited = time.monotonic() - self.server_begun
        return max(FIRST_POOL_SECONDS - waited, NEXT_POOL_SECONDS)

    def at_least(self, count: int) -> ProcessPoolExecutor:
        """Return a pool of ``count`` workers or more."""
        if self.pool is None or self.count < count:
            self.dismiss()
            self.warm_up()
            self.pool, self.count = ProcessPoolExecutor(count, server(), set_up), count
        return self.pool

    def dismiss(self) -> None:
        """End the workers, whatever they do."""
        pool, self.pool = self.pool, None
        if pool is not None:
            # Python has a public name for it from 3.14 on. A worker that trains would go on for
            # minutes, and Python waits for it at its own end.
            processes = list((getattr(pool, "_processes", None) or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()


def server() -> BaseContext:
    """Return the context of workers that are forked from a server which has imported torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trickrun.engines.preload"])
    return context


def set_up() -> None:
    """Give a worker one thread, also for what it does before it compiles a trial.

    It lives as long as the process that began it: that one is told of Ctrl-C and ends it; and if it
    is killed, the worker ends too.
    """
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=follow, args=(parent,), daemon=True).start()


def follow(parent: BaseProcess) -> None:
    """End this process when ``parent`` has ended."""
    parent.join()
    os._exit(1)


WORKERS = Workers()
