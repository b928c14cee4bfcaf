"""Finding runs: all below a folder, and the one that a person names.

A check's own runs are in a runs folder of their own, inside the check's folder:
``runs/digits/ID/runs/digits/ID``. Versions before this one put them beside the check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from trickrun.errors import RunFolderError
from trickrun.run.folder import RunFolder


def every(root: Path, name: str | None = None, nested: bool = False) -> Iterator[RunFolder]:
    """Yield the runs below ``root``, newest first.

    Args:
        name: only those of this name.
        nested: those that belong to a check too.
    """
    found = [run for run in folders(root, name) if (run.path / "resolved.yaml").exists()]
    if nested:
        found += [own for run in found for own in every(run.own_runs, name, nested)]
    yield from sorted(found, key=lambda run: run.id, reverse=True)


def folders(root: Path, name: str | None = None) -> Iterator[RunFolder]:
    """Yield the folders that are where runs are: ``root/NAME/ID``. Names that begin with a dot are
    not those of runs."""
    for parent in visible(root) if name is None else (root / name,):
        for path in visible(parent):
            yield RunFolder(path)


def visible(path: Path) -> Iterator[Path]:
    """Yield what is in a folder and does not begin with a dot; nothing if it is no folder."""
    try:
        yield from (inside for inside in path.iterdir() if not inside.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return


def find(root: Path, wanted: str, trained: bool = False) -> RunFolder:
    """Return the run that ``wanted`` names: a path, an id (or its beginning), or a name's newest.

    Args:
        trained: a name means its newest training, by ``train`` if there is one.

    Raises RunFolderError if there is none or several match.
    """
    if (Path(wanted) / "resolved.yaml").exists():
        return RunFolder(Path(wanted))
    # Beside thousands of runs it takes time to look at all of them: a name has its own folder.
    named = list(every(root, wanted)) if is_name(wanted) else []
    matches = by_id(every(root), wanted) if not named or wanted[0].isdigit() else []
    if named and not matches:
        return newest_training(named) if trained else named[0]
    matches = matches or by_id(every(root, nested=True), wanted)
    if len(matches) > 1:
        listed = ", ".join(run.id for run in matches[:5])
        raise RunFolderError(f"{as_told(wanted)} matches several runs: {listed}", str(root))
    if matches:
        return matches[0]
    if Path(wanted).exists():
        raise RunFolderError("this is not a run: it has no resolved.yaml", wanted)
    raise RunFolderError(f"no run {as_told(wanted)}", str(root), "`trickrun runs` lists them")


def is_name(wanted: str) -> bool:
    """Whether it can be the name of a folder of runs."""
    return wanted != "" and not wanted.startswith(".") and "/" not in wanted and "\0" not in wanted


def as_told(wanted: str) -> str:
    """Return what was given as a run in one line, as a message shows it."""
    return wanted if wanted.isprintable() else repr(wanted)


def by_id(among: Iterable[RunFolder], wanted: str, least: float = 1) -> list[RunFolder]:
    """Return the run with this id, or else those whose ids begin so.

    Args:
        least: characters of the beginning that are enough; infinity: only a whole id is.
    """
    runs = list(among)
    exact = [run for run in runs if wanted in (run.id, f"{run.name}/{run.id}")]
    if exact or len(wanted) < least:
        return exact
    return [run for run in runs if run.id.startswith(wanted)]


def newest_training(runs: list[RunFolder]) -> RunFolder:
    """Return the newest of these runs that ``train`` made; if it made none, the newest training.

    Older versions put the trainings of ``curves`` and ``checklist`` beside those of ``train``.

    Args:
        runs: of one name, newest first.

    Raises RunFolderError if none of them is a training.
    """
    trainings = [run for run in runs if run.metrics_file.exists()]
    if not trainings:
        raise RunFolderError(
            f"no training is named {runs[0].name}",
            str(runs[0].path.parent),
            "`trickrun train` creates one; `trickrun runs --all` lists the trainings of checks",
        )
    return next((run for run in trainings if run.command == "train"), trainings[0])
