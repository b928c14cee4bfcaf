"""``runs``: list the runs, and remove some."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Debug, RunsDir, complete_run
from trickrun.cli.output import Answer, answer
from trickrun.errors import TrickrunError

runs = typer.Typer(help="List the runs, newest first, or remove some.")


@runs.callback(invoke_without_command=True)
def list_runs(
    context: typer.Context, runs_dir: RunsDir = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """List the runs, newest first, or remove some.

    A killed or interrupted run goes on with: trickrun train --resume ID

    Example: trickrun runs
    """
    if context.invoked_subcommand is None:
        answer("runs", as_json, debug, lambda: list_all(runs_dir))
    given = [name for name in context.params if is_given(context, name)]
    if given:
        raise typer.BadParameter(f"options come after {context.invoked_subcommand}")


def is_given(context: typer.Context, name: str) -> bool:
    """Return whether the command line, not a default or the environment, gives a parameter."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def list_all(option: Path | None) -> Answer:
    """Print the runs below the runs folder."""
    from trickrun.reporting.runs import print_runs
    from trickrun.run.folder import runs_dir
    from trickrun.run.listing import summaries

    root = runs_dir(option)
    found = summaries(root)
    if found:
        print_runs(found)
    else:
        print(f"no runs in {root}; trickrun train RECIPE makes one")
    return Answer("pass", {"runs": [run.as_json() for run in found]})


@runs.command()
def remove(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID",
            help="The runs: ids, or their beginnings.",
            autocompletion=complete_run,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Delete runs, with their checkpoints and results, after asking.

    Example: trickrun runs remove 20260102-030405-678901-abcd --yes
    """
    answer("runs remove", as_json, debug, lambda: remove_all(ids, yes, runs_dir))


def remove_all(ids: list[str], yes: bool, option: Path | None) -> Answer:
    """Delete the runs; nothing at all if one of them must not be."""
    from trickrun.run.folder import runs_dir
    from trickrun.run.listing import check_removable, find_any, remove

    root = runs_dir(option)
    chosen = {folder.path: folder for folder in (find_any(root, wanted) for wanted in ids)}
    for folder in chosen.values():
        check_removable(folder, root)
    if not yes:
        confirm([str(path) for path in chosen])
    for folder in chosen.values():
        remove(folder)
        print(f"removed {folder.path}")
    return Answer("pass", {"removed": [folder.id for folder in chosen.values()]})


def confirm(paths: list[str]) -> None:
    """Ask; raise TrickrunError for a no, or if there is nobody to ask."""
    if not sys.stdin.isatty():
        raise TrickrunError("nobody is there to confirm it", hint="add --yes")
    print("\n".join(paths))
    question = "delete this run?" if len(paths) == 1 else f"delete these {len(paths)} runs?"
    if not typer.confirm(question):
        raise TrickrunError("nothing was removed")
