from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from trickrun.run.folder import RunFolder
from trickrun.run.scoring import full_scores, predictions
from trickrun.run.trained import open_run
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import predict

RECIPE = """\
name: r
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
train: {epochs: 3, device: cpu}
"""


@pytest.fixture
def train(trickrun):
    """Train a variant of the recipe; return its folder."""

    def trained(*overrides: str) -> RunFolder:
        Path("r.yaml").write_text(RECIPE)
        ran = trickrun("train", "r.yaml", "--json", *overrides)
        assert ran.code == 0, ran.err
        return RunFolder(Path(ran.json["run"]))

    return trained


# The first epoch, with the highest loss, counts as the best.
UPSIDE_DOWN = "early_stopping={monitor: val_loss, mode: max, patience: 9, restore_best: KEPT}"


def test_the_weights_are_the_best_ones(train):
    folder = train(UPSIDE_DOWN.replace("KEPT", "true"))
    best, last = folder.load("best"), folder.load("last")
    assert not torch.equal(best["model"]["head.weight"], last["model"]["head.weight"])
    job = open_run(folder)
    assert torch.equal(job.model.state_dict()["head.weight"], best["model"]["head.weight"])


def test_the_weights_are_the_last_ones_if_the_recipe_keeps_them(train):
    folder = train(UPSIDE_DOWN.replace("KEPT", "false"))
    last = folder.load("last")
    job = open_run(folder)
    assert torch.equal(job.model.state_dict()["head.weight"], last["model"]["head.weight"])


@pytest.mark.parametrize("average", ["ema: 0.5", "swa: {start: 0.3, every: 2}"])
def test_the_last_weights_are_the_averaged_ones(train, average):
    kept = UPSIDE_DOWN.replace("KEPT", "false")
    folder = train(kept, f"regularizers={{{average}}}")
    last, told = folder.load("last"), folder.metrics()[-1]["test"]
    averaged = last["average"]["model"]["head.weight"]
    assert not torch.equal(averaged, last["model"]["head.weight"])
    job = open_run(folder)
    assert torch.equal(job.model.state_dict()["head.weight"], averaged)
    data = compile_recipe(job.recipe, job.folder).data.test
    assert full_scores(job, data)["scores"] == told


@pytest.mark.parametrize("normalize", ["none", "standard", "minmax"])
def test_the_normalization_is_the_run_s_own_to_the_bit(train, normalize):
    folder = train(f"data.normalize={normalize}", "train.epochs=1")
    job = open_run(folder)
    again = compile_recipe(job.recipe, job.folder)
    x = again.data.val.x
    assert torch.equal(job.inputs(x), again.inputs(x))
    again.model.load_state_dict(job.model.state_dict())
    assert torch.equal(predict(job, x), predict(again, x))


def test_data_json_says_what_predictions_need(train):
    facts = json.loads((train("train.epochs=1").path / "data.json").read_text())
    assert facts["shape"] == [4]
    assert facts["task"]["labels"] == ["setosa", "versicolor", "virginica"]


@pytest.mark.parametrize(
    ("loss", "prefix"), [("cross_entropy", "p_"), ("hinge", "score_"), ("mse", "score_")]
)
def test_only_probabilities_are_called_so(train, loss, prefix):
    job = open_run(train("train.epochs=1", f"loss={loss}"))
    (row,) = predictions(job, torch.tensor([[5.0, 3.0, 1.5, 0.2]]))
    assert list(row) == ["prediction", *(prefix + label for label in job.data.task.labels)]


def test_a_changed_model_is_refused(trickrun, train):
    folder = train("train.epochs=1")
    resolved = folder.path / "resolved.yaml"
    resolved.write_text(resolved.read_text().replace("- 8", "- 9").replace("[8]", "[9]"))
    ran = trickrun("eval", folder.path)
    assert ran.code == 2
    assert "the weights do not fit the model" in ran.err
