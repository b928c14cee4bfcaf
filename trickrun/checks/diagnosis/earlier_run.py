"""What an earlier training of a recipe adds to its evidence."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from trickrun.checks.curves.evidence import read_curves
from trickrun.checks.diagnosis.gather import Evidence
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.findings.rules.curves.shapes import judge
from trickrun.recipe.load import Loaded, load
from trickrun.run.folder import RunFolder


def recipe_of(run: RunFolder) -> Loaded:
    """Return the recipe of a run, placed where its relative paths start.

    Raises TrickrunError if the run's files cannot be read.
    """
    loaded = load(run.path / "resolved.yaml")
    return replace(loaded, path=Path(run.facts()["recipe_folder"]) / "recipe.yaml")


def add_run(evidence: Evidence, run: RunFolder, short: ProxyRun) -> None:
    """Add a run's curves and its best score, which tell more than a short training does.

    Raises RunFolderError if its files cannot be read, or it has trained nothing yet.
    """
    curves = read_curves(run)
    evidence.parts["run"] = asdict(curves)
    evidence.findings += judge(curves)
    best = [record for record in run.metrics() if record["kind"] == "epoch" and record["best"]]
    if best and not curves.non_finite:
        value = best[-1].get(f"val_{short.metric}")
        evidence.trained = short.skill(value) if value is not None else None
