"""Trials that train together end as each does by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from trickrun.recipe.load import Loaded, derive, load
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors import choose
from trickrun.search.executors.choose import run_trials
from trickrun.search.executors.work import run_trial
from trickrun.search.executors.workers import Workers
from trickrun.search.trial import make_trial


@pytest.fixture
def recipe(tmp_path: Path) -> Loaded:
    path = tmp_path / "r.yaml"
    path.write_text(
        "data: {kind: iris, batch_size: 15}\nmodel: {kind: mlp, hidden: [8]}\n"
        "train: {epochs: 2, precision: float64}\n"
    )
    return load(path)


def test_results_are_those_of_each_alone(recipe, monkeypatch):
    monkeypatch.setattr(choose, "WORKERS", Workers())  # those of other tests would be worth it
    changes = [{"seed": 2}, {"seed": 1}, {"optimizer.lr": 0.1}]
    trials = [make_trial(derive(recipe, change).tree, {}, recipe.folder) for change in changes]
    running = run_trials(trials, recipe.folder, "val_accuracy", "trials", UNHURRIED)
    results = {result.id: result for result in running}
    assert [results[trial.id].engine for trial in trials] == ["stacked"] * 3
    for trial in trials:
        result, alone = results[trial.id], run_trial(trial, recipe.folder, "val_accuracy")
        assert result.values == pytest.approx(alone.values, rel=1e-10)
        assert result.metric == result.values["val_accuracy"]
    assert len({result.values["val_loss"] for result in results.values()}) == 3


def test_what_there_is_no_time_for_has_no_result(recipe):
    trials = [make_trial(derive(recipe, {"seed": s}).tree, {}, recipe.folder) for s in (0, 1)]
    pace = Pace(time.monotonic())
    assert list(run_trials(trials, recipe.folder, "val_loss", "trials", pace)) == []


def test_no_trials_are_no_results(recipe):
    assert list(run_trials([], recipe.folder, "val_loss", "trials", UNHURRIED)) == []
