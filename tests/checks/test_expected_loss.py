"""The closed forms of constant answers against the losses themselves."""

from pathlib import Path

import pytest
import torch

from trickrun.checks.initial_loss.initial_loss_check import typical_deviation
from trickrun.data.splits.source import Task
from trickrun.tricks.losses import Loss
from trickrun.tricks.losses._constant import ConstantLoss
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL
from trickrun.tricks.losses.python import PythonLoss

HERE = Path(__file__).parent
DRAW = torch.Generator().manual_seed(0)
CLASSES = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2])
BINARY = (CLASSES > 0).long()
VALUES = (
    torch.randn(200, 3, generator=DRAW, dtype=torch.float64) * torch.tensor([1.0, 5.0, 0.2]) + 2
)


def classification(y: torch.Tensor, classes: int) -> Task:
    shares = (torch.bincount(y, minlength=classes).double() / len(y)).tolist()
    return Task("classification", classes=classes, priors=tuple(shares))


THREE, TWO = classification(CLASSES, 3), classification(BINARY, 2)
REGRESSION = Task("regression", targets=3)

CASES: list[tuple[Loss, Task, torch.Tensor, float]] = [
    (CrossEntropy(), THREE, CLASSES, 0.0),
    (CrossEntropy(), THREE, CLASSES, 0.2),
    (CrossEntropy(class_weights=(1.0, 4.0, 0.5)), THREE, CLASSES, 0.0),
    (CrossEntropy(class_weights="balanced"), THREE, CLASSES, 0.3),
    (NLL(), THREE, CLASSES, 0.0),
    (NLL(class_weights=(1.0, 4.0, 0.5)), THREE, CLASSES, 0.0),
    (BCE(), TWO, BINARY, 0.0),
    (BCE(), TWO, BINARY, 0.1),
    (BCE(class_weights=(3.0, 1.0)), TWO, BINARY, 0.1),
    (Hinge(), THREE, CLASSES, 0.0),
    (Hinge(margin=2.5), THREE, CLASSES, 0.0),
    (MSE(), REGRESSION, VALUES, 0.0),
    (MAE(), REGRESSION, VALUES, 0.0),
    (Huber(), REGRESSION, VALUES, 0.0),
    (Huber(delta=0.3), REGRESSION, VALUES, 0.0),
    (MSE(), THREE, CLASSES, 0.0),
]


def known(loss: Loss, task: Task, y: torch.Tensor, smoothing: float) -> ConstantLoss:
    found = loss.constant(task, y, smoothing)
    assert found is not None
    return found


@pytest.mark.parametrize(("loss", "task", "y", "smoothing"), CASES)
def test_the_closed_form_is_the_loss_of_a_constant(
    loss: Loss, task: Task, y: torch.Tensor, smoothing: float
) -> None:
    function = loss.build(task, HERE, smoothing)
    target = loss.prepare(y, task)
    target = target.double() if target.is_floating_point() else target
    for constant in torch.randn(5, loss.outputs(task), generator=DRAW, dtype=torch.float64) * 2:
        rows = constant.expand(len(y), -1)
        rows = rows.log_softmax(1) if isinstance(loss, NLL) else rows
        expected = float(function(rows, target))
        assert known(loss, task, y, smoothing).of(constant) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("loss", "task", "y", "smoothing"), CASES)
def test_no_other_constant_is_better_than_the_best(
    loss: Loss, task: Task, y: torch.Tensor, smoothing: float
) -> None:
    constants = known(loss, task, y, smoothing)
    assert constants.best is not None
    lowest = constants.of(constants.best)
    for size in (1e-3, 0.1, 1.0):
        for step in torch.randn(20, len(constants.best), generator=DRAW, dtype=torch.float64):
            assert constants.of(constants.best + size * step) >= lowest - 1e-12


def test_what_everybody_knows() -> None:
    zeros = torch.zeros(3).double()
    assert known(CrossEntropy(), THREE, CLASSES, 0.0).of(zeros) == pytest.approx(1.0986123)
    assert known(BCE(), TWO, BINARY, 0.0).of(zeros[:1]) == pytest.approx(0.6931472)
    assert known(Hinge(), THREE, CLASSES, 0.0).of(zeros) == pytest.approx(2 / 3)
    mse = known(MSE(), REGRESSION, VALUES, 0.0)
    assert mse.of(zeros) == pytest.approx(float(VALUES.square().mean()), rel=1e-5)


def test_a_class_without_samples_costs_nothing() -> None:
    constants = known(CrossEntropy(), classification(BINARY, 3), BINARY, 0.0)
    assert constants.best is not None
    shares = torch.tensor([4 / 13, 9 / 13]).double()
    assert constants.of(constants.best) == pytest.approx(float(-(shares * shares.log()).sum()))


def test_a_users_loss_has_no_closed_form() -> None:
    assert PythonLoss(target="mine:loss").constant(THREE, CLASSES) is None


def test_the_typical_deviation_of_a_square_is_the_variance() -> None:
    constants = known(MSE(), REGRESSION, VALUES, 0.0)
    assert constants.best is not None
    found = typical_deviation(constants.of, constants.best, std=2.0)
    assert found == pytest.approx(4.0, rel=0.1)
    assert typical_deviation(constants.of, constants.best, std=0.0) == 0
