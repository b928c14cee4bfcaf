"""The best constant answer and its scores, against scikit-learn's dummies and plain numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, log_loss

from trickrun.data.splits.source import SplitData, Task
from trickrun.findings.evidence.constant import Constant
from trickrun.training.constant import constant_answer, largest_share
from trickrun.tricks.losses import Loss
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL
from trickrun.tricks.losses.python import PythonLoss

DRAW = np.random.default_rng(0)
SHARES = (0.5, 0.3, 0.2)
CLASSES = DRAW.choice(3, size=400, p=SHARES), DRAW.choice(3, size=90, p=SHARES)
BINARY = DRAW.choice(2, size=400, p=(0.8, 0.2)), DRAW.choice(2, size=90, p=(0.8, 0.2))
VALUES = DRAW.exponential(size=(400, 1)), DRAW.exponential(size=(90, 1)) + 0.1
LABELS = DRAW.random((400, 3)) < (0.1, 0.5, 0.8), DRAW.random((90, 3)) < (0.1, 0.5, 0.8)
WEIGHTS = DRAW.random(400) + 0.1, DRAW.random(90) + 0.1
THREE = Task("classification", classes=3, priors=tuple(np.bincount(CLASSES[0]) / 400))
TWO = Task("classification", classes=2, priors=tuple(np.bincount(BINARY[0]) / 400))
ONE_VALUE, THREE_LABELS = Task("regression"), Task("multilabel", targets=3)

Pair = tuple[Any, Any]


def scored(
    loss: Loss, task: Task, y: Pair, w: Pair = (None, None), smoothing: float = 0.0
) -> Constant:
    """Return the scores on the second of two parts of the constant answer to the first."""
    train, part = (
        SplitData(
            torch.zeros(len(own), 1),
            torch.as_tensor(own) if own.dtype != bool else torch.as_tensor(own).double(),
            None if weight is None else torch.as_tensor(weight),
        )
        for own, weight in zip(y, w, strict=True)
    )
    answer = constant_answer(loss, task, train, smoothing)
    assert answer is not None
    return answer.on(part)


def dummy_log_loss(y: Pair, w: Pair = (None, None)) -> float:
    known = DummyClassifier(strategy="prior").fit(np.zeros((len(y[0]), 1)), y[0], w[0])
    answers = known.predict_proba(np.zeros((len(y[1]), 1)))
    return float(log_loss(y[1], answers, sample_weight=w[1], labels=known.classes_))


def dummy_accuracy(y: Pair, w: Pair = (None, None)) -> float:
    known = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(y[0]), 1)), y[0], w[0])
    answers = known.predict(np.zeros((len(y[1]), 1)))
    return float(accuracy_score(y[1], answers, sample_weight=w[1]))


@pytest.mark.parametrize("w", [(None, None), WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize(
    ("loss", "task", "y"),
    [
        (CrossEntropy(), THREE, CLASSES),
        (AutoLoss(), THREE, CLASSES),
        (NLL(), THREE, CLASSES),
        (BCE(), TWO, BINARY),
        (CrossEntropy(), TWO, BINARY),
    ],
)
def test_of_classes_it_is_the_shares_in_training(loss: Loss, task: Task, y: Pair, w: Pair) -> None:
    found = scored(loss, task, y, w)
    assert found.loss == pytest.approx(dummy_log_loss(y, w), rel=1e-9)
    assert found.accuracy == pytest.approx(dummy_accuracy(y, w), rel=1e-9)
    worth = 90 if w[1] is None else w[1].sum() ** 2 / (w[1] ** 2).sum()
    assert found.samples == pytest.approx(worth)
    assert found.chance == pytest.approx(1 / (2 * worth))


@pytest.mark.parametrize("w", [(None, None), WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize("loss", [MSE(), MAE()])
def test_of_values_it_is_the_mean_or_the_median_of_training(loss: Loss, w: Pair) -> None:
    strategy = "mean" if isinstance(loss, MSE) else "median"
    known = DummyRegressor(strategy=strategy).fit(np.zeros((400, 1)), VALUES[0], w[0])
    errors = (VALUES[1] - known.constant_).ravel()
    losses = errors**2 if isinstance(loss, MSE) else np.abs(errors)
    found = scored(loss, ONE_VALUE, VALUES, w)
    assert found.loss == pytest.approx(np.average(losses, weights=w[1]), rel=5e-3)
    assert found.accuracy is None
    assert found.chance == pytest.approx(found.loss / found.samples)


def test_of_hubers_loss_no_other_answer_is_better_in_training() -> None:
    def huber(z: float, y: Any) -> float:
        size = np.abs(y - z)
        return float(np.where(size <= 0.5, size**2 / 2, 0.5 * (size - 0.25)).mean())

    grid = np.linspace(0, 3, 3001)
    best = grid[np.argmin([huber(z, VALUES[0]) for z in grid])]
    found = scored(Huber(delta=0.5), ONE_VALUE, VALUES)
    assert found.loss == pytest.approx(huber(best, VALUES[1]), rel=1e-3)


def test_of_labels_it_is_each_ones_share_in_training() -> None:
    shares = LABELS[0].mean(0)
    each = -(LABELS[1] * np.log(shares) + ~LABELS[1] * np.log(1 - shares))
    found = scored(BCE(), THREE_LABELS, LABELS)
    assert found.loss == pytest.approx(each.mean(), rel=1e-9)
    assert found.accuracy == pytest.approx((LABELS[1] == (shares > 0.5)).mean(), rel=1e-9)
    assert found.samples == 90
    spread = np.linalg.eigvalsh(np.corrcoef(LABELS[1].T))
    assert found.chance == pytest.approx(spread[-1] / 3 / 180, rel=1e-6)


def test_what_chance_gives_the_mean_over_targets_depends_on_how_they_go_together() -> None:
    apart = torch.as_tensor(DRAW.normal(size=(5000, 4)))
    assert largest_share(apart, alike=False) == pytest.approx(1 / 4, rel=0.1)
    same = apart[:, :1].expand(-1, 4)
    assert largest_share(same, alike=False) == pytest.approx(1.0)
    assert largest_share(same * torch.tensor([1.0, 2.0, 3.0, 4.0]), alike=True) == pytest.approx(1)
    assert largest_share(apart[:, :1], alike=False) == 1.0
    still = torch.cat([apart[:, :1].sign(), torch.zeros(5000, 3)], 1)
    assert largest_share(still, alike=True) == pytest.approx(1 / 4)
    assert largest_share(torch.zeros(5, 3), alike=True) == 1.0


def test_class_weights_and_smoothing_count_as_in_torch() -> None:
    loss = CrossEntropy(class_weights="balanced")
    shares = torch.tensor(THREE.priors)
    weights = 1 / (3 * shares)
    # Under balanced weights all classes count alike, so equal logits are the best.
    expected = torch.nn.functional.cross_entropy(
        torch.zeros(90, 3).double(), torch.as_tensor(CLASSES[1]), weights.double()
    )
    found = scored(loss, THREE, CLASSES)
    assert found.loss == pytest.approx(float(expected), rel=1e-6)
    own = weights.numpy()[CLASSES[1]]
    assert found.samples == pytest.approx(own.sum() ** 2 / (own**2).sum(), rel=1e-6)
    smoothed = (0.8 * shares + 0.2 / 3).double().log().expand(90, 3)
    expected = torch.nn.functional.cross_entropy(
        smoothed, torch.as_tensor(CLASSES[1]), label_smoothing=0.2
    )
    assert scored(CrossEntropy(), THREE, CLASSES, smoothing=0.2).loss == pytest.approx(
        float(expected), rel=1e-6
    )


def test_of_next_tokens_each_place_counts() -> None:
    y = CLASSES[0].reshape(40, 10), CLASSES[1].reshape(9, 10)
    task = Task("classification", classes=3, priors=THREE.priors, next_token=True)
    found = scored(CrossEntropy(), task, y)
    assert found.loss == pytest.approx(dummy_log_loss(CLASSES), rel=1e-9)
    assert found.accuracy == pytest.approx(dummy_accuracy(CLASSES), rel=1e-9)
    assert found.samples == 90


def test_a_class_that_training_lacks_is_not_impossible() -> None:
    y = np.array([0, 0, 1, 1]), np.array([0, 1, 2])
    found = scored(CrossEntropy(), Task("classification", classes=3, priors=(0.5, 0.5, 0)), y)
    # One sample more of the class: shares of 2/5, 2/5 and 1/5.
    assert found.loss == pytest.approx(-(2 * math.log(0.4) + math.log(0.2)) / 3)
    labels = np.zeros((4, 3), dtype=bool), np.ones((2, 3), dtype=bool)
    assert scored(BCE(), THREE_LABELS, labels).loss == pytest.approx(math.log(9), rel=1e-2)


@pytest.mark.parametrize("classes", [2, 3, 4, 5])
def test_of_the_hinge_loss_no_other_answer_is_better(classes: int) -> None:
    shares = DRAW.dirichlet(np.ones(classes))
    y = DRAW.choice(classes, size=300, p=shares)
    task = Task("classification", classes=classes, priors=tuple(shares))
    known = Hinge(margin=2.0).constant(task, torch.as_tensor(y))
    assert known is not None
    assert known.best is not None
    steps = np.stack(np.meshgrid(*[range(classes)] * classes), -1).reshape(-1, classes)
    lowest = min(known.of(2.0 * torch.as_tensor(step).double()) for step in steps)
    assert known.of(known.best) == pytest.approx(lowest, abs=1e-12)


def test_of_a_users_own_loss_nobody_knows() -> None:
    train = SplitData(torch.zeros(400, 1), torch.as_tensor(VALUES[0]))
    assert constant_answer(PythonLoss(target="m:f"), ONE_VALUE, train) is None
