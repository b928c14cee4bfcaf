"""A process beside the trainings, for what needs no torch: fitting other learners, drawing.

It is a Python of its own and imports scikit-learn or matplotlib while the command imports torch, so
both cores of a small machine are busy from the first moment. Its works and their results are
pickled, and come in order.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

from trickrun.search.executors.worker_process import (
    FROM_TERMINAL,
    follow_parent,
    leave_signals_to_parent,
    print_to_stderr,
)
from trickrun.training.garbage import collect_as_usual, collect_rarely
from trickrun.training.spans import time_imports

Gives = TypeVar("Gives")
Work = Callable[[], Any]


class NoResult(Exception):
    """The work has no result: it raised something, cannot be pickled, or the process has died."""


class Beside:
    """One process beside the trainings. It begins at once, and this process has no thread for it,
    so that it may still be forked.

    Args:
        imports: modules that it imports first; one that is missing is told by the work.
    """

    def __init__(self, imports: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, tuple(imports)), daemon=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, FROM_TERMINAL)  # until it ignores them
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.begun = 0
        self.ended: dict[int, tuple[bool, Any]] = {}
        self.received = 0

    def submit(self, work: Callable[[], Gives]) -> Callable[[], Gives]:
        """Begin ``work`` and return what waits for its result. Both raise NoResult."""
        number = self.begun
        try:
            self.pipe.send(work)
        except Exception as error:  # pickling may raise anything
            raise NoResult from error
        self.begun += 1

        def result() -> Gives:
            while number not in self.ended:
                try:
                    self.ended[self.received] = self.pipe.recv()
                except Exception as error:  # so may unpickling
                    raise NoResult from error
                self.received += 1
            done, found = self.ended[number]
            if not done:
                raise NoResult
            return found  # type: ignore[no-any-return]

        return result

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.terminate()

    def forget(self) -> None:
        """Let go of the process in a fork of the one that began it."""
        self.pipe.close()


def serve(pipe: Connection, imports: Sequence[str]) -> None:
    """Do what comes through ``pipe``, one after the other, and send back whether it was done, and
    its result, until there is nobody at the other end."""
    leave_signals_to_parent()
    follow_parent()
    print_to_stderr()
    works: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    # Works are taken in at once: the other side may be sending one while this one sends a result.
    threading.Thread(target=receive, args=(pipe, works), daemon=True).start()
    time_imports()
    collect_rarely()
    for name in imports:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    collect_as_usual()
    while (work := works.get()) is not None:
        pipe.send_bytes(outcome(work))


def receive(pipe: Connection, works: queue.SimpleQueue[bytes | None]) -> None:
    """Put what comes through ``pipe`` into ``works``, and None at its end."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            works.put(pipe.recv_bytes())
    works.put(None)


def outcome(work: bytes) -> bytes:
    """Return, pickled, whether a pickled work was done, and its result."""
    try:
        return bytes(ForkingPickler.dumps((True, ForkingPickler.loads(work)())))
    except (Exception, SystemExit):  # the command then does it itself, and meets it there
        return bytes(ForkingPickler.dumps((False, None)))
