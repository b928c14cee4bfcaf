"""The server of workers as a fork of the command, which has just imported torch.

As multiprocessing starts its fork server, that is a new Python, which imports torch once more: 1.5
to 2 seconds of a processor for each command that uses workers. On Linux a command forks itself
instead, at a moment when that is safe:

- No operation of torch has run. Its threads (OpenMP's, autograd's) begin with the first one, and a
  fork has none of them but believes in them: it would wait for them for ever. ``can_fork`` is asked
  before torch is imported, so that nothing but imports lies in between, and these start none.
- Python has no second thread, which could hold a lock that nobody releases in the fork.
- The command has not opened its run folder, whose lock the fork would keep.

macOS keeps the new Python: its own libraries start threads, and end a fork that uses them. So does
a program that imports trickrun, of which nobody knows what it has done.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import forkserver, resource_tracker, util
from typing import NoReturn

FOR_A_NEW_PYTHON = "spawnv_passfds"
"""What multiprocessing starts its processes with: ``util.spawnv_passfds(path, args, passfds)``."""


def can_fork() -> bool:
    """Return whether this process may import torch and then be forked."""
    return (
        sys.platform == "linux"
        and "torch" not in sys.modules
        and threading.active_count() == 1
        and hasattr(util, FOR_A_NEW_PYTHON)
    )


def begin(forget: Callable[[], None]) -> None:
    """Start multiprocessing's fork server as a fork of this process; see ``can_fork``.

    Args:
        forget: lets go, in the fork, of the processes that this one has begun.
    """
    resource_tracker.ensure_running()  # started in the same way, but it stays a new Python
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing else of how the server is started and spoken to is touched, so versions may differ.
    new_python = getattr(util, FOR_A_NEW_PYTHON)
    setattr(util, FOR_A_NEW_PYTHON, partial(fork, forget))
    try:
        forkserver.ensure_running()
    finally:
        setattr(util, FOR_A_NEW_PYTHON, new_python)


def fork(
    forget: Callable[[], None], path: object, args: Sequence[str], passed: Sequence[int]
) -> int:
    """Return the process number of a fork that runs the code of ``python ... -c CODE``.

    Args:
        passed: the file descriptors that a new Python would inherit.
    """
    process = os.fork()
    if process == 0:
        serve(forget, args[-1], passed)
    return process


def serve(forget: Callable[[], None], code: str, passed: Sequence[int]) -> NoReturn:
    """Run the fork server's code; this process ends with it."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        forget()
        close_as_exec_does(passed)
        # The fork was made under this lock, and workers have it too.
        forkserver._forkserver._lock = threading.RLock()  # type: ignore[attr-defined]
        exec(code, {})
    finally:
        # Never what this process, as the command, would still do at its end.
        os._exit(1)


def close_as_exec_does(passed: Sequence[int]) -> None:
    """Close the file descriptors that a new Python would not have: pipes whose other ends wait for
    their closing, and a command's stdout that it keeps for its one JSON object."""
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):  # that of the list itself is closed by now
            if number not in passed and fcntl.fcntl(number, fcntl.F_GETFD) & fcntl.FD_CLOEXEC:
                os.close(number)
