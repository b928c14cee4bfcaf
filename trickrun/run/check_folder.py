"""The run folder of a check: the recipe that ``train`` can repeat, and what was found."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.dump import resolved_text
from trickrun.recipe.load import Loaded
from trickrun.run import environment
from trickrun.run.folder import RunFolder, create
from trickrun.run.records import Judged
from trickrun.training.device import pick_device


def begin(loaded: Loaded, derived: Loaded, root: Path, command: list[str]) -> RunFolder:
    """Make the run folder of a check, with the recipe that ``train`` can repeat.

    Args:
        loaded: the user's recipe.
        derived: the recipe that the check runs.
    """
    folder = create(root, loaded.recipe.name)
    folder.write("recipe.yaml", loaded.text)
    device = pick_device(derived.recipe.train.device)
    folder.write_json("env.json", environment.describe(device, command, loaded.folder))
    folder.write("resolved.yaml", resolved_text(derived.recipe))
    return folder


def conclude(folder: RunFolder, verdict: Verdict) -> None:
    """Write what a check found into its folder; evidence.json comes last and marks its end."""
    folder.write_json("findings.json", [finding.as_json() for finding in verdict.findings])
    folder.write_json(
        "evidence.json", {"verdict": verdict.verdict, **verdict.result, **verdict.series}
    )


def record(
    verdict: Verdict, loaded: Loaded, derived: Loaded, root: Path, command: list[str]
) -> RunFolder:
    """Write a check that has ended into a run folder of its own; see ``begin``."""
    folder = begin(loaded, derived, root, command)
    conclude(folder, verdict)
    return folder


def recall(folder: RunFolder) -> Verdict:
    """Return a check's verdict from its folder; its measurements stand under result and series.

    Raises RunFolderError if its files cannot be read.
    """
    evidence = folder.read_json("evidence.json", Judged)
    known = {field.name for field in fields(Finding)}  # another version may say more
    findings = tuple(
        Finding(**{name: value for name, value in row.items() if name in known})
        for row in folder.read_json("findings.json")
    )
    return Verdict(evidence["verdict"], evidence, findings, "", evidence)
