"""The process that runs cases, one after another: each command in this process, as if typed.

It is forked from a server that has imported everything, so that a case takes milliseconds. What it
may take of time and memory is watched from outside; see ``watch``.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import yaml

from benchmarks.attacks.case import CANARY, Attack, Case, Command, empty, source_of_chance
from trickrun.errors import Bug

EXPECTED = (0, 1, 2, 3)
"""The exit codes of what people can cause."""

TAIL = 6000
"""Characters of the output that a failure keeps."""


@dataclass(frozen=True)
class Task:
    """Which cases a worker runs.

    Args:
        home: what the attack prepared.
        folder: of the case; emptied before each.
        output: the file that takes what commands print.
        sabotage: called once before all, for a test that breaks something.
    """

    kind: str
    attack: Attack
    seed: int
    home: Path
    folder: Path
    output: Path
    sabotage: Callable[[], object] | None = None


@dataclass(frozen=True)
class Began:
    """A command begins, and may take so many seconds."""

    command: Command
    seconds: float


@dataclass(frozen=True)
class Failure:
    """What must not happen.

    Args:
        what: "exit 70", "an exception", "hang", "memory", "died", "pickle", "no JSON".
        detail: the end of what it printed.
    """

    what: str
    command: Command
    detail: str


@dataclass(frozen=True)
class Ended:
    """A case has ended.

    Args:
        codes: the exit code of each command.
        peak: the most memory that the process had meanwhile, in bytes.
    """

    number: int
    told: str
    codes: tuple[str, ...]
    failure: Failure | None
    peak: int


def serve(connection: Connection, task: Task) -> None:
    """Run the cases whose numbers come, and tell of each."""
    warnings.simplefilter("error")
    os.environ.pop("TRICKRUN_RUNS", None)
    if task.sabotage is not None:
        task.sabotage()
    out = os.open(task.output, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(out, stream)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    task.folder.mkdir(exist_ok=True)
    os.chdir(task.folder)
    while (number := connection.recv()) is not None:
        empty(task.folder)
        forget_peak()
        case = task.attack.arrange(
            source_of_chance(task.kind, task.seed, number), task.home, task.folder
        )
        codes, failure = run_case(case, task.output, connection.send)
        connection.send(Ended(number, case.told, codes, failure, peak()))


def run_case(
    case: Case, output: Path, tell: Callable[[Began], object]
) -> tuple[tuple[str, ...], Failure | None]:
    """Run a case's commands until one fails; return their exit codes, and the failure."""
    codes: list[str] = []
    for command in case.commands:
        os.truncate(output, 0)
        tell(Began(command, case.seconds))
        code = run_command(command)
        codes.append(code)
        what = wrong(code, command, output)
        if what:
            said = output.read_text(encoding="utf-8", errors="replace")
            return tuple(codes), Failure(what, command, said[-TAIL:])
    return tuple(codes), None


def wrong(code: str, command: Command, output: Path) -> str:
    """Return what is wrong with how a command ended; empty if nothing is."""
    if Path(CANARY).exists():
        return "pickle"
    if code not in map(str, EXPECTED):
        return f"exit {code}" if code.isdigit() else "an exception"
    said = output.read_text(encoding="utf-8", errors="replace")
    if "Traceback (most recent call last)" in said:
        return "traceback"
    if "--json" in command:
        begin = said.find('{"schema_version"')
        try:
            json.JSONDecoder().raw_decode(said[begin:])
        except ValueError:
            return "no JSON"
    return ""


def run_command(command: Command) -> str:
    """Run a command; return its exit code, or the name of an exception that it lets out."""
    from trickrun.cli import command_line

    sys.argv = ["trickrun", *command]
    try:
        OTHERS[command[0]](*command[1:]) if command[0] in OTHERS else command_line()
        code = "0"
    except SystemExit as end:
        code = str(end.code if end.code is not None else 0)
    except BaseException as error:
        traceback.print_exc()
        code = type(error).__name__
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def edit(file: str, path: str, value: str) -> None:
    """Do what ``--apply`` does with a recipe, and check that the file then says what it should."""
    from trickrun.recipe.difference import differences
    from trickrun.recipe.load import file_layers
    from trickrun.recipe.patch import ROOT, patch_paths
    from trickrun.run.apply import apply_edits, chain_of

    values: dict[str, Any] = {path: yaml.safe_load(value)}

    def work() -> None:
        before = file_layers(chain_of(Path(file)))[1]
        apply_edits(Path(file), values)
        after = file_layers(chain_of(Path(file)))[1]
        left = differences(after, patch_paths(before, values), ROOT)
        assert not left, f"the edited file says something else: {left}"

    expect(work)


def complete(word: str = "") -> None:
    """Complete the name of a run, as the shell asks for it."""
    from trickrun.cli.options import complete_run

    expect(lambda: print(complete_run(word)))


def expect(work: Callable[[], object]) -> None:
    """Do ``work`` and end as a command would."""
    from trickrun.cli.output import explained

    try:
        work()
    except Exception as cause:
        error = explained(cause)
        if isinstance(error, Bug):
            traceback.print_exc()
        sys.exit(error.exit_code)


OTHERS: dict[str, Callable[..., None]] = {"edit": edit, "complete": complete}
"""What is attacked beside the commands themselves."""


def peak() -> int:
    """Return the most memory that this process had since ``forget_peak``, in bytes."""
    return status(os.getpid()).get("VmHWM", 0)


def status(process: int) -> dict[str, int]:
    """Return the sizes that Linux tells of a process, in bytes; empty if it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    pairs = [line.split() for line in lines if line.endswith(" kB")]
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in pairs}


def forget_peak() -> None:
    """Let the most memory be counted anew."""
    Path("/proc/self/clear_refs").write_text("5")
