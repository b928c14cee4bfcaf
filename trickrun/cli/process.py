"""The process that a command has: its signals and its standard streams.

Every command begins here, before anything that takes time is imported.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from trickrun.errors import BROKEN_PIPE, INTERRUPTED, USAGE
from trickrun.reporting.visible import visible

SPEAKERS = ("trickrun", "traceback", "warnings")
"""The packages whose text is made safe: they print names from data and files. rich writes colours,
and user code may draw a progress bar of its own."""

JSON_INTERRUPTED = (
    b'{"schema_version": 1, "command": "trickrun", "recipe": null, "run": null, '
    b'"verdict": "error", "result": {}, "findings": [], '
    b'"error": {"message": "interrupted", "where": "", "hint": ""}, "seconds": 0}\n'
)

SHOW_CURSOR = b"\x1b[?25h"


class Now:
    """What a signal meets.

    Attributes:
        working: whether a command does its work: it ends that itself, and tells how.
        stdout: the descriptor of the stdout that the command was started with.
    """

    working = False
    stdout = 1


class Outlet(io.TextIOWrapper):
    """stdout or stderr, whose reader may go away at any time.

    What is written after that goes nowhere, so that nothing fails once more at the end.

    Attributes:
        lost: why it goes nowhere; None while it goes where it should.
    """

    lost: OSError | None = None

    def write(self, text: str) -> int:
        # Who writes is in the frame below: print and csv are C, which has none.
        speaker = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
        try:
            super().write(visible(text) if speaker in SPEAKERS else text)
        except OSError as error:
            self.lose(error)
        return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self.lose(error)

    def lose(self, error: OSError) -> None:
        """Write to nowhere from now on. Raises OSError for a stdout that a command must know of.

        It need not know if its messages are lost, if its terminal is gone (EIO), or in the thread
        that draws a progress bar.
        """
        number = self.fileno()
        into_nowhere(number)
        if number != 1 or error.errno == errno.EIO:
            return
        # Of the subclass that the number stands for, such as BrokenPipeError.
        self.lost = OSError(error.errno, f"cannot be written: {error.strerror}", "stdout")
        if threading.current_thread() is threading.main_thread():
            raise self.lost from error


def into_nowhere(number: int) -> None:
    """Let what is written to a descriptor go nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def take_over() -> None:
    """Set the signals and the standard streams of this process, which is one command's own."""
    for stopping in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # One that is ignored from the start, as by nohup, stays ignored.
        if signal.getsignal(stopping) is not signal.SIG_IGN:
            signal.signal(stopping, interrupt)
    for number in (0, 1, 2):
        # A file that is opened later must not get the number of a stream that is closed.
        try:
            os.fstat(number)
        except OSError:
            into_nowhere(number)
    sys.stdout = sys.__stdout__ = outlet(sys.stdout, 1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = outlet(sys.stderr, 2)  # type: ignore[misc]


def outlet(stream: object, number: int) -> Outlet:
    """Return an outlet in the place of a standard stream, which is None where it was closed."""
    if isinstance(stream, Outlet):
        return stream
    # A terminal that cannot show a character gets "?" in its place.
    if not isinstance(stream, io.TextIOWrapper):
        buffer = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        return Outlet(buffer, encoding="utf-8", errors="replace")
    encoding, line, through = stream.encoding, stream.line_buffering, stream.write_through
    return Outlet(stream.detach(), encoding, "replace", None, line, through)


@contextmanager
def working() -> Iterator[None]:
    """Let a signal raise KeyboardInterrupt within the block, as its work can tell how it ends."""
    Now.working = True
    try:
        yield
    finally:
        Now.working = False


def interrupt(number: int, frame: FrameType | None) -> None:
    """Act on Ctrl-C, SIGTERM or SIGHUP.

    Python code that is just imported may take a KeyboardInterrupt for something else (numpy makes
    an ImportError of it), and there is nothing to bring to an end.
    """
    if not Now.working or importing(frame):
        end_at_once()
    raise KeyboardInterrupt


def importing(frame: FrameType | None) -> bool:
    """Return whether a frame runs while a module is imported."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def end_at_once() -> NoReturn:
    """Say "interrupted" and end, whatever goes on."""
    into, said = (Now.stdout, JSON_INTERRUPTED) if "--json" in sys.argv else (2, b"interrupted\n")
    try:
        if Now.working and os.isatty(1):
            os.write(1, SHOW_CURSOR)  # a progress bar hides it
        os.write(into, said)
    finally:
        os._exit(INTERRUPTED)


def code_of(end: SystemExit) -> int | str | None:
    """Return the exit code of a process that ends so.

    What prints without a command's ``answer`` (--help, --version) has not noticed that stdout
    cannot be written; and rich has a code of its own for a pipe that nobody reads.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        return cannot_write(error)
    broken = isinstance(getattr(sys.stdout, "lost", None), BrokenPipeError)
    return BROKEN_PIPE if broken else end.code


def cannot_write(error: OSError) -> int:
    """Return the exit code for a stdout that cannot be written; a closed pipe needs no words."""
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    print(f"error: stdout: {error.strerror}", file=sys.stderr)
    return USAGE
