"""``track``: runs that are there already, sent to trackers."""

from __future__ import annotations

import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import AsJson, Debug, RunsDir, complete_run
from trickrun.cli.output import Answer, answer
from trickrun.errors import TrickrunError

if TYPE_CHECKING:
    from trickrun.run.folder import RunFolder
    from trickrun.tracking.sending import Sent

EVERY = 1.0
"""Seconds between two looks at a run that goes on."""


def track(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Runs: folders, ids or names.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ],
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="TRACKER",
            envvar="TRICKRUN_TRACK",
            help="tensorboard, mlflow, wandb or trackio; several with commas.",
            show_default=False,
        ),
    ],
    weights: Annotated[
        bool, typer.Option("--weights", help="Send the weights of the best evaluation too.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", hidden=True)] = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Send runs to a tracker: parameters, metrics, scores, pictures, files; a grid's trials too.

    A run that the tracker has already is brought up to date, not sent twice.

    Example: trickrun track digits --to mlflow
    """
    answer("track", as_json, debug, lambda: send(wanted, to, weights, follow, runs_dir))


def send(
    wanted: list[str], to: list[str], weights: bool, follow: bool, option: Path | None
) -> Answer:
    """Send runs and tell what came of each."""
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir
    from trickrun.tracking.trackers import check_installed, named

    names = named(to)
    check_installed(names)
    root = runs_dir(option)
    folders = [find(root, word) for word in wanted]
    from trickrun.reporting.commands.tracking import tell, track

    sent = track(folders, names, weights, wait_for_the_end if follow else None)
    tell(sent)
    return told(sent, folders[0])


def told(sent: list[Sent], first: RunFolder) -> Answer:
    """Return the answer of runs that were sent, or not."""
    result = {"tracked": [each.as_json() for each in sent]}
    run = str(first.path)
    lost = [each for each in sent if not each.ok]
    if not lost:
        return Answer("pass", result, run=run)
    reasons = "; ".join(f"{each.to}: {each.message}" for each in lost)
    return Answer("error", result, run=run, error=TrickrunError(f"not sent: {reasons}"))


def wait_for_the_end() -> bool:
    """Wait a moment; return False once the command that trains has closed stdin, or is gone."""
    return not select.select([sys.stdin], [], [], EVERY)[0]
