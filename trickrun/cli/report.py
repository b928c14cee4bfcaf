"""``report``: runs as one HTML page, or a training as a model card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Debug, NoPython, RunsDir, complete_run
from trickrun.cli.output import Answer, answer
from trickrun.errors import TrickrunError
from trickrun.reporting.visible import in_line


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="A run of any kind, or several trainings: folders, ids or names.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write it.",
            show_default="report.html in the run; of several in the runs folder",
        ),
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Write a model card (Markdown) instead of a page.")
    ] = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a run, of train or of a check, as one HTML page that needs no other file; or several
    trainings side by side; or a training as a model card.

    Example: trickrun report digits
    """

    def work() -> Answer:
        return write(runs, out, card, runs_dir)

    answer("report", as_json, debug, work, no_python=no_python, runs_dir=runs_dir)


def write(wanted: list[str], out: Path | None, card: bool, option: Path | None) -> Answer:
    """Write the page or the card and tell where it is."""
    from trickrun.reporting.commands.report import write_card, write_page
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir

    if card and len(wanted) > 1:
        raise TrickrunError("a model card is about one training", "--card", "name one run")
    root = runs_dir(option)
    # A name means its newest run of any kind, for a card and beside others its newest training.
    folders = [find(root, one, trained=card or len(wanted) > 1) for one in wanted]
    found = write_card(folders[0], out) if card else write_page(folders, out, root)
    print(in_line(f"{'model card' if card else 'report'}: {found}"))
    told = {"report": None if card else str(found), "card": str(found) if card else None}
    one = folders[0].path if len(folders) == 1 else None
    recipe = None if one is None else str(one / "recipe.yaml")
    result = {**told, "runs": [str(folder.path) for folder in folders]}
    return Answer("pass", result, recipe, None if one is None else str(one))
