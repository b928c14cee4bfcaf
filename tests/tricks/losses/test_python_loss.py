"""A user's own loss: what it gets, what it may return, and its mistakes."""

import textwrap
from pathlib import Path

import pytest
import torch

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.losses import LossFunction
from trickrun.tricks.losses.python import PythonLoss

CODE = """
    from torch.nn import functional

    def each(prediction, target, power=2):
        return (prediction - target).abs().pow(power).sum(dim=1)

    def mean(prediction, target):
        return each(prediction, target).mean()

    def classes(prediction, target):
        return functional.cross_entropy(prediction, target, reduction="none")

    def number(prediction, target):
        return 1.0

    def matrix(prediction, target):
        return prediction - target

    def failing(prediction, target):
        return prediction @ target
"""
VALUES = Task("regression", targets=2)
CLASSES = Task("classification", classes=4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own_losses.py").write_text(textwrap.dedent(CODE))
    return tmp_path


def build(folder: Path, name: str, reduction="mean", **args) -> LossFunction:
    loss = PythonLoss(target=f"own_losses:{name}", args=args, reduction=reduction)
    return loss.build(VALUES, folder)


Z, Y = torch.arange(6.0).reshape(3, 2), torch.ones(3, 2)


def test_losses_a_sample(folder):
    function = build(folder, "each")
    assert function.per_sample(Z, Y).tolist() == [1.0, 5.0, 25.0]
    assert float(function(Z, Y)) == pytest.approx(31 / 3)
    assert float(build(folder, "each", "sum")(Z, Y)) == 31.0


def test_args_reach_it(folder):
    assert build(folder, "each", power=1).per_sample(Z, Y).tolist() == [1.0, 3.0, 7.0]


def test_a_scalar_is_the_mean_over_the_batch(folder):
    assert float(build(folder, "mean")(Z, Y)) == pytest.approx(31 / 3)
    assert float(build(folder, "mean", "sum")(Z, Y)) == pytest.approx(31.0)


def test_gradients_go_through_it(folder):
    z = Z.clone().requires_grad_()
    build(folder, "mean")(z, Y).backward()
    torch.testing.assert_close(z.grad, 2 * (Z - Y) / 3)


def test_classes_come_as_indices(folder):
    loss = PythonLoss(target="own_losses:classes")
    assert loss.outputs(CLASSES) == 4
    target = loss.prepare(torch.tensor([3, 0], dtype=torch.uint8), CLASSES)
    value = loss.build(CLASSES, folder)(torch.zeros(2, 4), target)
    assert float(value) == pytest.approx(torch.tensor(4.0).log().item())


def test_values_come_as_floats():
    loss = PythonLoss(target="own_losses:each")
    assert loss.outputs(VALUES) == 2
    assert loss.prepare(torch.ones(3, 2, dtype=torch.int64), VALUES).dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("number", "returned float for a batch of 3 samples"),
        ("matrix", r"returned \[3, 2\] for a batch of 3 samples"),
        ("failing", "RuntimeError"),
    ],
)
def test_mistakes_are_told_with_the_target(folder, name, message):
    function = build(folder, name)
    with pytest.raises(CompileError, match=message) as caught:
        function(Z, Y)
    assert caught.value.where == f"own_losses:{name}"


def test_a_missing_function_is_found_when_the_job_is_built(folder):
    with pytest.raises(CompileError, match="has no 'eahc'"):
        build(folder, "eahc")
