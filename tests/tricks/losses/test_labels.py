"""bce of several 0/1 labels: by hand in numpy, its constants, and who else compares labels."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.init.biases.head_bias import HeadBias
from trickrun.tricks.losses import LOSSES
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.bce import BCE

HERE = Path(__file__).parent
LABELS = Task("multilabel", targets=3, labels=("a", "b", "c"))
Z = torch.randn(8, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 3
Y = (torch.arange(8)[:, None] % torch.tensor([2, 3, 4]) == 0).double()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_by_hand_in_numpy(smoothing: float) -> None:
    z, y = Z.numpy(), Y.numpy() * (1 - smoothing) + smoothing / 2
    p = 1 / (1 + np.exp(-z))
    each = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    found = BCE().build(LABELS, HERE, smoothing)
    target = BCE().prepare(Y, LABELS)
    np.testing.assert_allclose(found.per_sample(Z, target).numpy(), each.mean(1), rtol=1e-10)
    assert float(found(Z, target)) == pytest.approx(each.mean(), rel=1e-10)


def test_against_torch() -> None:
    expected = functional.binary_cross_entropy_with_logits(Z, Y)
    torch.testing.assert_close(BCE().build(LABELS, HERE)(Z, Y), expected)


def test_one_label_is_two_classes() -> None:
    one, two = Task("multilabel", targets=1), Task("classification", classes=2)
    z, y = Z[:, :1].float(), Y[:, :1]
    classes = BCE().prepare(y[:, 0].long(), two)
    loss = BCE().build(two, HERE).per_sample(z, classes)
    torch.testing.assert_close(BCE().build(one, HERE).per_sample(z, y.float()), loss)


def test_one_output_a_label_and_their_probabilities() -> None:
    assert BCE().outputs(LABELS) == 3
    torch.testing.assert_close(BCE().scores(Z, LABELS), 1 / (1 + (-Z).exp()))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_of_a_constant(smoothing: float) -> None:
    known = BCE().constant(LABELS, Y, smoothing)
    function = BCE().build(LABELS, HERE, smoothing)
    z = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    assert known.of(z) == pytest.approx(float(function(z.expand(8, -1), Y)))
    assert known.of(known.uniform) == pytest.approx(math.log(2))
    p = Y.mean(0).numpy() * (1 - smoothing) + smoothing / 2
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    assert known.best is not None
    assert known.of(known.best) == pytest.approx(entropy.mean())
    np.testing.assert_allclose(known.best.numpy(), np.log(p / (1 - p)))


def test_the_heads_bias_starts_at_each_labels_share() -> None:
    y = torch.zeros(10, 3, dtype=torch.float64)
    y[:3, 0], y[:, 1] = 1, 1
    bias = HeadBias().constant(BCE(), LABELS, y, 0.0)
    # A label that all have, or none, counts as if half a sample were otherwise.
    expected = [math.log(0.3 / 0.7), math.log(20), -math.log(20)]
    assert bias.tolist() == pytest.approx(expected)


def test_auto_chooses_bce() -> None:
    assert AutoLoss().chosen(LABELS).kind_name == "bce"


def test_no_other_loss_compares_labels() -> None:
    able = {kind for kind in LOSSES.files if LOSSES[kind].takes_labels}
    assert able == {"auto", "bce", "python"}
    with pytest.raises(CompileError, match="mse does not compare 0/1 labels") as caught:
        LOSSES["mse"]().check_labels(LABELS)
    assert caught.value.hint == "use bce"


def test_labels_have_no_class_weights() -> None:
    with pytest.raises(CompileError, match="class weights are for classes"):
        BCE(class_weights="balanced").check(LABELS)
