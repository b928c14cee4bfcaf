"""Losses of weighted samples: sum(w * loss) / sum(w), whatever batch they are in."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from trickrun.data.splits.source import SplitData, Task
from trickrun.training.job import loss_function, prepared_target
from trickrun.tricks.losses import Loss, LossFunction
from trickrun.tricks.losses._constant import median_of
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL

N = 12
DRAWS = torch.Generator().manual_seed(3)
W = torch.rand(N, generator=DRAWS, dtype=torch.float64) * 3
W[2] = 0
THREE = Task("classification", classes=3, labels=("a", "b", "c"), priors=(0.5, 0.3, 0.2))
TWO = Task("classification", classes=2, priors=(0.5, 0.5))
VALUES = Task("regression", targets=2)
LABELS = Task("multilabel", targets=3)
Z = torch.randn(N, 3, generator=DRAWS, dtype=torch.float64)
CLASSES = torch.arange(N) % 3
VALUED = torch.randn(N, 2, generator=DRAWS, dtype=torch.float64) * 2
HELD = (torch.arange(N)[:, None] % torch.tensor([2, 3, 4]) == 0).double()

CASES = [
    (CrossEntropy(), THREE, CLASSES),
    (CrossEntropy(class_weights=(0.5, 2.0, 3.0)), THREE, CLASSES),
    (NLL(), THREE, CLASSES),
    (Hinge(), THREE, CLASSES),
    (BCE(), TWO, CLASSES % 2),
    (BCE(), LABELS, HELD),
    (MSE(), VALUES, VALUED),
    (MSE(), THREE, CLASSES),
    (MAE(), VALUES, VALUED),
    (Huber(), VALUES, VALUED),
]


def made(loss: Loss, task: Task, y: torch.Tensor, w: torch.Tensor | None):  # type: ignore[no-untyped-def]
    part = SplitData(y, y, w)
    function = loss_function(loss, part, task, Path())
    return function, prepared_target(loss, part, task, torch.float64)


@pytest.mark.parametrize(("loss", "task", "y"), CASES)
def test_a_mean_over_samples_is_the_weighted_one(loss: Loss, task: Task, y: torch.Tensor) -> None:
    plain, target = made(loss, task, y, None)
    function, packed = made(loss, task, y, W)
    z = Z[:, : loss.outputs(task)]
    losses = plain.per_sample(z, target)
    own = W if plain.weight is None else W * plain.weight(target)
    expected = (W * losses).sum() / own.sum()
    torch.testing.assert_close(function(z, packed), expected)
    assert float(function.count(packed)) == pytest.approx(float(own.sum()))
    torch.testing.assert_close(function.bare(packed), target.to(function.bare(packed)))


def test_against_torch_with_weights_by_hand() -> None:
    function, packed = made(CrossEntropy(), THREE, CLASSES, W)
    each = functional.cross_entropy(Z, CLASSES, reduction="none")
    assert float(function(Z, packed)) == pytest.approx(float((W * each).sum() / W.sum()))
    summed, packed = made(CrossEntropy(reduction="sum"), THREE, CLASSES, W)
    assert float(summed(Z, packed)) == pytest.approx(float((W * each).sum()))


@given(weights=st.lists(st.integers(0, 4), min_size=N, max_size=N).filter(any))
def test_a_whole_weight_counts_as_so_many_samples(weights: list[int]) -> None:
    count = torch.tensor(weights)
    function, packed = made(MSE(), VALUES, VALUED, count.double())
    repeated = VALUED.repeat_interleave(count, 0)
    plain, target = made(MSE(), VALUES, repeated, None)
    z = Z[:, :2]
    torch.testing.assert_close(
        function(z, packed), plain(z.repeat_interleave(count, 0), target), rtol=1e-9, atol=1e-12
    )


def test_batches_make_up_the_whole() -> None:
    function, packed = made(CrossEntropy(), THREE, CLASSES, W)
    parts = zip(Z.split(5), packed.split(5), strict=True)
    total = sum(function(z, t, packed) for z, t in parts)
    torch.testing.assert_close(total, function(Z, packed))


def test_a_batch_that_does_not_count_has_no_loss_and_no_gradient() -> None:
    function, packed = made(CrossEntropy(), THREE, CLASSES, torch.zeros(N))
    z = Z.clone().requires_grad_()
    loss = function(z, packed)
    loss.backward()
    assert float(loss.detach()) == 0
    assert z.grad is not None
    assert not z.grad.any()


@pytest.mark.parametrize(("loss", "task", "y"), CASES)
def test_the_loss_of_a_constant_is_that_of_weighted_samples(
    loss: Loss, task: Task, y: torch.Tensor
) -> None:
    function: LossFunction
    function, packed = made(loss, task, y, W)
    known = loss.constant(task, y, weight=W)
    assert known is not None
    z = torch.tensor([0.3, -0.2, -0.4], dtype=torch.float64)[: loss.outputs(task)]
    if loss.kind_name == "nll":
        z = z.log_softmax(0)
    assert known.of(z) == pytest.approx(float(function(z.expand(N, -1), packed)), rel=1e-6)
    if known.best is not None:
        step = 0.05 * torch.eye(len(z), dtype=torch.float64)
        best = known.of(known.best)
        assert all(known.of(known.best + s) >= best - 1e-9 for s in (*step, *-step))


def test_the_weighted_median_reaches_half_of_the_weight() -> None:
    values = torch.tensor([[3.0], [1.0], [2.0]], dtype=torch.float64)
    weight = torch.tensor([1.0, 1.0, 5.0], dtype=torch.float64)
    assert median_of(values, weight).tolist() == [2.0]
    assert median_of(values, torch.tensor([9.0, 1.0, 1.0]).double()).tolist() == [3.0]
    assert median_of(values, None).tolist() == median_of(values, torch.ones(3).double()).tolist()
