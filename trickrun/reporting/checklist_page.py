"""A checklist as one HTML page that tells its story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trickrun.checks.checklist.checklist_check import LAST
from trickrun.checks.checklist.context import StepOutcome
from trickrun.findings.verdict import Verdict
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.page import Picture, line_kind, page, shown_pictures, told_in_page
from trickrun.reporting.page_asked import asked_sections
from trickrun.run.apply import difference
from trickrun.run.folder import RunFolder
from trickrun.run.recall import finding_of

QUESTIONS = {
    "initial-loss": "Does the untrained network guess, no better and no worse?",
    "overfit-batch": "Can it fit one small batch?",
    "lr-find": "Which learning rate?",
    "grid coarse": "Where is it worth looking?",
    "grid fine": "What is best there?",
    "curves": "What do the loss curves of the tuned recipe show?",
}


def report(
    verdict: Verdict,
    done: Sequence[StepOutcome],
    folder: RunFolder,
    drawn: Mapping[str, Mapping[str, str]],
) -> str:
    """Return the page.

    Args:
        verdict: the checklist's.
        done: its steps.
        folder: its run folder.
        drawn: the pictures of each step, by its name and the file's.
    """
    return page(
        "checklist.html.j2",
        {
            "name": folder.name,
            "verdict": verdict,
            "findings": [
                story for story in told_in_page(verdict.findings) if story["severity"] != "info"
            ],
            "result": verdict.result,
            "steps": [shown(step, shown_pictures(drawn.get(step.name, {}))) for step in done],
            "contest": contest_rows(verdict.result.get("contest")),
            "diff": [(line_kind(line), line) for line in changes(folder).splitlines()],
            "asked": list(asked_sections(folder)),
            "run": str(folder.path),
        },
    )


def changes(folder: RunFolder) -> str:
    """Return the difference from the recipe to the tuned one as a unified diff; empty for none."""
    if not (folder.path / "tuned.yaml").exists():
        return ""
    before, after = folder.read_text("recipe.yaml"), folder.read_text("tuned.yaml")
    return "".join(difference(before, after, "recipe.yaml"))


def shown(step: StepOutcome, pictures: Sequence[Picture]) -> dict[str, Any]:
    """Return what the page shows of a step."""
    return {
        "name": step.name,
        "question": QUESTIONS[step.name],
        "verdict": step.verdict,
        "summary": step.summary.splitlines(),
        # What to change is told once, with the stories of all steps.
        "findings": [
            {**story, "edit": "", "symptoms": ()}
            for story in told_in_page(finding_of(row) for row in step.findings)
        ],
        # Only the contest of the last step decides what is kept.
        "edits_are": "Kept" if step.name == LAST else "The next steps continue with",
        "edits": typed(step.edits),
        "shrunk": ", ".join(step.shrunk),
        "seconds": step.seconds,
        "run": step.run,
        "pictures": pictures,
    }


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
                "edits": typed(entry["edits"]) or "none",
                "values": [f"{value:.4g}" for value in values],
                "mean": f"{sum(values) / len(values):.4g}" if values else "did not finish",
                "won": entry["name"] == contest["winner"]["name"],
            }
        )
    return rows
