"""Each loss against torch.nn.functional: values, reductions, class weights and smoothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.losses import Loss
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL

HERE = Path(__file__).parent
THREE = Task("classification", classes=3, labels=("a", "b", "c"), priors=(0.5, 0.3, 0.2))
TWO = Task("classification", classes=2, labels=("no", "yes"), priors=(0.8, 0.2))
VALUES = Task("regression", targets=2)
WEIGHTS = (0.5, 2.0, 3.0)
N = 8


def logits(outputs: int) -> torch.Tensor:
    return torch.randn(N, outputs, generator=torch.Generator().manual_seed(1)) * 3


def labels(classes: int) -> torch.Tensor:
    """Return classes of different size, so that swapped weights show."""
    return torch.arange(N) % 3 % classes


def values() -> torch.Tensor:
    return torch.randn(N, 2, generator=torch.Generator().manual_seed(2)) * 3


def computed(loss: Loss, task: Task, z: torch.Tensor, y: torch.Tensor, smoothing=0.0):
    return loss.build(task, HERE, smoothing)(z, loss.prepare(y, task))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy(reduction, smoothing, weights):
    loss = CrossEntropy(reduction=reduction, class_weights=weights)
    expected = functional.cross_entropy(
        logits(3),
        labels(3),
        weight=None if weights is None else torch.tensor(weights),
        reduction=reduction,
        label_smoothing=smoothing,
    )
    torch.testing.assert_close(computed(loss, THREE, logits(3), labels(3), smoothing), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_nll(reduction, weights):
    loss = NLL(reduction=reduction, class_weights=weights)
    z = logits(3).log_softmax(dim=1)
    weight = None if weights is None else torch.tensor(weights)
    expected = functional.nll_loss(z, labels(3), weight, reduction=reduction)
    torch.testing.assert_close(computed(loss, THREE, z, labels(3)), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_bce(reduction):
    z, y = logits(1), labels(2)
    expected = functional.binary_cross_entropy_with_logits(
        z, y.float().unsqueeze(1), reduction=reduction
    )
    torch.testing.assert_close(computed(BCE(reduction=reduction), TWO, z, y), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, (0.5, 3.0), "balanced"])
def test_bce_is_cross_entropy_of_the_logits_zero_and_z(reduction, smoothing, weights):
    z, y = logits(1), labels(2)
    both = torch.cat([torch.zeros_like(z), z], dim=1)
    words = {"reduction": reduction, "class_weights": weights}
    expected = computed(CrossEntropy(**words), TWO, both, y, smoothing)
    torch.testing.assert_close(computed(BCE(**words), TWO, z, y, smoothing), expected)


def test_bce_is_finite_for_extreme_logits():
    z = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    loss = computed(BCE(), TWO, z, torch.tensor([0, 0]))
    assert float(loss.detach()) == pytest.approx(5e3)
    loss.backward()
    assert z.grad.isfinite().all()


def test_bce_of_half_precision_logits_is_computed_in_full():
    z = torch.tensor([[4.0], [6.0]], dtype=torch.bfloat16)
    y = torch.tensor([1, 1])
    assert torch.equal(computed(BCE(), TWO, z, y), computed(BCE(), TWO, z.float(), y))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("margin", [1.0, 2.5])
def test_hinge(reduction, margin):
    expected = functional.multi_margin_loss(
        logits(3), labels(3), margin=margin, reduction=reduction
    )
    loss = Hinge(margin=margin, reduction=reduction)
    torch.testing.assert_close(computed(loss, THREE, logits(3), labels(3)), expected)


@pytest.mark.parametrize(
    ("loss", "reference"),
    [
        (MSE(), functional.mse_loss),
        (MAE(), functional.l1_loss),
        (Huber(), functional.huber_loss),
        (Huber(delta=0.3), lambda z, y: functional.huber_loss(z, y, delta=0.3)),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_values(loss, reference):
    z = logits(2)
    torch.testing.assert_close(computed(loss, VALUES, z, values()), reference(z, values()))
    summed = loss.model_copy(update={"reduction": "sum"})
    expected = N * reference(z, values())
    torch.testing.assert_close(computed(summed, VALUES, z, values()), expected)


@pytest.mark.parametrize("loss", [MSE(), MAE(), Huber()])
def test_losses_over_values_see_classes_one_hot(loss):
    assert loss.outputs(THREE) == 3
    target = loss.prepare(torch.tensor([2, 0]), THREE)
    assert target.tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("loss", "task"),
    [
        (CrossEntropy(class_weights=WEIGHTS), THREE),
        (NLL(class_weights=WEIGHTS), THREE),
        (BCE(class_weights=(0.5, 2.0)), TWO),
        (Hinge(), THREE),
        (MSE(), VALUES),
        (MAE(), VALUES),
        (Huber(), VALUES),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_losses_a_sample_make_up_the_mean_and_have_gradients(loss, task):
    y = labels(task.classes) if task.kind == "classification" else values()
    z = logits(loss.outputs(task)).requires_grad_()
    function, target = loss.build(task, HERE), loss.prepare(y, task)
    losses = function.per_sample(z, target)
    weights = torch.ones(N) if function.weight is None else function.weight(target)
    assert losses.shape == weights.shape == (N,)
    torch.testing.assert_close(function(z, target), losses.sum() / weights.sum())
    losses.sum().backward()
    assert z.grad.abs().sum() > 0


def test_balanced_weights_are_scikit_learns():
    y = [0] * 5 + [1] * 3 + [2] * 2
    expected = torch.tensor(compute_class_weight("balanced", classes=np.arange(3), y=y)).float()
    function = CrossEntropy(class_weights="balanced").build(THREE, HERE)
    torch.testing.assert_close(function.weight(torch.tensor([0, 1, 2])), expected)


def test_a_class_that_training_lacks_weighs_nothing():
    task = Task("classification", classes=2, labels=("a", "b"), priors=(1.0, 0.0))
    function = CrossEntropy(class_weights="balanced").build(task, HERE)
    assert function.weight(torch.tensor([0, 1])).tolist() == [0.5, 0.0]


@pytest.mark.parametrize("loss", [CrossEntropy(), NLL(), BCE(), Hinge()])
def test_losses_over_classes_refuse_values(loss):
    with pytest.raises(CompileError, match=f"{loss.kind} needs classes"):
        loss.check(VALUES)


def test_bce_refuses_three_classes():
    with pytest.raises(CompileError, match="bce is for two classes, the data has 3"):
        BCE().check(THREE)


@pytest.mark.parametrize("kind", [CrossEntropy, NLL])
def test_the_number_of_class_weights(kind):
    with pytest.raises(CompileError, match="2 class weights for 3 classes") as caught:
        kind(class_weights=(1.0, 2.0)).check(THREE)
    assert "a, b, c" in caught.value.hint


@pytest.mark.parametrize(
    ("loss", "task", "z"),
    [
        (CrossEntropy(), THREE, logits(3)),
        (NLL(), THREE, logits(3).log_softmax(1)),
        (BCE(), TWO, logits(1)),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_scores_are_probabilities_where_the_loss_implies_them(loss, task, z):
    scores = loss.scores(z, task)
    assert scores.shape == (N, task.classes)
    torch.testing.assert_close(scores.sum(dim=1), torch.ones(N))
    likelihoods = scores[torch.arange(N), labels(task.classes)]
    torch.testing.assert_close(
        -likelihoods.log().mean(), computed(loss, task, z, labels(task.classes))
    )


def test_auto_is_chosen_by_the_task():
    assert AutoLoss(reduction="sum").chosen(THREE) == CrossEntropy(reduction="sum")
    assert AutoLoss().chosen(VALUES) == MSE()
