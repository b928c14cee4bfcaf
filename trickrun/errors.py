"""The errors that a user can cause: each says what, where and what to do, and has an exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

USAGE = 2
TRAINING_FAILED = 3
BUG = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as a shell says it
BROKEN_PIPE = 141  # 128 + SIGPIPE


NO_PYTHON = "TRICKRUN_NO_PYTHON"
"""The environment variable that refuses Python code that is not trickrun's, unless it is empty, 0,
false, no or off."""

REFUSED = f"this is Python code, which --no-python (or {NO_PYTHON}) refuses"


def python_refused() -> bool:
    """Return whether no user code may be imported, nor any kind of an installed package."""
    return os.environ.get(NO_PYTHON, "").strip().lower() not in ("", "0", "false", "no", "off")


@contextmanager
def without_python() -> Iterator[None]:
    """Refuse user code and the kinds of installed packages within the block, in all threads and in
    the processes that it starts."""
    before = os.environ.get(NO_PYTHON)
    os.environ[NO_PYTHON] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[NO_PYTHON]
        else:
            os.environ[NO_PYTHON] = before


def restored(
    kind: type[TrickrunError], args: tuple[Any, ...], state: dict[str, Any]
) -> TrickrunError:
    """Return a pickled error, whatever its class makes of its arguments."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class TrickrunError(Exception):
    """An expected error, shown to people as one readable message and never as a traceback.

    Args:
        message: what is wrong.
        where: the file, recipe path, or object that it concerns; empty if there is no one place.
        hint: what to do about it; empty if nothing better than the message can be said.
    """

    exit_code = USAGE

    run: str | None = None
    """The folder of the run that it ended, if there was one."""

    findings: tuple[Any, ...] = ()
    """What was found before it: findings.finding.Finding, a room that errors know nothing of."""

    def __init__(self, message: str, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """A worker's error crosses to the process that asked for the work."""
        return restored, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"

    def as_json(self) -> dict[str, Any]:
        return {"message": self.message, "where": self.where, "hint": self.hint}


class DataError(TrickrunError):
    """The data named by the recipe is missing, broken, or does not fit the task."""


class DataChanged(DataError):
    """The data are not those that a run or a search was begun with."""


class CompileError(TrickrunError):
    """A valid recipe that cannot become a job, for example a trick that finds nothing to act on."""


class NothingToTrain(CompileError):
    """A network none of whose parameters asks for a gradient."""


class NoGradient(CompileError):
    """A user's loss that nothing can be learned from, because it has no gradient."""


class PluginError(TrickrunError):
    """An installed package announces a kind and cannot deliver it."""


class RunFolderError(TrickrunError):
    """A run folder cannot be written, read or resumed."""


class CannotWrite(RunFolderError):
    """A file cannot be written: a full disk, a missing permission. What was there before stays."""


class TrainingFailed(TrickrunError):
    """Training started and could not go on: a non-finite loss, or memory ran out."""

    exit_code = TRAINING_FAILED


class Diverged(TrainingFailed):
    """A loss or a weight is not finite: the same steps would always end there."""


class Lost(TrainingFailed):
    """``train --stop-when lost`` ended a run that could not come to anything.

    Args:
        finding: why; a findings.finding.Finding.
    """

    def __init__(self, message: str, finding: Any) -> None:
        edits = ", ".join(f"{path}={value}" for path, value in (finding.edit or {}).items())
        super().__init__(message, f"{finding.code} {finding.name}", f"try {edits}" if edits else "")
        self.findings = (finding,)


class OutOfTime(TrickrunError):
    """There is no time left for something: it was not begun, or it was cut off.

    What was going to use it leaves it out and says so, so that this seldom ends a command.
    """


class Interrupted(TrickrunError):
    """Ctrl-C; what was done so far is saved, if there was anything to save."""

    exit_code = INTERRUPTED


class Unread(Interrupted):
    """Nobody reads stdout any more, so the training has ended with a checkpoint."""

    exit_code = BROKEN_PIPE


class Bug(TrickrunError):
    """An error of trickrun itself."""

    exit_code = BUG
