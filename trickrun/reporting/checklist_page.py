"""A checklist as one HTML page that tells its story."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trickrun.checks.checklist.context import StepOutcome, own_folder
from trickrun.findings.verdict import Verdict
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.page import address, line_kind, page
from trickrun.reporting.verdict import story_rows
from trickrun.run.files import content_of
from trickrun.run.folder import RunFolder

QUESTIONS = {
    "initial-loss": "Does the untrained network guess, no better and no worse?",
    "overfit-batch": "Can it fit one small batch?",
    "lr-find": "Which learning rate?",
    "grid coarse": "Where is it worth looking?",
    "grid fine": "What is best there?",
    "curves": "What do the loss curves of the tuned recipe show?",
}


def report(verdict: Verdict, done: Sequence[StepOutcome], folder: RunFolder, diff: str) -> str:
    """Return the page.

    Args:
        verdict: the checklist's.
        done: its steps.
        folder: its run folder.
        diff: from the user's recipe to the tuned one, as a unified diff; empty for no change.
    """
    return page(
        "checklist.html.j2",
        {
            "name": folder.name,
            "verdict": verdict,
            "findings": [row for row in story_rows(verdict.findings) if row["severity"] != "info"],
            "result": verdict.result,
            "steps": [shown(step, own_folder(folder.own_runs, folder.name, step)) for step in done],
            "contest": contest_rows(verdict.result.get("contest")),
            "diff": [(line_kind(line), line) for line in diff.splitlines()],
            "run": str(folder.path),
        },
    )


def shown(step: StepOutcome, folder: RunFolder | None) -> dict[str, Any]:
    """Return what the page shows of a step, with the pictures in its folder."""
    return {
        "name": step.name,
        "question": QUESTIONS[step.name],
        "verdict": step.verdict,
        "summary": step.summary.splitlines(),
        # What to change is told once, with the stories of all steps.
        "findings": [{**finding, "edit": "", "symptoms": ()} for finding in step.findings],
        "edits": typed(step.edits),
        "shrunk": ", ".join(step.shrunk),
        "seconds": step.seconds,
        "run": step.run,
        "pictures": pictures(folder.path) if folder is not None else [],
    }


def pictures(run: Path) -> list[str]:
    """Return the run folder's SVG files as data addresses."""
    return [address(content_of(path)) for path in sorted(run.glob("*.svg"))]


def contest_rows(contest: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return a row an entry: name, mean, each seed's value, whether it won."""
    if contest is None:
        return []
    rows = []
    for entry in contest["entries"]:
        values = [value for value in entry["values"] if value is not None]
        rows.append(
            {
                "name": entry["name"],
                "edits": typed(entry["edits"]),
                "values": [f"{value:.4g}" for value in values],
                "mean": f"{sum(values) / len(values):.4g}" if values else "did not finish",
                "won": entry["name"] == contest["winner"]["name"],
            }
        )
    return rows
