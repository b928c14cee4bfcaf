"""A diagnosis of a recipe or a run: taken, recorded in a folder of its own, printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.checks.diagnosis.gather import recipe_of
from trickrun.errors import DataChanged
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.reporting.diagnose import print_diagnosis
from trickrun.reporting.telling import tell_report
from trickrun.run.check_folder import record
from trickrun.run.folder import RunFolder
from trickrun.run.kept_split import read_split
from trickrun.run.pace import Pace


def diagnose_and_tell(
    target: str,
    of: Loaded | RunFolder,
    root: Path,
    command: Sequence[str],
    confirm: bool,
    pace: Pace,
) -> tuple[Verdict, RunFolder]:
    """Diagnose a recipe or a run, record the diagnosis in a folder of its own, and print it.

    Args:
        target: what people call the recipe or the run.
        root: where run folders are.
        command: the command line, for the record.
        confirm: train briefly with each suggested edit, and keep what helps.
    """
    run = of if isinstance(of, RunFolder) else None
    loaded = recipe_of(of) if isinstance(of, RunFolder) else of
    if run is not None:
        tell_changed_data(run, loaded)
    verdict, derived = diagnose(loaded, confirm, pace, run, root)
    folder = record(verdict, loaded, derived, root, list(command))
    print_diagnosis(verdict, target)
    print(f"run: {folder.path}")
    tell_report(folder, {})
    return verdict, folder


def tell_changed_data(run: RunFolder, loaded: Loaded) -> None:
    """Print to stderr that the data are not what a run was trained on, if so."""
    kept = read_split(run)
    if kept is None:
        return
    try:
        loaded.recipe.data.load_again(loaded.folder, kept)
    except DataChanged as error:
        said = f"warning: {error.message}; the diagnosis uses the data as it is now, split again"
        print(said, file=sys.stderr)
