"""``report``: the page of a run, of several, or a model card; where each is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.reporting.run_page import is_check, run_report
from trickrun.run.answers import ANSWERS
from trickrun.run.files import write_whole
from trickrun.run.folder import RunFolder

PAGE, CARD = "report.html", "model-card.md"


def write_page(folders: Sequence[RunFolder], out: Path | None, root: Path) -> Path:
    """Write one page about runs and return where it is.

    Args:
        folders: one run of any kind, or several trainings.
        out: the file; None: ``report.html`` in the run, of several in the runs folder.
        root: the runs folder.

    Raises RunFolderError if a run's files cannot be read, CannotWrite.
    """
    if len(folders) == 1:
        content = run_report(folders[0], answers=answers_of(folders[0]))
        return written(content, folders[0], out, PAGE)
    from trickrun.reporting.several_page import several_report

    path = out or root / PAGE
    write_whole(path, several_report(folders).encode())
    return path


def write_card(folder: RunFolder, out: Path | None) -> Path:
    """Write the model card of a training and return where it is; see ``write_page``."""
    from trickrun.reporting.model_card import model_card

    return written(model_card(folder, answers_of(folder) or {}), folder, out, CARD)


def written(content: str, folder: RunFolder, out: Path | None, name: str) -> Path:
    """Write a file into a run's folder, or to ``out``, and return where it is."""
    path = out or folder.path / name
    with folder.locked() if out is None else nullcontext():
        write_whole(path, content.encode())
    return path


def answers_of(folder: RunFolder) -> Mapping[str, Any] | None:
    """Return what a training answered on its test split, or else on its validation split; where it
    keeps no answers the split is scored now.

    Where that is not possible, ``no_answers`` says why. None for a check.
    """
    if is_check(folder):
        return None
    if (folder.path / ANSWERS).exists():
        found: dict[str, Any] = folder.read_json(ANSWERS)
        return found
    try:
        return scored(folder)
    except TrickrunError as error:
        return {"no_answers": f"What the run answered is not known: {error}."}


def scored(folder: RunFolder) -> dict[str, Any]:
    """Score a training on its own test split, or else its validation split; see ``run.answers``.

    Raises TrickrunError if it keeps no split, has no weights, or its data are not there any more.
    """
    from trickrun.errors import RunFolderError
    from trickrun.run.answers import answers
    from trickrun.run.kept_split import find_part, read_split
    from trickrun.run.trained import open_run
    from trickrun.training.evaluation import predict

    kept = read_split(folder)
    if kept is None:
        raise RunFolderError("an older version trained it, and it stores no usable split")
    name = next((part for part in ("test", "val") if len(kept.members(part))), None)
    if name is None:
        raise RunFolderError("it has neither a test nor a validation split")
    found = find_part(open_run(folder), kept, name)
    return answers(found.job, name, found.samples, predict(found.job, found.samples.x))
