"""What a terminal of 80 or 60 columns shows: nothing breaks inside a word or a number."""

from __future__ import annotations

import re
from typing import Any

import pytest

from trickrun.checks.checklist.context import StepOutcome
from trickrun.findings.verdict import Verdict
from trickrun.reporting import console, grid, scores
from trickrun.reporting.checklist import tell
from trickrun.reporting.verdict import say_edits

PARAMS = {
    "optimizer.lr": 0.0072917253,
    "optimizer.kind": "rmsprop",
    "regularizers.dropout.p": 0.46806312,
    "regularizers.l2.lambda": 8.37428e-05,
    "data.batch_size": 64,
    "model.hidden": [128, 64],
}
IMPORTANCE = {path: 1 / place for place, path in enumerate(reversed(PARAMS), 1)}


@pytest.fixture(params=[80, 60])
def shown(request, monkeypatch, capsys):
    """Return the lines of what was printed on a terminal, which are no longer than it is wide."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(request.param))

    def lines() -> list[str]:
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().out)
        found = text.splitlines()
        assert [line for line in found if len(line) > request.param] == []
        return found

    return lines


def found(**more: Any) -> dict[str, Any]:
    row = {"params": PARAMS, "status": "finished", "metric": 0.2709, "seconds": 0.0412}
    return {
        "space": dict.fromkeys(PARAMS),
        "trials": [{**row, "id": "a", "rung": None}],
        "best": {"params": PARAMS},
        "importance": IMPORTANCE,
        **more,
    }


def test_a_search_leaves_out_what_matters_least(shown):
    grid.print_search(Verdict("pass", found(), (), "best val_loss 0.2709 of 1 finished trial"))
    lines = shown()
    head, row = lines[0].split(), lines[1]
    assert head[0] == "metric"
    assert "seconds" not in head
    assert {"model.hidden", "data.batch_size"} <= set(head)  # what matters most
    assert "[128, 64]" in row
    assert "…" not in "".join(lines)
    assert ("lr" in head) is not any(line.startswith("no room for lr") for line in lines)
    assert "  regularizers.l2.lambda=8.37428e-5" in lines  # the best trial's in full


def test_a_pipe_gets_all_of_a_search(capsys):
    grid.print_search(Verdict("pass", found(), (), "told"))
    head, row = capsys.readouterr().out.splitlines()[:2]
    assert head.split()[-1] == "seconds"
    assert row.split()[-1] == "0.041"
    assert "no room" not in row


def test_a_search_in_which_nobody_knows_what_matters_leaves_out_the_last_ones():
    least = grid.least_important(PARAMS, {})
    assert least[:3] == ["seconds", "model.hidden", "data.batch_size"]


def test_a_step_of_the_checklist(shown):
    why = "A better value may lie beyond the range's high end, so the fine search looks there."
    finding = {"severity": "warning", "code": "TR37", "name": "Best value at the edge", "why": why}
    summary = f"{why} {why}\n{why}"
    tell("curves", StepOutcome("curves", "warn", "", summary, PARAMS, [], ["s"], 12.25, ["c"]))
    lines = shown()
    assert lines[0].startswith("WARN (12 s) A better")
    assert " ".join(lines).count(why) >= 1
    assert "  kept:" in lines
    assert "    'model.hidden=[128, 64]'" in lines
    tell("curves", StepOutcome("curves", "warn", "", "", findings=[finding]))
    told = shown()
    assert all(line.startswith("  ") for line in told[1:])
    assert " ".join(line.strip() for line in told[1:]) == f"TR37 Best value at the edge: {why}"


def test_edits_that_fit_stay_in_one_line(shown):
    say_edits(console.terminal(), "best: ", ["a=1", "b=2"])
    assert shown() == ["best: a=1 b=2"]


def test_a_confusion_matrix_without_room_gives_way_to_the_worst_confusions(shown):
    labels = [f"a class called {place}" for place in range(5)]
    matrix = [[4 if row == column else row for column in range(5)] for row in range(5)]
    cells = [[r, c, n] for r, row in enumerate(matrix) for c, n in enumerate(row) if n]
    scores.print_confusion(console.terminal(), labels, matrix, cells)
    lines = shown()
    assert "no room for the confusion matrix (--json has it)" in lines
    assert "  4 × a class called 4 taken for a class called 0" in lines


def test_residuals_keep_their_median(shown):
    residuals = dict.fromkeys(("min", "5%", "25%", "median", "75%", "95%", "max"), -123.4567)
    row = {"target": "progression", "mae": 45.99, "rmse": 56.9, "r2": 0.4914}
    scores.print_residuals(console.terminal(), [{**row, "residuals": residuals}])
    head = next(line for line in shown() if line.startswith("target"))
    assert {"mae", "rmse", "r2", "median"} <= set(head.split())
    assert "25%" not in head.split()
