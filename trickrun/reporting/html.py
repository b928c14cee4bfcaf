"""A checklist as one HTML file that tells its story: pictures inside, nothing from outside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from trickrun import __version__
from trickrun.checks.checklist.context import StepOutcome, words
from trickrun.findings.verdict import Verdict
from trickrun.run.folder import RunFolder

QUESTIONS = {
    "initial-loss": "Does the untrained network guess, no better and no worse?",
    "overfit-batch": "Can it learn one small batch by heart?",
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
    from jinja2 import Environment, StrictUndefined

    template = files("trickrun.reporting").joinpath("templates/checklist.html.j2").read_text()
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True).from_string(template)  # fmt: skip
    return page.render(
        name=folder.name,
        version=__version__,
        verdict=verdict,
        result=verdict.result,
        steps=[shown(step) for step in done],
        contest=contest_rows(verdict.result.get("contest")),
        diff=[(line_kind(line), line) for line in diff.splitlines()],
        run=str(folder.path),
    )


def shown(step: StepOutcome) -> dict[str, Any]:
    """Return what the page shows of a step."""
    return {
        "name": step.name,
        "question": QUESTIONS[step.name],
        "verdict": step.verdict,
        "summary": step.summary.splitlines(),
        "findings": [
            {**finding, "edit": words(finding["edit"]) if finding["edit"] else ""}
            for finding in step.findings
        ],
        "edits": words(step.edits),
        "shrunk": ", ".join(step.shrunk),
        "seconds": step.seconds,
        "run": step.run,
        "pictures": pictures(Path(step.run)),
    }


def pictures(run: Path) -> list[str]:
    """Return the run folder's SVG files as data addresses, so that each keeps its own styles."""
    found = sorted(run.glob("*.svg"))
    return [
        "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
        for path in found
    ]


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
                "edits": words(entry["edits"]),
                "values": [f"{value:.4g}" for value in values],
                "mean": f"{sum(values) / len(values):.4g}" if values else "did not finish",
                "won": entry["name"] == contest["winner"]["name"],
            }
        )
    return rows


def line_kind(line: str) -> str:
    """Return the class of a diff's line."""
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")
