"""Successive halving: who goes on, and that it ends as the whole search would, crashes or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from trickrun.checks.grid_check import run_search
from trickrun.recipe.load import load
from trickrun.run.folder import RunFolder
from trickrun.search import run_trials
from trickrun.search.executors.choose import Layout
from trickrun.search.halving import Rung, halve, rungs
from trickrun.search.journal import JOURNAL, journal, new_search, open_search
from trickrun.search.judge import best_first, judge
from trickrun.search.plan import Plan, plan
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor

RECIPE = """
name: tiny
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
grid:
  coarse: {trials: 9, epochs: 9, halving: true, space: {optimizer.lr: {log: [1e-4, 1e-1]}}}
"""


@pytest.fixture(autouse=True)
def one_stack(monkeypatch):
    """All trials in one stack here: nothing is chosen by timing."""
    monkeypatch.setattr(
        "trickrun.search.journal.lay_out", lambda trials, folder, pace: Layout(here=[tuple(trials)])
    )


def planned(folder: Path, **changes: str) -> Plan:
    path = folder / "tiny.yaml"
    path.write_text(RECIPE)
    return plan(
        load(path, [f"grid.coarse.{key}={value}" for key, value in changes.items()]), "coarse"
    )


def searched(of: Plan, root: Path) -> RunFolder:
    with new_search(of, of.loaded, root, []) as folder:
        halve(of, folder, lambda *_: None)
    return folder


def latest(folder: RunFolder) -> dict[str, TrialResult]:
    return {result.id: replace(result, seconds=0.0) for result in journal(folder)}


@pytest.mark.parametrize(
    ("trials", "epochs", "expected"),
    [
        (27, 9, [Rung(1, 27), Rung(3, 9), Rung(9, 3)]),
        (16, 10, [Rung(1, 16), Rung(3, 5), Rung(10, 1)]),
        (16, 3, [Rung(1, 16), Rung(3, 5)]),
        (8, 30, [Rung(10, 8), Rung(30, 2)]),
        (2, 30, [Rung(30, 2)]),
        (16, 2, [Rung(2, 16)]),
    ],
)
def test_rungs(trials, epochs, expected):
    assert rungs(trials, epochs) == expected


def test_those_that_reach_the_end_have_the_values_of_the_whole_search_and_its_winner(tmp_path):
    of = planned(tmp_path)
    found = latest(searched(of, tmp_path / "halved"))
    with new_search(of, of.loaded, tmp_path / "whole", []) as whole:
        pass
    run_trials.search(of, whole, {}, lambda *_: None)
    expected = latest(whole)
    finished = [result for result in found.values() if result.status == "finished"]
    assert len(finished) == 1
    for result in finished:
        # In a smaller stack sums are cut into other vector instructions.
        assert result.values == pytest.approx(expected[result.id].values, rel=1e-4)
    assert sorted(r.rung for r in found.values() if r.status == "stopped") == [1] * 6 + [2] * 2
    best = [judge(of, list(r.values())).result["best"]["id"] for r in (found, expected)]
    assert best[0] == best[1]
    # Each rung kept the best of those that were there.
    ranked = {
        number: [r.metric for r in journal_of(tmp_path / "halved") if r.rung == number]
        for number in (1, 2)
    }
    kept = [r.metric for r in found.values() if r.rung == 1]
    assert sorted(ranked[1])[3:] == sorted(kept)


def journal_of(root: Path) -> list[TrialResult]:
    (folder,) = root.glob("*/*")
    return journal(RunFolder(folder))


class Killed(BaseException):
    pass


def test_killed_after_any_trial_it_goes_on_to_the_same_end(tmp_path):
    of = planned(tmp_path)
    expected = latest(searched(of, tmp_path / "whole"))
    lines = len(journal_of(tmp_path / "whole"))
    assert lines == 9 + 3 + 1

    def kill(*_: object) -> None:
        raise Killed

    with new_search(of, of.loaded, tmp_path / "torn", []) as folder:
        pass
    kills = 0
    while True:
        assert open_search(tmp_path / "torn", of) == folder
        try:
            halve(of, folder, kill)
            break
        except Killed:
            kills += 1
            with (folder.path / JOURNAL).open("ab") as torn:
                torn.write(b'{"id": "cut')
    assert kills == lines
    assert latest(folder) == expected
    assert not (folder.path / "rungs").exists()


def test_a_search_without_halving_is_another_one(tmp_path):
    of = planned(tmp_path)
    with new_search(of, of.loaded, tmp_path / "runs", []):
        pass
    assert open_search(tmp_path / "runs", planned(tmp_path, halving="false")) is None


def test_the_table_is_ordered_by_rung_and_then_by_metric():
    def row(name: str, metric: float | None, status: str, rung: int | None = None) -> TrialResult:
        return TrialResult(name, {}, status, metric, {}, 1.0, "stacked", "", rung)  # type: ignore[arg-type]

    rows = [
        row("a", 0.1, "stopped", 1),
        row("b", 0.5, "finished"),
        row("c", None, "diverged"),
        row("d", 0.2, "stopped", 2),
        row("e", 0.4, "finished"),
        row("f", 0.05, "stopped", 1),
    ]
    ordered = best_first(rows, Monitor(monitor="val_loss"), "val_loss")
    assert [r.id for r in ordered] == list("ebdfac")


def test_a_trial_that_stops_early_stays_in_the_running(tmp_path):
    recipe = RECIPE + "early_stopping: {patience: 1, min_delta: 10.0}\n"
    path = tmp_path / "tiny.yaml"
    path.write_text(recipe)
    of = plan(load(path), "coarse")
    found = latest(searched(of, tmp_path / "runs"))
    # Nothing improves by ten, so all end at their second evaluation, after the first rung.
    assert {r.status for r in found.values()} == {"finished", "stopped"}
    assert [r.rung for r in found.values() if r.status == "finished"] == [None] * 3
    assert json.loads((next((tmp_path / "runs").glob("*/*")) / "plan.json").read_text())["halving"]


def test_a_search_that_has_ended_is_not_trained_again(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    loaded = load(path)
    first, _ = run_search(loaded, "coarse", tmp_path, [], lambda *_: None)
    seen = []
    again, folder = run_search(loaded, "coarse", tmp_path, [], lambda *each: seen.append(each))
    assert seen == []
    assert again.result["trials"] == first.result["trials"]
    assert not (folder.path / "rungs").exists()
