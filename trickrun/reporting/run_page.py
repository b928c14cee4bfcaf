"""Any run as one HTML page, from what its folder holds: what was asked, what happened, how to
repeat it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.checks.checklist.context import STATE, taken
from trickrun.checks.curves.curves_check import read_runs
from trickrun.errors import RunFolderError
from trickrun.findings.verdict import Verdict
from trickrun.reporting import checklist_page
from trickrun.reporting.console import duration, number
from trickrun.reporting.page import address, page
from trickrun.reporting.verdict import story_rows
from trickrun.run.apply import difference
from trickrun.run.check_folder import recall
from trickrun.run.folder import RunFolder
from trickrun.run.listing import started, summary

MOST_TRIALS = 50
"""Rows of a search's table."""

ENVIRONMENT = ("trickrun", "torch", "numpy", "python", "platform", "device", "cpu", "threads",
               "git_commit", "recipe_folder")  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table of the page; all cells are text."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def run_report(folder: RunFolder) -> str:
    """Return the page of a run: a training's, or a check's.

    Raises RunFolderError if its files do not hold what the page shows.
    """
    if (folder.path / STATE).exists():
        return checklist_report(folder)
    told = summary(folder)
    if told.status == "damaged":
        raise RunFolderError(f"the run is damaged: {told.reason}", str(folder.path))
    facts, began = folder.read_json("env.json"), started(folder.id)
    with complete(folder):
        verdict = shown_verdict(folder)
        content = {
            "pictures": [address(svg.encode()) for svg in pictures(told.command, verdict)],
            "tables": [table for table in tables(folder, verdict) if table.rows],
            "findings": story_rows(verdict.findings),
            "summary": verdict.summary.splitlines(),
        }
    return page(
        "run.html.j2",
        {
            **content,
            "name": folder.name,
            "command": told.command or "run",
            "badge": verdict.verdict if is_check(folder) else told.status,
            "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(began)) if began else "",
            "repeat": repeat(facts),
            "recipe": folder.read_text("recipe.yaml"),
            "resolved": folder.read_text("resolved.yaml"),
            "environment": [[key, str(facts[key])] for key in ENVIRONMENT if facts.get(key)],
            "run": str(folder.path),
        },
    )


def checklist_report(folder: RunFolder) -> str:
    """Return the page of a checklist that has ended."""
    if not (folder.path / "evidence.json").exists():
        raise RunFolderError(
            "this checklist has not ended", str(folder.path), "repeat its command: it goes on"
        )
    with complete(folder):
        tuned, diff = folder.path / "tuned.yaml", ""
        if tuned.exists():
            diff = "".join(
                difference(
                    folder.read_text("recipe.yaml"), folder.read_text("tuned.yaml"), "recipe.yaml"
                )
            )
        return checklist_page.report(recall(folder), taken(folder), folder, diff)


def is_check(folder: RunFolder) -> bool:
    """Whether a folder is a check's, not a training's."""
    return not folder.metrics_file.exists()


@contextmanager
def complete(folder: RunFolder) -> Iterator[None]:
    """Turn what is not in a run's files, or has another form, into RunFolderError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RunFolderError(
            f"its files do not match its report: {type(error).__name__}: {error}",
            str(folder.path),
            "another version made it, or it is damaged: repeat its command",
        ) from error


def shown_verdict(folder: RunFolder) -> Verdict:
    """Return what is to be shown of a run: of a training, what its curves say."""
    if is_check(folder):
        if not (folder.path / "evidence.json").exists():
            raise RunFolderError("this check has not ended", str(folder.path))
        return recall(folder)
    return read_runs([folder])


def pictures(command: str, verdict: Verdict) -> list[str]:
    """Return the pictures of a run as SVG documents, each of one panel if that is possible."""
    if command in ("initial-loss", "overfit-batch", "diagnose", "grad-check"):
        return []
    # Only what is drawn waits for matplotlib.
    from trickrun.reporting import curve_pictures, grid_pictures, signal_pictures
    from trickrun.reporting import steps as lr_find
    from trickrun.reporting.svg import draw

    if command == "lr-find":
        return list(lr_find.pictures(verdict).values())
    if command == "grid":
        return list(grid_pictures.pictures(verdict.result).values())
    if command == "signal":
        return list(signal_pictures.pictures(verdict).values())
    if "curves" in verdict.series:
        return [draw([panel], size=(5.4, 3.3)) for panel in curve_pictures.panels(verdict)]
    return []


def tables(folder: RunFolder, verdict: Verdict) -> Iterator[Table]:
    """Yield the tables of a run."""
    if not is_check(folder):
        yield scores(folder)
        return
    result = verdict.result
    if "trials" in result:
        yield trials(result)
    if isinstance(result.get("tried"), list) and result["tried"]:
        yield arms(result["tried"])
    if "trials" not in result and "curves" not in verdict.series:
        plain = {k: v for k, v in result.items() if k not in ("verdict", "summary", "version")}
        yield Table("Figures", ("", ""), [[k.replace("_", " "), cell(v)] for k, v in plain.items()
                                          if isinstance(v, int | float | str)])  # fmt: skip


def scores(folder: RunFolder) -> Table:
    """Return the scores of a training: its best evaluation and its test split."""
    told = summary(folder)
    left_out = ("step", "lr", "kind", "best")
    best = {name: v for name, v in (told.best or {}).items() if name not in left_out}
    rows = [[f"best: {name}", cell(value)] for name, value in best.items()]
    rows += [[f"test: {name}", cell(value)] for name, value in (told.test or {}).items()]
    if told.reason:
        rows.append(["reason", told.reason])
    return Table("Scores", ("", ""), rows)


def trials(result: Mapping[str, Any]) -> Table:
    """Return the trials of a search, the best first."""
    paths = list(result["space"])
    rows = [
        [
            str(place),
            *(cell(trial["params"].get(path)) for path in paths),
            cell(trial["metric"]) if trial["metric"] is not None else trial["status"],
            duration(trial["seconds"]),
        ]
        for place, trial in enumerate(result["trials"][:MOST_TRIALS], 1)
    ]
    count = len(result["trials"])
    title = f"The best {MOST_TRIALS} of {count} trials" if count > MOST_TRIALS else "Trials"
    return Table(title, ("", *paths, result["metric"], "time"), rows)


def arms(tried: Sequence[Mapping[str, Any]]) -> Table:
    """Return the trainings that a check made to find what helps."""
    heads = [key for key in tried[0] if isinstance(tried[0][key], int | float | str)]
    named = [head.replace("_", " ") for head in heads]
    rows = [[cell(arm.get(head)) for head in heads] for arm in tried]
    return Table("What was tried", named, rows)


def cell(value: Any) -> str:
    """Return a value as a cell shows it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, dict):
        return str(value.get("kind", value))
    return number(value) if isinstance(value, float) else str(value)


def repeat(facts: Mapping[str, Any]) -> str:
    """Return the command that made a run, to be typed in its recipe's folder."""
    command = facts.get("command") or ["trickrun"]
    return shlex.join(["trickrun", *command[1:]])


def write_report(folder: RunFolder) -> Path:
    """Write a run's page into its folder and return where it is. Raises RunFolderError."""
    folder.write("report.html", run_report(folder))
    return folder.path / "report.html"
