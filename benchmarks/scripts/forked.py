"""Runs Python in processes forked from one that has loaded what the scripts import.

Starting Python and importing torch takes longer than most of the scripts train.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn, TypeVar

LIMIT = 1200
"""Seconds after which a process is ended: the machine may be busy with other work."""

Name = TypeVar("Name")


@dataclass(frozen=True)
class Ran:
    """How a process ended: its exit code, negative for a signal, what it printed, its seconds."""

    code: int
    out: str
    err: str
    seconds: float


def preload() -> None:
    """Load what the scripts import, once for all of them."""
    import torch
    import torch._dynamo
    import torch.optim.swa_utils
    import torch.utils.checkpoint

    torch.set_num_threads(1)


def run_all(
    jobs: Iterable[tuple[Name, Callable[[], None]]], workers: int
) -> Iterator[tuple[Name, Ran]]:
    """Call each job's function in a process of its own; yield how they ended, as they do."""
    waiting = list(jobs)
    running: dict[int, tuple[Name, BinaryIO, BinaryIO, float]] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            name, work = waiting.pop(0)
            # They are closed when the process has ended.
            out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
            child = os.fork()
            if child == 0:
                call_here(work, out.fileno(), err.fileno())
            running[child] = name, out, err, time.monotonic()
        ended, status = os.wait()
        name, out, err, started = running.pop(ended)
        seconds = round(time.monotonic() - started, 2)
        yield name, Ran(os.waitstatus_to_exitcode(status), text_of(out), text_of(err), seconds)


def call_here(work: Callable[[], None], out: int, err: int) -> NoReturn:
    """Call a function in this forked process, with what it prints in files, and end the process."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    signal.alarm(LIMIT)
    code = 0
    try:
        work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def text_of(file: BinaryIO) -> str:
    """Return what is in a file, and close it."""
    with file:
        file.seek(0)
        return file.read().decode("utf-8", "replace")
