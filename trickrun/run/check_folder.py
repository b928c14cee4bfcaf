"""The run folder of a check: the recipe that ``train`` can repeat, and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trickrun.findings.verdict import Verdict
from trickrun.recipe.dump import resolved_text
from trickrun.recipe.load import Loaded
from trickrun.run import environment
from trickrun.run.beginning import whole_or_gone
from trickrun.run.folder import RunFolder, create
from trickrun.training.device import pick_device


@contextmanager
def begin(
    loaded: Loaded,
    derived: Loaded,
    root: Path,
    command: list[str],
    contents: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Iterator[RunFolder]:
    """Make the run folder of a check, with the recipe that ``train`` can repeat, and lock it.

    Args:
        loaded: the user's recipe.
        derived: the recipe that the check runs.
        contents: further files, by name.
        facts: more for env.json.
    """
    folder = create(root, loaded.recipe.name)
    device = pick_device(derived.recipe.train.device)
    described = environment.describe(device, command, loaded.folder)
    with folder.locked():
        with whole_or_gone(folder):
            folder.write("recipe.yaml", loaded.text)
            folder.write_json("env.json", {**described, **(facts or {})})
            for name, content in (contents or {}).items():
                folder.write(name, content)
            # The last file: a folder that a crash left unfinished has none, so it is no run.
            folder.write("resolved.yaml", resolved_text(derived.recipe))
        yield folder


def conclude(
    folder: RunFolder, verdict: Verdict, pictures: Mapping[str, str] | None = None
) -> None:
    """Write what a check found into its folder; evidence.json comes last and marks its end."""
    for name, picture in (pictures or {}).items():
        folder.write(name, picture)
    folder.write_json("findings.json", [finding.as_json() for finding in verdict.findings])
    folder.write_json(
        "evidence.json",
        {
            "verdict": verdict.verdict,
            "summary": verdict.summary,
            **verdict.result,
            **verdict.series,
        },
    )


def record(
    verdict: Verdict,
    loaded: Loaded,
    derived: Loaded,
    root: Path,
    command: list[str],
    pictures: Mapping[str, str] | None = None,
) -> RunFolder:
    """Write a check that has ended into a run folder of its own; see ``begin``."""
    with begin(loaded, derived, root, command) as folder:
        conclude(folder, verdict, pictures)
    return folder
