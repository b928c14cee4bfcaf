"""Searches on data that change: while they train, and between the coarse and the fine one."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.recipe.load import load
from trickrun.search.executors.work import run_chunk
from trickrun.search.plan import plan
from trickrun.search.winners import confirm

RECIPE = """\
name: line
data: {kind: csv, path: line.csv, target: y, batch_size: 16}
model: {kind: mlp, hidden: [4]}
train: {device: cpu}
grid:
  coarse: {trials: 2, epochs: 1, space: {optimizer.lr: {log: [0.01, 0.1]}}}
  fine: {trials: 2, epochs: 1}
"""


def write(count: int) -> None:
    rows = [f"{i},{i * 7 % 5},{i % 2}" for i in range(count)]
    Path("line.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")


@pytest.fixture(autouse=True)
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("line.yaml").write_text(RECIPE)
    write(60)


def test_a_trial_does_not_train_on_data_that_changed_since_its_search_began():
    planned = plan(load(Path("line.yaml"), []), "coarse")
    folder = planned.loaded.folder
    one, other = planned.trials
    (before,) = run_chunk([one], folder, "val_loss")
    assert before.status == "finished"
    write(64)
    for trials in ([one], [one, other]):
        for result in run_chunk(trials, folder, "val_loss"):
            # Tried again when the search goes on, as the recipe has no part in it.
            assert result.status == "crashed"
            assert "the data has changed since the search started" in result.reason
    rows = confirm(planned, [before], 2)
    assert rows[0]["unfinished"] == 2
    write(60)
    (again,) = run_chunk([one], folder, "val_loss")
    assert (again.status, again.metric) == ("finished", before.metric)


def test_a_new_search_has_the_data_as_they_are():
    old = plan(load(Path("line.yaml"), []), "coarse")
    run_chunk(old.trials[:1], old.loaded.folder, "val_loss")
    write(64)
    new = plan(load(Path("line.yaml"), []), "coarse")
    assert {trial.id for trial in old.trials}.isdisjoint(trial.id for trial in new.trials)
    (result,) = run_chunk(new.trials[:1], new.loaded.folder, "val_loss")
    assert result.status == "finished"


def test_a_fine_search_tells_of_other_data_than_the_coarse_one_had(trickrun):
    # Workers of a test before this one may have another working folder.
    recipe = Path("line.yaml").resolve()
    coarse = trickrun("grid", "coarse", recipe, "--json")
    assert coarse.code == 0, coarse.err
    same = trickrun("grid", "fine", recipe, "--json")
    assert "other_data_than" not in same.json["result"]
    write(64)
    other = trickrun("grid", "fine", recipe)
    assert other.code == 0, other.err
    run = coarse.json["run"].rsplit("/", 1)[1]
    assert f"The data has changed since the coarse search {run}, so it is split again" in other.out
