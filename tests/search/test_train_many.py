"""Many recipes at once end as each does by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from trickrun.recipe.load import Loaded, derive, load
from trickrun.run.pace import Pace
from trickrun.search.executors import choose
from trickrun.search.executors.work import run_trial
from trickrun.search.executors.workers import Workers
from trickrun.search.train_many import train_many
from trickrun.search.trial import make_trial


@pytest.fixture
def recipe(tmp_path: Path) -> Loaded:
    path = tmp_path / "r.yaml"
    path.write_text(
        "data: {kind: iris, batch_size: 15}\nmodel: {kind: mlp, hidden: [8]}\n"
        "train: {epochs: 2, precision: float64}\n"
    )
    return load(path)


def test_results_come_in_order_and_are_those_of_each_alone(recipe, monkeypatch):
    monkeypatch.setattr(choose, "WORKERS", Workers())  # those of other tests would be worth it
    changes = [{"seed": 2}, {"seed": 1}, {"optimizer.lr": 0.1}, {"seed": 2}]
    recipes = [derive(recipe, change) for change in changes]
    results = train_many(recipes, "val_accuracy")
    assert [result.engine for result in results] == ["stacked"] * 4
    assert results[0] is results[3], "equal recipes train once"
    for one, result in zip(recipes, results, strict=True):
        alone = run_trial(make_trial(one.tree, {}, one.folder), one.folder, "val_accuracy")
        assert result.values == pytest.approx(alone.values, rel=1e-10)
        assert result.metric == result.values["val_accuracy"]
    assert len({result.values["val_loss"] for result in results}) == 3


def test_what_there_is_no_time_for_has_no_result(recipe):
    assert (
        train_many([recipe, derive(recipe, {"seed": 1})], pace=Pace(time.monotonic())) == [None] * 2
    )


def test_no_recipes_are_no_results():
    assert train_many([]) == []
