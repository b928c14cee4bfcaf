"""Text through the whole job: training, scores, predictions, and the checks' expectations."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.checks.initial_loss.measure import constants_of, measure
from trickrun.data.splits.prepare import prepare
from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.run.folder import RunFolder
from trickrun.run.scoring import full_scores, predictions
from trickrun.run.trained import for_predictions, remember_data, stand_in
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import evaluate
from trickrun.training.job import Job
from trickrun.training.loop import train

NEXT = {"kind": "text", "path": "t.txt", "length": 4, "batch_size": 4}
CLASSES = {"kind": "text", "path": "t.csv", "target": "y", "length": 4, "batch_size": 4}
GRU = {"kind": "gru", "hidden": 6, "embedding": 3}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.txt").write_text("abcab" * 24)
    rows = "".join(f"{'good' if i % 3 else 'bad'} soup,{int(i % 3 > 0)}\n" for i in range(30))
    (tmp_path / "t.csv").write_text(f"text,y\n{rows}")
    return tmp_path


def compiled(folder: Path, data: dict[str, Any], **changes: Any) -> Job:
    tree = {"data": data, "model": GRU, "train": {"steps": 60, "device": "cpu"}, **changes}
    return compile_recipe(from_tree({"optimizer": {"kind": "adam", "lr": 0.05}, **tree}), folder)


def test_next_tokens_are_learned_and_scored_at_each_place(folder):
    job = compiled(folder, NEXT)
    for _ in train(job):
        pass
    part = job.data.test
    assert part is not None
    told = full_scores(job, part)
    assert told["scores"]["accuracy"] > 0.75
    assert told["scores"]["perplexity"] == pytest.approx(math.exp(told["scores"]["loss"]))
    assert sum(map(sum, told["confusion"]["matrix"])) == part.y.numel()
    assert told["scores"] == evaluate(job, part, job.targets["test"])


def test_a_prediction_is_the_token_after_the_whole_sample(folder):
    job = compiled(folder, NEXT)
    x = job.data.train.x[:3]
    rows = list(predictions(job, x))
    with torch.no_grad():
        last = job.model(x)[:, -1].softmax(-1)
    assert [row["prediction"] for row in rows] == [
        job.data.task.vocabulary[index] for index in last.argmax(1).tolist()
    ]
    assert rows[0]["p_a"] == pytest.approx(float(last[0, job.data.task.labels.index("a")]))


def test_texts_are_classified(folder):
    job = compiled(folder, CLASSES)
    for _ in train(job):
        pass
    assert job.data.val is not None
    assert full_scores(job, job.data.val)["scores"]["accuracy"] == 1.0


def test_the_initial_loss_is_judged_against_the_vocabulary(folder):
    job = compiled(folder, NEXT)
    indices = torch.arange(8)
    constants = constants_of(job, indices)
    shares = torch.bincount(job.data.train.y[:8].flatten()).double() / 32
    entropy = -(shares[shares > 0] * shares[shares > 0].log()).sum()
    assert constants.of(constants.uniform) == pytest.approx(math.log(5))
    assert constants.best is not None
    assert constants.of(constants.best) == pytest.approx(float(entropy))
    found = measure(job, indices, constants)
    assert found.loss == pytest.approx(math.log(5), abs=0.5)
    assert found.input_size == 1.0


@pytest.mark.parametrize("data", [NEXT, CLASSES])
def test_a_run_remembers_its_vocabulary(folder, tmp_path, data):
    job = compiled(folder, data)

    kept = RunFolder(tmp_path)
    remember_data(kept, job)
    again = stand_in(kept)
    assert again.task == job.data.task
    assert again.train.x.dtype == torch.int64
    assert again.train.y.shape[1:] == job.data.train.y.shape[1:]
    again_job = compile_recipe(for_predictions(job.recipe), folder, again)
    assert again_job.model(job.data.train.x[:2]).shape == job.model(job.data.train.x[:2]).shape


@pytest.mark.parametrize(
    ("data", "changes", "message"),
    [
        (NEXT, {"model": {"kind": "mlp"}}, "mlp takes numbers, but the data's inputs are tokens"),
        (NEXT, {"loss": {"kind": "hinge"}}, "hinge compares one answer per sample"),
        (
            NEXT,
            {"loss": {"kind": "cross_entropy", "class_weights": "balanced"}},
            "next-token data has no classes to weight",
        ),
        (
            CLASSES,
            {"augmentation": [{"kind": "noise"}]},
            "noise needs numbers, the data has tokens",
        ),
    ],
)
def test_what_does_not_fit_tokens_is_refused(folder, data, changes, message):
    with pytest.raises(CompileError, match=message):
        compiled(folder, data, **changes)


def test_zeroed_inputs_are_padding(folder):
    data = prepare(compiled(folder, {**CLASSES, "zero_inputs": True}).recipe.data, folder)
    assert int(data.train.x.max()) == 0
