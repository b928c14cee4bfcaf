"""What a linear model and trees score on a run's own split, kept in its folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from trickrun.checks.standing import reference_of
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.errors import TrickrunError
from trickrun.findings.evidence.reference import Reference
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe
from trickrun.run.environment import data_hash
from trickrun.run.folder import RunFolder
from trickrun.training.device import training_type

FILE = "reference.json"


def reference_of_run(folder: RunFolder, data: Prepared | None = None) -> Reference | None:
    """Return what learners score on a run's validation part; None where they cannot be fitted, or
    its data are not what they were. It is kept in the folder, unless a process works there.

    Args:
        data: that the run was trained on, if the caller has them.

    Raises RunFolderError if its files cannot be read or written.
    """
    if (folder.path / FILE).exists():
        known = folder.read_json(FILE)["reference"]
        return None if known is None else Reference(**known)
    recipe = load(folder.path / "resolved.yaml").recipe
    data = data or same_data(folder, recipe)
    if data is None:
        return None
    found = reference_of(recipe, data)
    keep(folder, found)
    return found


def keep(folder: RunFolder, found: Reference | None) -> None:
    """Write what learners score into a run's folder, unless a process works there."""
    with folder.locked_if_free() as mine:
        if mine:
            folder.write_json(FILE, {"reference": None if found is None else asdict(found)})


def same_data(folder: RunFolder, recipe: Recipe) -> Prepared | None:
    """Return the data of a run, if they can still be read and are what it was trained on."""
    facts = folder.facts()
    try:
        data = prepare(recipe.data, Path(facts["recipe_folder"]), training_type(recipe))
    except TrickrunError:
        return None
    return data if data_hash(data) == facts.get("data") else None
