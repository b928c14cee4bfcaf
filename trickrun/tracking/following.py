"""Trackers beside a command: each in a process of its own, which follows the run's folder.

Nothing of it is in the training's process, whose steps and bits are the same. A tracker that fails,
hangs or is killed is told once, when the command ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

from trickrun.errors import TrickrunError
from trickrun.run.folder import RunFolder
from trickrun.tracking.sending import Sent

VARIABLE = "TRICKRUN_TRACK"
"""The environment variable that names trackers where no option does."""

LIMIT = "TRICKRUN_TRACK_SECONDS"
"""The environment variable that says for how many seconds a command waits for its trackers."""

SECONDS = 120.0

AFTER_KILL = 5.0
"""Seconds that a killed process may take to be gone."""


@dataclass
class Follower:
    """A process that sends a run to one tracker while it goes on.

    Args:
        out, err: what it prints.
    """

    folder: RunFolder
    to: str
    process: subprocess.Popen[bytes]
    out: IO[bytes]
    err: IO[bytes]

    def end(self, until: float) -> Sent:
        """Wait until the run is sent, at most until a time of the monotonic clock."""
        try:
            return self.waited(until)
        finally:
            self.kill()
            self.out.close()
            self.err.close()

    def waited(self, until: float) -> Sent:
        """Return what came of it, or of what was there of it at ``until``."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        late = self.process.poll() is None
        self.kill()  # what its library began and left running, too
        if late:
            return self.failed("it does not answer")
        self.out.seek(0)
        try:
            row: dict[str, Any] = json.loads(self.out.readline())["result"]["tracked"][0]
            named = {"run": str(self.folder.path), "left_out": tuple(row["left_out"])}
            return Sent(**{**row, **named})
        except (ValueError, KeyError, IndexError, TypeError):
            return self.failed(self.last_words())

    def kill(self) -> None:
        """End the process and all that it has begun."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(AFTER_KILL)

    def failed(self, why: str) -> Sent:
        return Sent(str(self.folder.path), self.to, "failed", message=why)

    def last_words(self) -> str:
        """Return why the process gave no answer: the last line that it printed, or its end."""
        self.err.seek(0)
        lines = self.err.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        code = self.process.returncode
        if code is not None and code < 0:
            return f"its process was killed by signal {-code}"
        return f"its process ended with {code}: {said}"[:400]


@dataclass
class Tracking:
    """The trackers of a command.

    Args:
        to: their names.
    """

    to: Sequence[str]
    followers: list[Follower] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def follow(self, folder: RunFolder) -> None:
        """Begin to send a run."""
        for name in self.to:
            try:
                self.followers.append(started(folder, name))
            except OSError as error:
                failed = Sent(str(folder.path), name, "failed", message=str(error))
                self.sent.append(failed)

    def end(self) -> None:
        """Let the followers send the rest, and wait for them. Ctrl-C gives them up."""
        for follower in self.followers:
            assert follower.process.stdin is not None
            with suppress(OSError):
                follower.process.stdin.close()  # it learns by this that the run is over
        until = time.monotonic() + seconds_to_wait()
        while self.followers:
            follower = self.followers.pop(0)
            try:
                self.sent.append(follower.end(until))
            except KeyboardInterrupt:
                until = 0.0
                self.sent.append(follower.failed("interrupted"))


def seconds_to_wait() -> float:
    """Return for how long a command waits for its trackers.

    Raises TrickrunError if TRICKRUN_TRACK_SECONDS is no time.
    """
    text = os.environ.get(LIMIT) or str(SECONDS)
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 86400:
        raise TrickrunError(f"{text!r} is not a number of seconds up to 86400", LIMIT)
    return found


def started(folder: RunFolder, to: str) -> Follower:
    """Start the process that sends a run to a tracker while it goes on."""
    command = [sys.executable, "-P", "-m", "trickrun", "track", str(folder.path.resolve())]
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115, read at the end
    process = subprocess.Popen(
        [*command, "--to", to, "--follow", "--json"],
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=err,
        env={name: value for name, value in os.environ.items() if name != VARIABLE},
        start_new_session=True,  # Ctrl-C is the training's
    )
    return Follower(folder, to, process, out, err)


@contextmanager
def tracking(to: Sequence[str]) -> Iterator[Tracking]:
    """Yield what follows the runs of a command; it has ended when the block has."""
    seconds_to_wait()
    found = Tracking(to)
    try:
        yield found
    finally:
        found.end()
