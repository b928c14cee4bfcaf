"""What all processes have in common that work for another: whom they heed, and where they print."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess

FROM_TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""Signals that a terminal sends to all. They are left to the process that began the others, which
ends them; from a process's beginning until it ignores them they are blocked."""


def leave_signals_to_parent() -> None:
    """Ignore what a terminal sends to all."""
    for number in FROM_TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FROM_TERMINAL)


def print_to_stderr() -> None:
    """Send what is printed to stderr, user code's too, because stdout may be read as JSON."""
    sys.stdout = sys.stderr
    with contextlib.suppress(OSError):  # there may be no stderr
        os.dup2(2, 1)


def follow_parent() -> None:
    """End this process when the one that began it has ended: that one is told of Ctrl-C and ends
    it; and if it is killed, this one ends too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=follow, args=(parent,), daemon=True).start()


def follow(parent: BaseProcess) -> None:
    """End this process when ``parent`` has ended."""
    parent.join()
    os._exit(1)
