"""What detailed trials tell, and that telling it changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trickrun.recipe.load import derive, load
from trickrun.run import files
from trickrun.search.executors.work import compiled, run_stack, run_trial
from trickrun.search.journal import parsed
from trickrun.search.trial import make_trial
from trickrun.training.evaluation import predict
from trickrun.training.loop import train

TEXT = """\
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.05}
train: {epochs: 6, threads: 1}
"""


@pytest.fixture
def trials(tmp_path: Path):
    def make(*changes, **common):
        path = tmp_path / "small.yaml"
        path.write_text(TEXT)
        loaded = load(path)
        made = [derive(loaded, {"seed": seed, **common}) for seed in range(3)]
        found = [make_trial(one.tree, {"seed": one.recipe.seed}, tmp_path) for one in made]
        return [replace(trial, detailed=True) for trial in found], tmp_path

    return make


def test_details_tell_what_the_training_itself_shows(trials):
    (trial, *_), folder = trials()
    found = run_trial(trial, folder, "val_loss").details
    job = compiled(trial, folder)
    with torch.random.fork_rng():
        for _ in train(job):
            pass
    answers = predict(job, job.data.test.x).argmax(1)
    assert found.part == "test"
    assert found.answers == answers.tolist()
    assert found.truth == job.data.test.y.tolist()
    assert found.scores["accuracy"] == pytest.approx(
        float((answers == job.data.test.y).float().mean())
    )
    assert len(found.evaluations["val_loss"]) == 6
    assert found.evaluations["epoch"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert (found.steps, found.trained) == (24, 6 * 106)
    assert found.sizes == (106, 22, 22)
    assert found.parameters == 8 * 4 + 8 + 3 * 8 + 3


@pytest.mark.parametrize(
    "common",
    [
        {},
        {"early_stopping": {"patience": 1, "restore_best": True}, "optimizer.lr": 0.3},
        {"early_stopping": {"patience": 99, "restore_best": False}, "optimizer.lr": 0.3},
        {"data.split.test": 0.0},
    ],
    ids=["plain", "best", "last", "no test"],
)
def test_a_stack_tells_the_same_as_trials_alone(trials, common):
    made, folder = trials(**common)
    together = {result.id: result for result in run_stack(made, folder, "val_loss")}
    for trial in made:
        alone, stacked = run_trial(trial, folder, "val_loss"), together[trial.id]
        assert stacked.engine == "stacked"
        ours, theirs = stacked.details, alone.details
        assert (ours.part, ours.answers, ours.truth, ours.samples) == (
            theirs.part, theirs.answers, theirs.truth, theirs.samples
        )  # fmt: skip
        assert ours.scores == pytest.approx(theirs.scores, rel=1e-4)
        assert (ours.steps, ours.trained, ours.sizes) == (
            theirs.steps,
            theirs.trained,
            theirs.sizes,
        )
        assert ours.evaluations["val_loss"] == pytest.approx(
            theirs.evaluations["val_loss"], rel=1e-4
        )


def test_asking_for_details_changes_no_number(trials):
    made, folder = trials()
    plain = [replace(trial, detailed=False) for trial in made]
    with_details = {r.id: r.values for r in run_stack(made, folder, "val_loss")}
    without = list(run_stack(plain, folder, "val_loss"))
    assert {r.id: r.values for r in without} == with_details
    assert all(result.details is None for result in without)
    assert "details" not in without[0].as_json()


def test_a_journal_gives_details_back(trials):
    (trial, *_), folder = trials()
    found = run_trial(trial, folder, "val_loss")
    (again,) = parsed([files.to_json(found.as_json()).encode()])
    assert again == found


def test_a_journal_line_with_other_details_is_no_result(trials):
    (trial, *_), folder = trials()
    told = run_trial(trial, folder, "val_loss").as_json()
    told["details"]["answers"] = "abc"
    assert list(parsed([files.to_json(told).encode()])) == []
