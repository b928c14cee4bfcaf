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
from trickrun.reporting.checklist import drawn_steps
from trickrun.reporting.console import number, seconds
from trickrun.reporting.diagnose import by_gain
from trickrun.reporting.figures import ROWS
from trickrun.reporting.page import page, shown_pictures, told_in_page
from trickrun.reporting.pictures import pictures
from trickrun.run.folder import RunFolder
from trickrun.run.listing import started, summary
from trickrun.run.recall import recall
from trickrun.search.space import short_path

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


def run_report(folder: RunFolder, drawn: Mapping[str, str] | None = None) -> str:
    """Return the page of a run: a training's, or a check's.

    Args:
        drawn: its pictures by file name; None: they are drawn.

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
        command = f"{told.command} {verdict.result.get('stage') or ''}".strip() or "run"
        content = {
            "pictures": shown_pictures(pictures(command, verdict) if drawn is None else drawn),
            "tables": [table for table in tables(command, folder, verdict) if table.rows],
            "findings": told_in_page(verdict.findings),
            "summary": verdict.summary.splitlines(),
        }
    return page(
        "run.html.j2",
        {
            **content,
            "name": folder.name,
            "command": command,
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
        done = taken(folder)
        return checklist_page.report(recall(folder), done, folder, drawn_steps(done, folder))


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


def tables(command: str, folder: RunFolder, verdict: Verdict) -> Iterator[Table]:
    """Yield the tables of a run."""
    result = verdict.result
    if not is_check(folder):
        yield scores(folder)
    elif command in ROWS:
        yield Table("Figures", ("", "", ""), [[*map(str, row)] for row in ROWS[command](result)])
    elif "space" in result:
        yield trials(result)
    elif command == "diagnose" and result["tried"]:
        yield proven(result["tried"])
    elif "curves" not in verdict.series:
        plain = {k: v for k, v in result.items() if k not in ("verdict", "summary", "version")}
        yield Table("Figures", ("", ""), [[k.replace("_", " "), cell(v)] for k, v in plain.items()
                                          if isinstance(v, int | float | str)])  # fmt: skip


def scores(folder: RunFolder) -> Table:
    """Return the scores of a training: its best evaluation and its test split."""
    told = summary(folder)
    left_out = ("step", "lr", "kind", "best")
    best = {name: v for name, v in (told.best or {}).items() if name not in left_out}
    rows = [
        [f"best: {name}", f"{value:.4g}" if name == "epoch" else cell(value)]
        for name, value in best.items()
    ]
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
            seconds(trial["seconds"]),
        ]
        for place, trial in enumerate(result["trials"][:MOST_TRIALS], 1)
    ]
    count = len(result["trials"])
    title = f"The best {MOST_TRIALS} of {count} trials" if count > MOST_TRIALS else "Trials"
    return Table(title, ("", *map(short_path, paths), result["metric"], "time"), rows)


def proven(tried: Mapping[str, Any]) -> Table:
    """Return the edits that a diagnosis tried over several seeds, the largest gain first."""
    rows = [
        [label, cell(effect["before"]), cell(effect["after"]), cell(effect["needed"]),
         cell(effect["helps"])]
        for label, effect in by_gain(tried["proven"].items())
    ]  # fmt: skip
    return Table("What was tried", ("edit", "skill", "with it", "gain needed", "helps"), rows)


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


def write_report(folder: RunFolder, drawn: Mapping[str, str] | None = None) -> Path:
    """Write a run's page into its folder and return where it is. Raises RunFolderError.

    Args:
        drawn: its pictures by file name; None: they are drawn.
    """
    folder.write("report.html", run_report(folder, drawn))
    return folder.path / "report.html"
