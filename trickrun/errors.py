"""The errors that a user can cause: each says what, where and what to do, and has an exit code."""

from __future__ import annotations

USAGE = 2
TRAINING_FAILED = 3
INTERRUPTED = 130


class TrickrunError(Exception):
    """An expected error, shown to people as one readable message and never as a traceback.

    Args:
        message: what is wrong.
        where: the file, recipe path, or object that it concerns; empty if there is no one place.
        hint: what to do about it; empty if nothing better than the message can be said.
    """

    exit_code = USAGE

    def __init__(self, message: str, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class DataError(TrickrunError):
    """The data named by the recipe is missing, broken, or does not fit the task."""


class CompileError(TrickrunError):
    """A valid recipe that cannot become a job, for example a trick that finds nothing to act on."""


class RunFolderError(TrickrunError):
    """A run folder cannot be written, read or resumed."""


class TrainingFailed(TrickrunError):
    """Training started and could not go on: a non-finite loss, or memory ran out."""

    exit_code = TRAINING_FAILED
