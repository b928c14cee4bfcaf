"""Several trainings on one page: their curves overlaid, their scores and their differences."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trickrun.checks.curves.curves_check import read_runs
from trickrun.errors import RunFolderError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load
from trickrun.reporting.console import number
from trickrun.reporting.page import page, shown_pictures, told_in_page
from trickrun.reporting.page_parts import (
    Commands,
    Part,
    Pictures,
    Section,
    Stories,
    Table,
    Value,
    can_be_sorted,
)
from trickrun.reporting.pages.check import chosen
from trickrun.reporting.pages.train import LEFT_OUT
from trickrun.reporting.pictures import pictures
from trickrun.run.folder import RunFolder
from trickrun.run.listing import Summary, summary
from trickrun.run.names import differing_in, leaves

MOST_RUNS = 200
"""Runs on one page: the curves of more cannot be told apart."""

MOST_SCORES = 8
"""Columns of scores."""

MOST_DIFFERENCES = 60
"""Rows of the table of differences."""


def several_report(folders: Sequence[RunFolder]) -> str:
    """Return the page of several trainings, two or more.

    Raises RunFolderError if one of them is no training, or its files cannot be read.
    """
    for folder in folders:
        if not folder.metrics_file.exists():
            raise RunFolderError(
                "this is a check, and only trainings share a page",
                str(folder.path),
                "trickrun report with it alone writes its own page",
            )
    if len(folders) > MOST_RUNS:
        raise RunFolderError(f"{len(folders)} runs are too many for a page: {MOST_RUNS} at most")
    verdict = read_runs(folders)
    names = [run["name"] for run in verdict.result["runs"]]
    sections = list(shown_sections(folders, names, verdict))
    recipes = ", ".join(dict.fromkeys(folder.name for folder in folders))
    return page(
        "run.html.j2",
        {
            "pictures": Pictures(shown_pictures(pictures("curves", verdict)), "curves"),
            "sections": sections,
            "summary": verdict.summary.splitlines(),
            "name": recipes,
            "command": f"{len(folders)} runs",
            "badge": verdict.verdict,
            "started": "",
            "run": str(folders[0].path.parent.parent),
        },
        sortable=can_be_sorted(sections),
    )


def shown_sections(
    folders: Sequence[RunFolder], names: Sequence[str], verdict: Verdict
) -> Iterator[Section]:
    """Yield the scores, the differences, the findings, and how to repeat each run."""
    yield Section("Scores", [scores(folders, names)])
    differing = differences(folders, names)
    if differing is not None:
        yield Section("What differs", [differing])
    if verdict.findings:
        yield Section("What they show", [Stories(told_in_page(verdict.findings))])
    yield Section("How to repeat them", [*repeats(folders, names)])


def scores(folders: Sequence[RunFolder], names: Sequence[str]) -> Table:
    """Return a row a run: its best evaluation, its test scores, its length and its speed."""
    told = [summary(folder) for folder in folders]
    measured = [{**measures(one)} for one in told]
    columns = list(dict.fromkeys(name for one in measured for name in one))
    shown, rows = columns[:MOST_SCORES], []
    keys: list[list[Value]] = []
    for folder, name, one, values in zip(folders, names, told, measured, strict=True):
        end = folder.last_record
        speed = (end.get("timing") or {}).get("samples_per_second")
        fast = f"{speed:,.0f}" if speed else "-"
        epochs = end.get("epochs", 0)
        ended = str(end.get("stopped_by", one.status)).replace("_", " ")
        rows.append([name, *(number(values.get(c)) for c in shown), f"{epochs:.4g}", ended, fast])
        keys.append([name, *(values.get(c) for c in shown), epochs, ended, speed])
    hidden = len(columns) - len(shown)
    note = f"{hidden} further scores are left out." if hidden else ""
    heads = ("run", *shown, "epochs", "stopped by", "samples per second")
    return Table("Best evaluation and test scores of each run", heads, rows, keys, note)


def measures(told: Summary) -> Mapping[str, float | None]:
    """Return the scores of a run: of its best evaluation and of its test split."""
    best = {name: v for name, v in (told.best or {}).items() if name not in LEFT_OUT}
    return {**best, **{f"test {name}": v for name, v in (told.test or {}).items()}}


def differences(folders: Sequence[RunFolder], names: Sequence[str]) -> Table | None:
    """Return what the recipes say differently, a column a run; None if they are alike."""
    trees: list[dict[str, Any]] = [
        dict(leaves(load(folder.path / "resolved.yaml").tree)) for folder in folders
    ]
    paths = differing_in(trees)
    if not paths:
        return None
    rows = [
        [path, *(chosen(tree[path]) if path in tree else "-" for tree in trees)]
        for path in paths[:MOST_DIFFERENCES]
    ]
    hidden = len(paths) - MOST_DIFFERENCES
    note = f"{hidden} further differences are left out." if hidden > 0 else ""
    return Table("Where the recipes differ", ("recipe path", *names), rows, note=note)


def repeats(folders: Sequence[RunFolder], names: Sequence[str]) -> Iterator[Part]:
    """Yield the command of each run."""
    lines = []
    for folder, name in zip(folders, names, strict=True):
        words = folder.read_json("env.json").get("command") or ["trickrun"]
        lines.append((f"{name} ({folder.id}):", shlex.join(["trickrun", *words[1:]])))
    yield Commands(lines)
