"""What a run keeps of its answers: the confusions and the surest mistakes, computed beside numpy
and scikit-learn, and what of a sample is shown."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import confusion_matrix

from trickrun.data.splits.source import Categories, SplitData, Task
from trickrun.recipe.load import load
from trickrun.run.answers import MOST_WRONG, answers, images, row_of, text_of
from trickrun.run.records import FORMS, checked
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import predict

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="module")
def judged():
    """Return what an untrained network of a shipped recipe answers on its test part, and its
    scores and truths as numpy arrays."""

    def judge(name, *overrides):
        loaded = load(RECIPES / f"{name}.yaml", ["expect=null", *overrides])
        job = compile_recipe(loaded.recipe, loaded.folder)
        part = job.data.test
        prediction = predict(job, part.x)
        found = json.loads(json.dumps(answers(job, "test", part, prediction)))
        checked(found, FORMS["answers.json"])
        scores = job.data.in_own_unit(job.loss_kind.scores(prediction, job.data.task))
        return found, scores.numpy(), job.data.in_own_unit(part.y).numpy(), job

    return judge


def test_confusions_are_those_of_scikit_learn(judged):
    found, scores, truth, _ = judged("digits")
    matrix = np.zeros((10, 10))
    for actual, predicted, count in found["cells"]:
        matrix[actual, predicted] = count
    assert (matrix == confusion_matrix(truth, scores.argmax(1), labels=range(10))).all()
    assert found["samples"] == len(truth)
    assert found["probabilities"]


def test_the_surest_mistakes_come_first(judged):
    """The same ones as by sorting in numpy, each with its own probability and that of the truth."""
    found, scores, truth, job = judged("digits")
    guess, best = scores.argmax(1), scores.max(1)
    wrong = [i for i in np.argsort(-best, kind="stable") if guess[i] != truth[i]][:MOST_WRONG]
    assert [row["sample"] for row in found["wrong"]] == wrong
    for row, place in zip(found["wrong"], wrong, strict=True):
        labels = job.data.task.labels
        assert row["answer"] == labels[guess[place]] != row["truth"] == labels[truth[place]]
        assert row["score"] == pytest.approx(best[place], rel=1e-6)
        assert row["truth_score"] == pytest.approx(scores[place, truth[place]], rel=1e-6)


def test_an_image_is_the_sample_s_own(judged):
    found, _, _, job = judged("digits")
    row = found["wrong"][0]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(row["input"]["image"]))))
    raw = job.data.raw(job.data.test.x)[row["sample"], 0].numpy().astype(float)
    assert row["input"]["size"] == [8, 8]
    assert np.corrcoef(pixels.ravel(), raw.ravel())[0, 1] > 0.999


def test_errors_of_values_are_in_their_own_unit(judged):
    found, scores, truth, _ = judged("diabetes")
    error = np.abs(scores - truth).ravel()
    assert [row["sample"] for row in found["wrong"]] == np.argsort(-error)[:MOST_WRONG].tolist()
    first = found["wrong"][0]
    assert abs(first["answer"] - first["truth"]) == pytest.approx(error.max())
    assert first["input"]["cells"][0][0] == "age"
    assert found["targets"][0]["mae"] == pytest.approx(error.mean())
    assert len(found["points"][0]) == len(truth)


def test_a_next_token_is_shown_after_what_was_read(judged):
    found, scores, truth, job = judged("text-next-character", "model.hidden=8")
    row, vocabulary = found["wrong"][0], job.data.task.vocabulary
    guess = scores.argmax(-1)
    text = row["input"]["text"]
    window = "".join(vocabulary[i] for i in job.data.test.x[row["sample"]].tolist())
    assert window.startswith(text)
    place = len(text) - 1
    assert row["truth"] == vocabulary[truth[row["sample"], place]]
    assert row["answer"] == vocabulary[guess[row["sample"], place]]
    assert sum(count for *_, count in found["cells"]) == truth.size


def test_labels_are_judged_one_by_one(judged):
    """Multilabel: the surest wrong label first, and how often each was right."""
    _, _, _, job = judged("wine")
    task = Task("multilabel", targets=2, labels=("a", "b"), features=job.data.task.features)

    class Loss:
        def scores(self, prediction, _task):
            return prediction

    truth = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    said = torch.tensor([[0.9, 0.8], [0.1, 0.05], [0.2, 0.6]])
    part = SplitData(job.data.test.x[:3], truth)
    found = answers(stand_in(job, Loss(), task), "test", part, said)
    assert [(row["sample"], row["answer"], row["truth"]) for row in found["wrong"]] == [
        (1, "not b", "b"),
        (0, "b", "not b"),
        (2, "not a", "a"),
    ]
    assert found["wrong"][0]["score"] == pytest.approx(0.95)
    assert [(row["right"], row["false_alarms"], row["missed"]) for row in found["labels"]] == [
        (1, 0, 1),
        (1, 1, 1),
    ]


def stand_in(job, loss, task):
    """Return a job with another loss and task, as far as judging answers needs it."""
    from dataclasses import replace

    return replace(job, loss_kind=loss, data=replace(job.data, task=task))


def test_a_row_has_its_categories_back():
    spread = Task("classification", features=("size", "color=red", "color=blue"))
    assert row_of([1.5, 0.0, 1.0], spread)["cells"] == [["size", 1.5], ["color", "blue"]]
    assert row_of([1.5, 0.0, 0.0], spread)["cells"] == [["size", 1.5], ["color", "none"]]
    known = Task(
        "classification", features=("size", "city"), categories=(Categories("city", ("Rome",)),)
    )
    assert row_of([2.0, 1.0], known)["cells"] == [["size", 2.0], ["city", "Rome"]]
    assert row_of([2.0, 0.0], known)["cells"] == [["size", 2.0], ["city", "unknown"]]


def test_of_a_wide_row_it_is_said_what_is_left_out():
    task = Task("classification", features=tuple(f"f{i}" for i in range(1000)))
    found = row_of([0.5] * 1000, task)
    assert len(found["cells"]) + found["left_out"] == 1000


def test_words_stand_apart_and_characters_do_not():
    words = Task("classification", vocabulary=("<padding>", "<unknown>", "not", "bad"))
    assert text_of([2, 3, 0, 0], words) == "not bad"
    characters = Task("classification", vocabulary=("<padding>", "<unknown>", "a", "b"))
    assert text_of([2, 3, 3], characters) == "abb"


def test_a_large_photo_is_kept_small():
    (found,) = images(torch.rand(1, 3, 400, 300).mul(255), of_bytes=True)
    kept = Image.open(io.BytesIO(base64.b64decode(found["image"])))
    assert max(kept.size) <= 112
    assert found["size"] == [300, 400]


def test_a_run_without_mistakes_keeps_none(judged):
    _, scores, _, job = judged("iris")
    part = job.data.test
    right = torch.nn.functional.one_hot(part.y, 3).float() * 30
    found = answers(job, "test", part, right)
    assert found["wrong"] == []
    assert all(actual == predicted for actual, predicted, _ in found["cells"])
    assert len(scores) == found["samples"]
