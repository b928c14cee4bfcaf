"""Arguments and options that several commands share."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trickrun.run.folder import RunFolder

RecipePath = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="The recipe, a YAML file.", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH=VALUE", help="Changes of the recipe.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an expected error.")]
NoPython = Annotated[
    bool,
    typer.Option(
        "--no-python",
        help="Refuse recipes and runs that name Python code; so does TRICKRUN_NO_PYTHON=1.",
    ),
]
RunsDir = Annotated[
    Path | None,
    typer.Option(help="Where run folders are kept.", envvar="TRICKRUN_RUNS", show_default="runs"),
]

Track = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        metavar="TRACKER",
        envvar="TRICKRUN_TRACK",
        help="Send the run to tensorboard, mlflow, wandb or trackio; several with commas.",
        show_default=False,
    ),
]

MOST_SEEDS = 1000
MOST_STEPS = 1_000_000
MOST_SAMPLES = 1_000_000
"""What an option may ask for: each seed is a training, each step a few milliseconds."""


LONGEST_BUDGET = 30 * 24 * 3600
"""Seconds; of more, some arithmetic of the system's own would be too large."""


def seconds(text: str) -> float:
    """Return a length of time such as 60s, 2m, 1h or 90 in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?", text.strip())
    if found is None or float(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a time; give 60s, 2m or 1h")
    length = float(found[1]) * {"h": 3600, "m": 60, "min": 60}.get(found[2], 1)
    if length > LONGEST_BUDGET:
        raise typer.BadParameter(
            f"{text} is more than {LONGEST_BUDGET // 3600} hours: omit the option"
        )
    return length


Budget = Annotated[
    float | None,
    typer.Option(
        parser=seconds,
        metavar="TIME",
        help=(
            "For the whole command, including its start, e.g. 60s or 5m; the work shrinks to fit."
        ),
        show_default=False,
    ),
]


def complete_run(incomplete: str) -> list[str]:
    """Return the ids and names of runs that begin so, for the shell."""
    from trickrun.run.find import every
    from trickrun.run.folder import runs_dir

    runs = list(every(runs_dir(None)))
    words = [run.id for run in runs] + sorted({run.name for run in runs})
    return [word for word in words if word.startswith(incomplete)]


RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its folder, id or name.",
        show_default=False,
        autocompletion=complete_run,
    ),
]


def training_named(wanted: str, option: Path | None) -> RunFolder:
    """Return the training that an argument names: its folder, its id or the beginning of it, or a
    name's newest. Where the argument is not the run itself, stderr tells which one it is.

    Args:
        option: ``--runs-dir``.

    Raises RunFolderError if there is none or several match.
    """
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir

    run = find(runs_dir(option), wanted, trained=True)
    if wanted not in (run.id, f"{run.name}/{run.id}") and Path(wanted) != run.path:
        print(f"run: {run.path}", file=sys.stderr)
    return run
