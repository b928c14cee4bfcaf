"""The command line: each command parses, calls one function, and prints."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from trickrun.errors import USAGE
from trickrun.training.spans import time_imports


def threads_wait_briefly() -> None:
    """Let threads that wait for work spin for some tens of microseconds, then sleep.

    It must be said before torch is imported. Sleeping at once doubles the time of a step of a
    784-256-128-10 network on two threads; OpenMP's own milliseconds of spinning make small steps
    100 times slower where other programs use the cores as well.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")


def refuse_windows() -> None:
    """Exit on Windows, which lacks the locks of run folders (fcntl)."""
    if sys.platform == "win32":
        print("error: trickrun needs Linux or macOS; on Windows, run it in WSL", file=sys.stderr)
        sys.exit(USAGE)


def main() -> NoReturn:
    """Run the command line, in a process of its own."""
    refuse_windows()
    from trickrun.training.garbage import collect_rarely

    collect_rarely()  # already while typer is imported
    time_imports()
    # What takes time is imported once signals are heeded.
    from trickrun.cli.process import code_of, take_over

    take_over()
    try:
        command_line(own_process=True)
    except SystemExit as end:
        code = code_of(end)
        from trickrun.training.garbage import leave_garbage

        leave_garbage()
        sys.exit(code)


def command_line(own_process: bool = False) -> NoReturn:
    """Run the command line in whatever process this is.

    Args:
        own_process: whether the process is there for this command alone.
    """
    from trickrun.cli.app import application
    from trickrun.cli.output import answer_failure, note_beginning
    from trickrun.training.garbage import collect_rarely
    from trickrun.training.without_dynamo import in_own_process

    note_beginning(own_process)
    threads_wait_briefly()
    collect_rarely()
    in_own_process()
    try:
        sys.exit(application(*sys.argv[1:2])(standalone_mode=False))
    except Exception as error:
        answer_failure(error, as_json="--json" in sys.argv)
