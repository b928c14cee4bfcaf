"""What every command prints: one JSON object with --json, else words; findings; its exit code."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import typer

from trickrun.cli.next_step import Ended, Given, next_command
from trickrun.cli.process import Now, cannot_write, into_nowhere, working
from trickrun.errors import (
    Bug,
    Interrupted,
    TrainingFailed,
    TrickrunError,
    without_python,
)
from trickrun.findings.finding import Finding
from trickrun.reporting.visible import in_json, in_line
from trickrun.reporting.width import in_width

if TYPE_CHECKING:
    from trickrun.recipe.load import Loaded
    from trickrun.run.pace import Pace


Verdict = Literal["pass", "warn", "fail", "error"]

_begun, _own_process = time.monotonic(), False
"""When the command began, as far as this process knows, and whether it is there for it alone."""


@dataclass(frozen=True)
class Answer:
    """What a command found.

    Args:
        verdict: fail means exit code 1, pass and warn 0.
        result: the command's own part of the JSON object (design, commands).
        recipe: the recipe's path as given.
        run: the run folder, if the command made or read one.
        error: why there is no whole result, for a verdict of error; it has the exit code.
        own_code: an exit code that is another program's; None: as the verdict says.
    """

    verdict: Verdict
    result: dict[str, Any]
    recipe: str | None = None
    run: str | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    error: TrickrunError | None = None
    own_code: int | None = None

    @property
    def code(self) -> int:
        if self.own_code is not None:
            return self.own_code
        return self.error.exit_code if self.error else int(self.verdict == "fail")

    def following(self, command: str, given: Given) -> str | None:
        """Return the command to go on with; None after an error, whose hint says what to do."""
        if self.verdict == "error":
            return None
        told = (self.verdict, self.result, self.recipe, self.run, self.findings)
        return next_command(Ended(command, *told), given)

    def as_json(self) -> dict[str, Any]:
        body = {
            "recipe": self.recipe,
            "run": self.run,
            "verdict": self.verdict,
            "result": self.result,
            "findings": self.findings,
        }
        return {**body, "error": self.error.as_json()} if self.error else body


def answer(
    command: str,
    as_json: bool,
    debug: bool,
    work: Callable[[], Answer],
    recipe: Path | None = None,
    no_python: bool = False,
    overrides: Sequence[str] | None = None,
    runs_dir: Path | None = None,
) -> NoReturn:
    """Do ``work``, print its answer, and exit.

    People read what ``work`` itself prints. With --json, whatever is printed meanwhile goes to
    stderr (see ``all_on_stderr``), and stdout gets one JSON object.

    Args:
        recipe: the recipe's path as given, for the JSON object of an error.
        no_python: whether Python code that is not trickrun's is refused.
        overrides, runs_dir: as given, for the command that is told to go on with.
    """
    given = Given(overrides or (), runs_dir, no_python)
    started = time.monotonic()
    try:
        with (
            without_python() if no_python else contextlib.nullcontext(),
            all_on_stderr() if as_json else contextlib.nullcontext(),
        ):
            found = attempt(work, recipe, debug, as_json)
        end_workers()
        following = found.following(command, given)
        if as_json:
            print_json(command, found, following, time.monotonic() - started)
        sys.stdout.flush()
        # On stderr, as what some commands print goes to a file or to another program.
        if following is not None and not as_json:
            print(f"next: {following}", file=sys.stderr)
    except OSError as error:
        # Python flushes stdout once more at exit: let it.
        into_nowhere(sys.stdout.fileno())
        sys.exit(cannot_write(error))
    sys.exit(found.code)


def end_workers() -> None:
    """End the command's workers, if it has any: nobody wants what they still do."""
    module = sys.modules.get("trickrun.search.executors.workers")
    if _own_process and module is not None:
        module.WORKERS.end()


def import_torch() -> None:
    """Import torch, which takes a second or two; a terminal says so meanwhile."""
    shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and "torch" not in sys.modules
    if shown:
        print("starting ...", end="", file=sys.stderr, flush=True)
    import torch  # noqa: F401

    if shown:
        # Not by print, which shows such codes: what it writes may hold names.
        os.write(sys.stderr.fileno(), b"\r\x1b[K")


def begin_workers(*beside: str) -> None:
    """Import torch and start the server that a command's workers come from.

    Args:
        beside: names of the processes beside the trainings that the command needs; see
            ``search.executors.workers``.
    """
    from trickrun.search.executors.workers import WORKERS

    if _own_process:
        WORKERS.begin(import_torch, beside)
    else:
        WORKERS.warm_up()
        import_torch()


def note_beginning(own_process: bool) -> None:
    """Note that a command begins: in a process of its own, or in one that lives longer."""
    global _begun, _own_process
    _begun, _own_process = time.monotonic(), own_process


def pace(seconds: float | None = None) -> Pace:
    """Return the pace of the command: it shows each phase, and may take ``seconds``, which count
    from the beginning of its process, if it has its own; None: as long as it takes."""
    from trickrun.reporting.phases import phase
    from trickrun.run.pace import budget, process_begun

    return budget(seconds, process_begun() if _own_process else _begun, phase)


@contextlib.contextmanager
def all_on_stderr() -> Iterator[None]:
    """Send to stderr what anything prints to stdout: user code, C libraries, child processes."""
    sys.stdout.flush()
    kept = Now.stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        import ctypes  # only --json waits for it

        ctypes.CDLL(None).fflush(None)  # C keeps what it prints until its buffer is full
        os.dup2(kept, 1)
        Now.stdout = 1
        os.close(kept)


def attempt(work: Callable[[], Answer], recipe: Path | None, debug: bool, as_json: bool) -> Answer:
    """Return what ``work`` answers; an error becomes an answer, and is told on stderr."""
    try:
        with working():
            return work()
    except (Exception, KeyboardInterrupt, SystemExit) as cause:  # user code may call sys.exit
        if isinstance(cause, BrokenPipeError) or cause is getattr(sys.stdout, "lost", None):
            raise  # there is no stdout to answer on
        error = explained(cause)
        if debug or isinstance(error, Bug):
            traceback.print_exc()
        if not as_json:
            print_error(error)
        named = str(recipe) if recipe is not None else None
        findings = [finding.as_json() for finding in error.findings]
        return Answer("error", {}, named, error.run, findings, error)


def answer_failure(cause: Exception, as_json: bool) -> NoReturn:
    """Answer for what happens outside of any command's work: a command line that is no good."""

    def fail() -> Answer:
        raise cause

    command = getattr(getattr(cause, "ctx", None), "info_name", None) or "trickrun"
    answer(command, as_json, False, fail)


def explained(cause: BaseException) -> TrickrunError:
    """Return the error to tell people about ``cause``."""
    if isinstance(cause, TrickrunError):
        return cause
    if isinstance(cause, KeyboardInterrupt | typer.Abort):
        return Interrupted("interrupted")
    # Typer's usage errors, whose class has no one name in the versions that we support.
    if hasattr(cause, "format_message"):
        return TrickrunError(cause.format_message(), hint=usage_hint(cause))
    from trickrun.params import PLUGIN_FILES
    from trickrun.run.memory import is_out_of_memory
    from trickrun.user_code import blame, is_user_code

    if isinstance(cause, Exception) and is_out_of_memory(cause):
        return TrainingFailed("out of memory", hint="use a smaller data.batch_size or model")

    frames = traceback.extract_tb(cause.__traceback__)
    files = [frame.filename for frame in frames]
    for frame in reversed(frames):
        if frame.filename in PLUGIN_FILES:
            return TrickrunError(
                f"its kind failed: {type(cause).__name__}: {cause}",
                f"the installed package {PLUGIN_FILES[frame.filename]}",
                f"in {frame.filename}, line {frame.lineno}: {frame.line}",
            )
    if any(is_user_code(file) for file in files):
        return blame(cause, "your code")
    if isinstance(cause, OSError):
        return TrickrunError(cause.strerror or str(cause), str(cause.filename or ""))
    return Bug(
        f"this is a bug in trickrun: {type(cause).__name__}: {cause}",
        hint="please report it, with the lines above and the recipe",
    )


def usage_hint(cause: BaseException) -> str:
    """Return where to read how the command is used."""
    path = getattr(getattr(cause, "ctx", None), "command_path", "trickrun")
    return f"see `{path} --help`"


def print_json(command: str, found: Answer, following: str | None, seconds: float) -> None:
    """Print the one JSON object; non-finite numbers become null, their paths are listed.

    Args:
        following: the command to go on with, if there is one.
    """
    from trickrun.run.files import to_json

    whole = {
        "schema_version": 1,
        "command": command,
        **found.as_json(),
        "next": following,
        "seconds": round(seconds, 3),
    }
    bad = non_finite(whole, "")
    if bad:
        whole["non_finite"] = bad
    print(in_json(to_json(whole)))


def non_finite(value: Any, path: str) -> list[str]:
    """Return the dotted paths of the non-finite numbers in ``value``."""
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        return [path] if isinstance(value, float) and not math.isfinite(value) else []
    # A path is put together only where something may be wrong: there may be millions of numbers.
    return [
        bad
        for key, item in items
        if not (isinstance(item, int | str) or (isinstance(item, float) and math.isfinite(item)))
        for bad in non_finite(item, f"{path}.{key}".lstrip("."))
    ]


def print_error(error: TrickrunError) -> None:
    """Print an error to stderr: what, where, what to do."""
    label = "" if isinstance(error, Interrupted) else "error: "
    told = str(error)
    if error.where:  # a path can hold a line feed, and what follows would look like another error
        told = told.replace(error.where, in_line(error.where), 1)
    print(in_width(f"{label}{told}", sys.stderr), file=sys.stderr)


def from_text(loaded: Loaded) -> list[Finding]:
    """Return what a recipe's text alone shows, causes first; no torch is needed."""
    from trickrun.findings.static import findings
    from trickrun.recipe.facts import facts_of

    return findings(facts_of(loaded.recipe))


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Return fail for an error-level finding, warn for a warning, else pass."""
    if not findings:
        return "pass"
    from trickrun.findings.rank import gravest

    worst = gravest(findings)
    if worst == "error":
        return "fail"
    return "warn" if worst == "warning" else "pass"


def show(findings: Sequence[Finding]) -> None:
    """Print findings as stories: each cause with its reason, its edit and what it explains."""
    if not findings:
        return
    # Where there is nothing to show, the time that rich needs to load is saved.
    from trickrun.findings.stories import stories
    from trickrun.reporting.console import terminal
    from trickrun.reporting.verdict import print_stories

    print_stories(terminal(), stories(findings))
