"""Any JSON value in any place of the files that searches and checklists go on from: they are read,
or refused as damaged."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attacks.mutate import changed_json
from trickrun.checks.checklist.checklist_check import concluded
from trickrun.checks.checklist.context import STEP_NAMES, Context, taken, unfinished
from trickrun.checks.checklist.steps import STEPS, contestants
from trickrun.errors import TrickrunError
from trickrun.recipe.load import Loaded, load
from trickrun.run.files import to_json
from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED
from trickrun.run.recall import recall
from trickrun.search.journal import journal, known_layout, known_results, open_search
from trickrun.search.plan import Plan, plan

RECIPE = """\
name: any
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [4]}
grid: {metric: val_loss, coarse: {trials: 3, epochs: 1}}
"""
TIMES = 100
"""Changes of each file."""

ID = "20260101-000000-000000-abcd"

FINDING = {
    "code": "TR37", "name": "n", "severity": "warning", "confidence": 0.5, "where": "w",
    "evidence": {"a": 1}, "why": "y", "edit": {"optimizer.lr": 0.1},
    "confirmed": {"before": None, "after": 1.0}, "location": None,
}  # fmt: skip


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    (tmp_path / "any.yaml").write_text(RECIPE)
    return load(tmp_path / "any.yaml")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run's folder with a recipe in it."""
    folder = RunFolder(tmp_path / "runs" / "any" / ID)
    folder.path.mkdir(parents=True)
    folder.write("resolved.yaml", RECIPE)
    return folder


def each_change(run: RunFolder, name: str, content: str, read: Callable[[], object]) -> None:
    """Change a file many times; whatever is in it, it is read or refused."""
    rng = random.Random(name)
    codes: list[int] = []
    run.write(name, content)
    read()
    for _ in range(TIMES):
        new, _ = changed_json(rng, content.encode())
        run.write(name, new)
        try:
            read()
        except TrickrunError as error:
            codes.append(error.exit_code)
    run.write(name, content)
    assert {*codes} <= {2}
    assert len(codes) < TIMES


def planned_of(loaded: Loaded) -> Plan:
    return plan(loaded, "coarse")


def test_the_files_of_a_search(loaded: Loaded, run: RunFolder) -> None:
    planned, root = planned_of(loaded), run.path.parents[1]
    rows = [
        {
            "id": trial.id, "params": trial.params, "status": "finished", "metric": 0.5,
            "values": {"val_loss": 0.5, "epoch": 1.0}, "seconds": 0.1, "engine": "stacked",
            "reason": "", "rung": None,
        }
        for trial in planned.trials
    ]  # fmt: skip
    lines = "".join(to_json(row) + "\n" for row in rows)
    layout = {"here": [[trial.id for trial in planned.trials]], "workers": []}
    each_change(run, "plan.json", to_json(planned.facts), lambda: open_search(root, planned))
    each_change(run, "layout.json", to_json(layout), lambda: known_layout(run, planned))
    each_change(run, "trials.jsonl", lines, lambda: (journal(run), known_results(root, planned)))


def checklist_rows(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name, "verdict": "pass", "run": path, "summary": "s",
            "edits": {"optimizer.lr": 0.01}, "findings": [FINDING], "shrunk": ["x"], "seconds": 1.0,
        }
        for name in STEP_NAMES
    ]  # fmt: skip


def test_the_files_of_a_checklist(loaded: Loaded, run: RunFolder) -> None:
    root = run.path.parents[1]
    rows = checklist_rows(str(run.path))

    def both() -> None:
        unfinished(root, loaded, len(STEPS), True)
        taken(run)

    run.write("tree.json", to_json(loaded.tree))
    each_change(run, "checklist.json", to_json(rows), both)
    each_change(run, "tree.json", to_json(loaded.tree), both)


def test_steps_that_no_checklist_begins_with_are_refused(run: RunFolder) -> None:
    rows = checklist_rows(str(run.path))
    for wrong in ([rows[1]], [rows[0], rows[0]], [*rows, rows[5]], [{**rows[0], "name": "x"}]):
        run.write("checklist.json", to_json(wrong))
        with pytest.raises(TrickrunError, match="a checklist does not begin with the steps"):
            taken(run)


def test_the_steps_are_those_that_are_named() -> None:
    assert tuple(STEPS) == STEP_NAMES


def test_the_findings_of_a_check(run: RunFolder) -> None:
    run.write("evidence.json", '{"verdict": "pass"}')
    each_change(run, "findings.json", json.dumps([FINDING]), lambda: recall(run))


def test_the_evidence_that_a_checklist_goes_on_from(
    loaded: Loaded, run: RunFolder, tmp_path: Path
) -> None:
    run.write("checklist.json", to_json(checklist_rows(str(run.path))))
    done = taken(run)
    entry = {"name": "original", "edits": {}, "values": [0.5, None], "reason": ""}
    evidence = {
        "verdict": "pass",
        "runs": [{"constant": {"loss": 1.1}, "reference": None}],
        "contest": {"metric": "val_loss", "entries": [entry], "winner": entry},
        "test": {"loss": 0.5, "accuracy": None},
        "trials": [{"params": {"optimizer.lr": 0.1}, "status": "finished"}],
    }
    context = Context(loaded, loaded, {}, done, tmp_path, tmp_path / "own", [], UNHURRIED)

    def read() -> None:
        contestants(context)
        concluded(context, done, run)

    each_change(run, "evidence.json", to_json(evidence), read)
