"""Changed labels as they are measured, and data that look like it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from trickrun.checks.diagnosis.label_noise import in_the_file, label_noise, one_sided, with_network
from trickrun.checks.diagnosis.left_out import left_out, ridge, standardized
from trickrun.checks.diagnosis.proxy_run import shorten
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import SplitData, Task
from trickrun.findings.rules.data.label_noise import Doubt, LabelNoise, corrupted_labels

DOUBTED = LabelNoise(
    classes=3,
    samples=100,
    surest=60,
    surest_contradicted=0.3,
    contradicted=0.3,
    second=0.5,
    one_sided=0.0,
    known=1.0,
    noise=0.3,
    skill=0.9,
)


def prepared(x: np.ndarray, y: np.ndarray, classes: int) -> Prepared:
    shares = np.bincount(y, minlength=classes) / len(y)
    task = Task(
        "classification",
        classes=classes,
        labels=tuple(f"c{index}" for index in range(classes)),
        priors=tuple(shares.tolist()),
    )
    part = SplitData(torch.tensor(x, dtype=torch.float32), torch.tensor(y))
    return Prepared(part, None, None, task, Scaler())


def measured(x: np.ndarray, y: np.ndarray, classes: int) -> LabelNoise:
    found = label_noise(prepared(x, y, classes))
    assert found is not None
    return found


def blobs(gap: float, classes: int = 5, count: int = 800) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    centres = gap * draw.normal(size=(classes, 8)) / np.sqrt(2)
    y = draw.integers(0, classes, count)
    return centres[y] + draw.normal(size=(count, 8)), y


def words(count: int = 900, size: int = 200, classes: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as 0/1 words: frequencies are Zipf's, and each class prefers some words."""
    draw = np.random.default_rng(0)
    chances = np.tile(1 / np.arange(1, size + 1), (classes, 1))
    for row in chances:
        row[draw.choice(np.arange(10, size), 12, replace=False)] *= 25
    y = draw.choice(classes, count, p=(p := 1 / np.arange(1, classes + 1)) / p.sum())
    x = np.zeros((count, size))
    for row, label in zip(x, y, strict=True):
        chance = chances[label] / chances[label].sum()
        row[draw.choice(size, draw.integers(10, 30), p=chance)] = 1
    return x, y


def changed(y: np.ndarray, classes: int, next_one: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of which a fifth is wrong, by any other class or by the next one, and where."""
    draw = np.random.default_rng(1)
    wrong = draw.random(len(y)) < 0.2
    by = 1 if next_one else draw.integers(1, classes, len(y))
    return np.where(wrong, (y + by) % classes, y), wrong


@pytest.mark.parametrize("next_one", [False, True], ids=["any", "next"])
@pytest.mark.parametrize(
    ("data", "classes"), [(blobs(3.0), 5), (words(), 20)], ids=["blobs", "words"]
)
def test_a_fifth_of_the_labels_changed(data, classes, next_one):
    y, wrong = changed(data[1], classes, next_one)
    found = measured(data[0], y, classes)
    assert [f.code for f in corrupted_labels(found)] == ["TR11"]
    assert 0.13 < found.noise < 0.3
    assert wrong[[doubt.row for doubt in found.doubts]].mean() > 0.8


@pytest.mark.parametrize(
    ("data", "classes"),
    [(blobs(2.0), 5), (blobs(1.0), 5), (words(), 20)],
    ids=["apart", "overlapping", "words"],
)
def test_hard_classes_have_right_labels(data, classes):
    assert corrupted_labels(measured(*data, classes)) == []


def test_rare_classes_are_left_out_and_names_stay():
    x, y = blobs(3.0)
    y, _ = changed(y, 5, next_one=False)
    y[np.flatnonzero(y == 2)[2:]] = 3
    found = measured(x, y, 5)
    assert found.classes == 4
    labels = {f"c{label}" for label in (0, 1, 3, 4)}
    assert {doubt.given for doubt in found.doubts} <= labels
    first = found.doubts[0]
    assert first.given == f"c{y[first.row]}"


def test_values_and_lone_classes_are_not_judged():
    data = prepared(*blobs(2.0), 5)
    assert label_noise(replace(data, task=Task("regression"))) is None
    alone = SplitData(data.train.x, torch.zeros_like(data.train.y))
    assert label_noise(replace(data, train=alone)) is None


def test_the_linear_model_has_not_seen_what_it_answers_for():
    draw = np.random.default_rng(0)
    x, y = standardized(draw.normal(size=(30, 3))), draw.normal(size=(30, 2))
    y -= y.mean(0)
    answers = left_out(ridge(x @ x.T, 2.0), y)
    # A ridge regression on the others; its offset alone is not penalized.
    rest, own = np.delete(x, 4, 0), np.delete(y, 4, 0)
    design = np.c_[rest, np.ones(29)]
    weights = np.linalg.solve(design.T @ design + np.diag([2.0, 2, 2, 0]), design.T @ own)
    assert np.allclose(answers[4], np.r_[x[4], 1] @ weights)


def test_one_sided_doubts():
    there, back = np.zeros(40, dtype=int), np.ones(40, dtype=int)
    assert one_sided(there, back, 3) == 1
    both = np.r_[there, back], np.r_[back, there]
    assert abs(one_sided(*both, 3)) < 0.05
    assert one_sided(there[:0], back[:0], 3) == 0


def test_the_network_is_asked_about_samples_that_it_has_not_seen(make):
    proxy = shorten(make("data.noise=0.05", "train.epochs=30"))
    labels = proxy.data.train.y.tolist()
    doubts = tuple(Doubt(row, str(y), "another") for row, y in enumerate(labels))
    noise = replace(DOUBTED, doubts=doubts)
    asked = with_network(proxy, noise)
    assert asked.network is not None
    assert asked.network > 0.9
    assert corrupted_labels(noise)
    assert corrupted_labels(asked) == []
    hardly = shorten(make("optimizer.lr=1e-9"))
    assert with_network(hardly, noise).network is None


def test_a_network_that_fails_says_nothing(make):
    proxy = shorten(make("model={kind: python, target: 'mine:Net'}"))
    recipe = proxy.recipe.recipe
    broken = recipe.model.model_copy(update={"target": "mine:Missing"})
    loaded = replace(proxy.recipe, recipe=recipe.model_copy(update={"model": broken}))
    noise = replace(DOUBTED, doubts=(Doubt(0, "a", "b"),))
    assert with_network(replace(proxy, recipe=loaded), noise) == noise


def test_rows_are_those_of_the_file(make, tmp_path):
    draw = np.random.default_rng(0)
    lines = [f"{a:.6f},{b:.6f},{i % 3}" for i, (a, b) in enumerate(draw.normal(size=(90, 2)))]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,label", *lines]) + "\n")
    proxy = shorten(make("data={kind: csv, path: t.csv, target: label, subset: 40, batch_size: 8}"))
    doubts = tuple(Doubt(row, "a", "b") for row in range(len(proxy.data.train)))
    found = in_the_file(proxy, replace(DOUBTED, doubts=doubts))
    places = [doubt.row for doubt in found.doubts]
    assert len(set(places)) == 40
    inputs = proxy.data.original(proxy.data.train.x).tolist()
    for place, x in zip(places, inputs, strict=True):
        assert [float(cell) for cell in lines[place].split(",")[:2]] == pytest.approx(x, abs=2e-6)
