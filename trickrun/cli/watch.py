"""``watch``: run somebody's own training script, and say what is wrong with it and where."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trickrun.cli.options import AsJson, Debug
from trickrun.cli.output import Answer, Verdict, answer, import_torch, verdict_of
from trickrun.errors import INTERRUPTED, TrainingFailed, TrickrunError, python_refused
from trickrun.watching import EVERY

if TYPE_CHECKING:
    from trickrun.findings.evidence.program import Program
    from trickrun.findings.finding import Finding
    from trickrun.watching.script import Ended


def watch(
    target: Annotated[
        str,
        typer.Argument(metavar="SCRIPT", help="A Python script that trains.", show_default=False),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGS]...", help="The script's own.", show_default=False),
    ] = None,
    module: Annotated[
        bool, typer.Option("-m", help="SCRIPT is a module's name, as for python -m.")
    ] = False,
    every: Annotated[
        int,
        typer.Option(min=1, max=1_000_000, metavar="N", help="Look into every Nth backward pass."),
    ] = EVERY,
    stop_when: Annotated[
        str | None,
        typer.Option(metavar="lost", help="lost: stop at the first loss that is NaN or infinite."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page too.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Run your own training script and say what is wrong with it: which line, and what to change.

    The script runs as with python, and its numbers stay the same. Options go before SCRIPT.

    Example: trickrun watch train.py --epochs 3
    """

    def work() -> Answer:
        check_options(target, module, stop_when, html)
        import_torch()
        from trickrun.findings.rules.program import findings
        from trickrun.reporting.console import terminal
        from trickrun.reporting.watch import print_watched, watch_page
        from trickrun.training.garbage import collect_as_usual
        from trickrun.watching.script import run_watched
        from trickrun.watching.watch import Watch

        collect_as_usual()
        # The script may change the working folder.
        page = None if html is None else html.absolute()
        watched = Watch(Path(target).name, every, stop_when is not None)
        ended = run_watched(target, arguments or [], module, watched)
        program = watched.program(ended.how, ended.error)
        found = findings(program)
        sys.stdout.flush()
        if ended.traceback:
            print(ended.traceback, end="", file=sys.stderr)
        sys.stderr.flush()
        print_watched(program, found, terminal(stderr=True))  # stdout is the script's
        if page is not None:
            write_page(page, watch_page(program, found))
            print(f"report: {html}", file=sys.stderr)
        if watched.harmless.failure is not None:
            raise watched.harmless.failure
        return told(target, program, found, ended)

    answer("watch", as_json, debug, work)


def check_options(target: str, module: bool, stop_when: str | None, html: Path | None) -> None:
    """Raise TrickrunError for what can be seen to be wrong before torch is imported."""
    if stop_when not in (None, "lost"):
        raise TrickrunError(f"unknown: {stop_when}", "--stop-when", "the one value is lost")
    if python_refused():
        raise TrickrunError(
            "the script is Python code, which --no-python (or TRICKRUN_NO_PYTHON) refuses", target
        )
    if html is not None and not html.absolute().parent.is_dir():
        raise TrickrunError("its folder does not exist", str(html), "make it first")
    if module:
        check_module(target)
    else:
        check_script(target)


def check_module(name: str) -> None:
    """Raise TrickrunError if there is no such module, from the working folder on."""
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        found = is_module(name)
    finally:
        sys.path.remove(here)
    if not found:
        hint = "name it as you would for python -m"
        if name.endswith(".py"):
            hint = f"a file is run without -m, a module without .py: -m {name.removesuffix('.py')}"
        raise TrickrunError("there is no such module", name, hint)


def is_module(name: str) -> bool:
    """Whether there is a module of this name. Nothing is imported: its packages are the program's,
    and would run before it has its own ``sys.argv``, and unwatched."""
    path: Sequence[str] | None = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        below = ".".join(parts[:count])
        specs = (finder.find_spec(below, path) for finder in sys.meta_path)
        try:
            found = next((spec for spec in specs if spec is not None), None)
        except KeyError:
            # A folder without an __init__.py can be found only once the one above is imported.
            return True
        if found is None:
            return False
        path = list(found.submodule_search_locations or [])
    return True


def check_script(target: str) -> None:
    """Raise TrickrunError if a script cannot be run at all."""
    path = Path(target)
    if path.suffix in (".yaml", ".yml"):
        hint = f"a recipe is examined with: trickrun diagnose {target}"
        raise TrickrunError("watch runs a Python script, but this is a recipe", target, hint)
    if path.is_dir() and not (path / "__main__.py").is_file():
        hint = "name the file that is run, or a folder with a __main__.py"
        raise TrickrunError("this folder cannot be run", target, hint)
    if not path.exists():
        raise TrickrunError("there is no such script", target, "name it as you would for python")
    if not (path.is_file() or path.is_dir()):
        raise TrickrunError("this is not a regular file", target)
    if path.is_file() and not os.access(path, os.R_OK):
        raise TrickrunError("this file cannot be read", target)


def write_page(file: Path, text: str) -> None:
    """Write the page. Raises TrickrunError if that fails."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TrickrunError(f"cannot be written: {error.strerror}", str(file)) from error


def told(target: str, program: Program, found: list[Finding], ended: Ended) -> Answer:
    """Return the answer: what was seen, what is wrong with it, and the script's own exit code."""
    findings = [finding.as_json() for finding in found]
    result = {"script": target, "exit_code": ended.code, **summary(program)}
    verdict: Verdict = verdict_of(found)
    error: TrickrunError | None = None
    code = ended.code or int(verdict == "fail")
    if ended.how == "failed":
        error = TrainingFailed(ended.error, target)
        code = error.exit_code
    elif ended.how == "interrupted":
        code = INTERRUPTED
    elif ended.how == "lost":
        code = TrainingFailed.exit_code
    return Answer("error" if error else verdict, result, None, None, findings, error, code)


def summary(program: Program) -> dict[str, Any]:
    """Return what was seen, without the numbers of each step."""
    return {
        "ended": program.ended,
        "passes": program.passes,
        "every": program.every,
        "watched_seconds": round(program.seconds, 3),
        "compiled": program.compiled,
        "models": [
            {"name": one.name, "tensors": one.parameters, "place": shown(one.place)}
            for one in program.models
        ],
        "optimizers": [
            {
                "kind": one.kind,
                "place": shown(one.place),
                "steps": one.steps,
                "lr": one.lrs[-1] if one.lrs else None,
            }
            for one in program.optimizers
        ],
        "losses": [
            {
                "place": shown(one.place),
                "times": one.times,
                "steps": list(one.steps),
                "losses": list(one.losses),
            }
            for one in program.backwards
        ],
    }


def shown(place: object) -> str | None:
    return None if place is None else str(place)
