"""``runs``: list the runs, say something of one, remove some and fetch them back."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import AsJson, Debug, RunName, RunsDir, complete_run
from trickrun.cli.output import Answer, answer
from trickrun.errors import TrickrunError
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.run.folder import RunFolder

runs = typer.Typer(help="List the runs, newest first; tag, remove and restore them.")

Ids = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help="The runs: ids, or at least six characters of their beginnings; folders.",
        show_default=False,
        autocompletion=complete_run,
    ),
]
RemovedIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID...", help="Removed runs; all if left out.", show_default=False),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask; only for runs whose whole id is given.")
]


@runs.callback(invoke_without_command=True)
def list_runs(
    context: typer.Context,
    unfold: Annotated[
        bool, typer.Option("--all", help="List the steps, trainings and trials of checks too.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEST",
            help="Only runs that pass: status=done, 'val_loss<0.1', tag=good. May be repeated.",
            show_default=False,
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Sort by this, the smallest first: val_loss; -accuracy: the largest first.",
            show_default=False,
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Only the first N of the list.", show_default=False),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the runs, newest first; tag, remove and restore them.

    A killed or interrupted run continues with: trickrun train --resume ID

    Example: trickrun runs --where status=done --sort val_loss
    """
    if context.invoked_subcommand is None:
        chosen = (unfold, where or [], sort, last)
        answer("runs", as_json, debug, lambda: list_chosen(runs_dir, *chosen))
    given = [name for name in context.params if is_given(context, name)]
    if given:
        raise typer.BadParameter(f"options come after {context.invoked_subcommand}")


def is_given(context: typer.Context, name: str) -> bool:
    """Return whether the command line, not a default or the environment, gives a parameter."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def list_chosen(
    option: Path | None, unfold: bool, where: list[str], sort: str | None, last: int | None
) -> Answer:
    """Print the runs below the runs folder."""
    from trickrun.reporting.runs import print_runs
    from trickrun.run.choosing import chosen, in_order
    from trickrun.run.folder import runs_dir
    from trickrun.run.listing import summaries
    from trickrun.run.trial_list import with_trials

    root = runs_dir(option)
    every = summaries(root, nested=unfold)
    every = with_trials(root, every) if unfold else every
    found = in_order(chosen(every, where), sort)[:last]
    if found:
        print_runs(found)
    elif every:
        told = in_line(f"none of the {len(every)} runs in {root} passes {' and '.join(where)}")
        print(told)
    else:
        print(in_line(f"no runs in {root}; trickrun train RECIPE makes one"))
    return Answer("pass", {"runs": [run.as_json() for run in found]})


@runs.command()
def tag(
    run: RunName,
    tags: Annotated[
        list[str] | None,
        typer.Argument(metavar="TAG...", help="Words to give the run.", show_default=False),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="Take a tag away.", show_default=False),
    ] = None,
    note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A note; '' takes it away.", show_default=False),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Give a run tags and a note, which `trickrun runs` shows and --where finds.

    Example: trickrun runs tag digits baseline --note "before dropout"
    """
    answer("runs tag", as_json, debug, lambda: tag_run(run, tags or [], drop or [], note, runs_dir))


def tag_run(
    wanted: str, add: list[str], drop: list[str], note: str | None, option: Path | None
) -> Answer:
    """Change what the user has said of a run."""
    from trickrun.run.find import find
    from trickrun.run.folder import TAGS, runs_dir

    folder = find(runs_dir(option), wanted, trained=True)
    # A run that trains right now can be tagged too: nobody else writes this file.
    known = folder.tags()
    kept = [word for word in known.get("tags", []) if word not in drop]
    told = {
        "tags": [*kept, *(word for word in dict.fromkeys(add) if word not in kept)],
        "note": known.get("note", "") if note is None else note,
    }
    folder.write_json(TAGS, told)
    shown = [*told["tags"], *([repr(told["note"])] if told["note"] else [])]
    print(in_line(f"{folder.path}: {', '.join(shown) or 'no tags'}"))
    return Answer("pass", told, run=str(folder.path))


@runs.command()
def remove(
    ids: Ids,
    yes: Yes = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Remove runs, with their checkpoints and results, after asking.

    They can be restored until `trickrun runs purge` deletes them for good.

    Example: trickrun runs remove 20260102-030405-678901-abcd --yes
    """
    answer("runs remove", as_json, debug, lambda: remove_all(ids, yes, runs_dir))


def remove_all(ids: list[str], yes: bool, option: Path | None) -> Answer:
    """Remove the runs; nothing at all if one of them must not be."""
    from trickrun.run import removed
    from trickrun.run.folder import runs_dir

    root = runs_dir(option)
    chosen = without_repeats(removed.named(root, wanted, exactly=yes) for wanted in ids)
    for folder in chosen:
        with removed.nobody_at_work(folder):
            pass
    if not yes:
        confirm("remove", chosen)
    for folder in chosen:
        removed.remove(folder, root)
        print(in_line(f"removed {folder.path}"))
    print("`trickrun runs restore ID` brings one back; `trickrun runs purge` frees the space")
    return Answer("pass", {"removed": [folder.id for folder in chosen]})


@runs.command()
def restore(
    ids: Ids, runs_dir: RunsDir = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """Bring removed runs back.

    Example: trickrun runs restore 20260102-030405-678901-abcd
    """
    answer("runs restore", as_json, debug, lambda: restore_all(ids, runs_dir))


def restore_all(ids: list[str], option: Path | None) -> Answer:
    """Move removed runs back to where they were."""
    from trickrun.run import removed
    from trickrun.run.folder import runs_dir

    root = runs_dir(option)
    chosen = without_repeats(removed.named(root / removed.REMOVED, wanted) for wanted in ids)
    for folder in chosen:
        print(in_line(f"restored {removed.restore(folder, root)}"))
    return Answer("pass", {"restored": [folder.id for folder in chosen]})


@runs.command()
def purge(
    ids: RemovedIds = None,
    yes: Yes = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Delete removed runs for good, after asking.

    Example: trickrun runs purge
    """
    answer("runs purge", as_json, debug, lambda: purge_all(ids or [], yes, runs_dir))


def purge_all(ids: list[str], yes: bool, option: Path | None) -> Answer:
    """Delete removed runs."""
    from trickrun.run import removed
    from trickrun.run.find import folders
    from trickrun.run.folder import runs_dir

    gone = runs_dir(option) / removed.REMOVED
    named = (removed.named(gone, wanted, exactly=yes) for wanted in ids)
    chosen = without_repeats(named if ids else folders(gone))
    if not chosen:
        print("no run was removed: there is nothing to purge")
    elif not yes:
        confirm("delete for good", chosen)
    for folder in chosen:
        removed.purge(folder)
        print(in_line(f"deleted {folder.path}"))
    return Answer("pass", {"purged": [folder.id for folder in chosen]})


def without_repeats(folders: Iterable[RunFolder]) -> list[RunFolder]:
    """Return each of the folders once."""
    return list({folder.path: folder for folder in folders}.values())


def confirm(what: str, folders: Sequence[RunFolder]) -> None:
    """Ask; raise TrickrunError for a no, or if there is nobody to ask."""
    if not sys.stdin.isatty():
        raise TrickrunError("nobody is there to confirm it", hint="add --yes, with whole ids")
    for folder in folders:
        print(in_line(str(folder.path)))
    count = "this run" if len(folders) == 1 else f"these {len(folders)} runs"
    if not typer.confirm(f"{what}: {count}?"):
        raise TrickrunError("nothing was changed")
