"""What every check returns, how it derives recipes, and how it is recorded in a run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from trickrun.diagnose.finding import Finding
from trickrun.placement import pick_device
from trickrun.recipe.dump import resolved_text
from trickrun.recipe.load import Loaded, from_tree
from trickrun.recipe.patch import patch_paths
from trickrun.run import environment
from trickrun.run.folder import RunFolder, create


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Args:
        verdict: fail means that the next step of the checklist would mislead.
        result: the check's keys in the JSON contract (design, commands): plain data.
        findings: causes, best first.
        summary: one sentence for people, with the numbers and the threshold.
    """

    verdict: Literal["pass", "warn", "fail"]
    result: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    series: dict[str, Any] = field(default_factory=dict)
    """Further measurements worth keeping (curves, histograms); plain data."""


def derive(loaded: Loaded, changes: Mapping[str, Any]) -> Loaded:
    """Return the recipe with ``changes`` (path to value), validated again.

    It is not compiled: a check trains many short runs, which would compile longer than they train.
    """
    plain = {"train.compile": False} if loaded.recipe.train.compile else {}
    tree = patch_paths(loaded.tree, {**plain, **changes})
    return replace(loaded, recipe=from_tree(tree), tree=tree)


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
    """Return a check's verdict from its folder; its measurements stand under result and series."""
    evidence = folder.read_json("evidence.json")
    findings = tuple(Finding(**row) for row in folder.read_json("findings.json"))
    return Verdict(evidence["verdict"], evidence, findings, "", evidence)
