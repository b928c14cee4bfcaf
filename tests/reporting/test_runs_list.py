"""The list of runs: which columns a terminal has room for."""

import re
from dataclasses import replace

import pytest
from rich.console import Console

from trickrun.reporting import runs
from trickrun.run.listing import Summary

RUN = Summary(
    id="20260101-000000-000001-aaaa",
    recipe="digits",
    command="train",
    status="finished",
    verdict=None,
    best={"epoch": 12, "val_loss": 0.25},
    test={"loss": 0.3, "accuracy": 0.875},
    reason=None,
    started=0.0,
    bytes=2048,
    path="runs/digits/20260101-000000-000001-aaaa",
)
RUNS = [RUN, replace(RUN, id="20260101-000000-000002-bbbb", status="failed", tags=("good",))]


def shown(monkeypatch, capsys, width, listed=RUNS):
    console = Console(force_terminal=True, width=width, highlight=False, color_system=None)
    monkeypatch.setattr(runs, "terminal", lambda: console)
    runs.print_runs(listed)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(monkeypatch, capsys, width):
    lines = shown(monkeypatch, capsys, width)
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)


def test_the_least_important_columns_give_way(monkeypatch, capsys):
    def names(width):
        return re.split(r"\s{2,}", shown(monkeypatch, capsys, width)[0].strip())

    every = ["id", "recipe", "command", "status", "best", "test", "tags", "age", "size"]
    assert names(200) == every
    assert names(90) == ["id", "recipe", "command", "status", "best"]
    assert names(72) == ["id", "recipe", "status", "best"]


def test_ids_are_as_short_as_they_may_be(monkeypatch, capsys):
    first, second = shown(monkeypatch, capsys, 100)[1:]
    assert (first.split()[0], second.split()[0]) == (
        "20260101-000000-000001",
        "20260101-000000-000002",
    )
    other = [RUN, replace(RUN, id="20260102-000000-000002-bbbb")]
    assert shown(monkeypatch, capsys, 100, other)[1].split()[0] == "20260101-000000"


def test_a_search_shows_its_metric():
    grid = {"id": "x", "params": {"optimizer.lr": 0.1}, "metric": 0.5, "val_loss": 0.5}
    assert runs.best(replace(RUN, best=grid)) == "val_loss 0.5000"
    named = {"id": "x", "params": {}, "metric": 0.5, "val_accuracy": 0.5}
    assert runs.best(replace(RUN, best=named)) == "val_accuracy 0.5000"
