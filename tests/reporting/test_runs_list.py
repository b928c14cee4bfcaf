"""The list of runs: which columns a terminal has room for."""

import re
from dataclasses import replace

import pytest

from trickrun.reporting import runs
from trickrun.reporting.console import Terminal
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
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(Terminal, "is_terminal", True)
    monkeypatch.setattr(runs, "terminal", lambda: Terminal(width=width))
    runs.print_runs(listed)
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


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
    assert names(90) == ["id", "recipe", "command", "status", "best", "test"]
    assert names(72) == ["id", "recipe", "command", "status", "best"]
    assert names(62) == ["id", "recipe", "status", "best"]


def test_the_epoch_gives_way_before_the_command(monkeypatch, capsys):
    assert "0.2500 (epoch 12)" in shown(monkeypatch, capsys, 110)[1]
    line = shown(monkeypatch, capsys, 72)[1]
    assert "epoch" not in line
    assert line.endswith("val_loss 0.2500")


def test_a_trial_is_called_by_what_differs_and_cut_before_its_result(monkeypatch, capsys):
    trial = replace(
        RUN, id="24e9f0d903f03873", command="trial", bytes=0, started=None, parent=RUN.id,
        name="lr=0.0114429, regularizers.dropout.p=0.25, batch_size=64",
    )  # fmt: skip
    line = shown(monkeypatch, capsys, 200, [RUN, trial])[2]
    assert line.startswith(f"    {trial.name}  digits  trial  ")
    assert not line.rstrip().endswith("B")
    line = shown(monkeypatch, capsys, 60, [RUN, trial])[2]
    assert line.startswith("    lr=0.0114429, r")
    assert line.endswith("val_loss 0.2500")


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
