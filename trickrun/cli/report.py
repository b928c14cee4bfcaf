"""``report``: a run as one HTML page."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Debug, RunName, RunsDir
from trickrun.cli.output import Answer, answer
from trickrun.reporting.visible import in_line


def report(
    run: RunName,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to write it.", show_default="report.html in the run"
        ),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a run, of train or of a check, as one HTML page that needs no other file.

    Example: trickrun report digits
    """
    answer("report", as_json, debug, lambda: write(run, out, runs_dir))


def write(wanted: str, out: Path | None, option: Path | None) -> Answer:
    """Write the page and tell where it is."""
    from trickrun.reporting.run_page import run_report
    from trickrun.run.files import write_whole
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir

    folder = find(runs_dir(option), wanted)
    path, content = out or folder.path / "report.html", run_report(folder).encode()
    with folder.locked() if out is None else nullcontext():
        write_whole(path, content)
    print(in_line(f"report: {path}"))
    return Answer("pass", {"report": str(path)}, str(folder.path / "recipe.yaml"), str(folder.path))
