"""The head's bias by the training split, and open forget gates."""

from math import log
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.training.compile import compile_recipe
from trickrun.training.initialize import initialize
from trickrun.training.job import Job
from trickrun.tricks.init.biases.forget_bias import ForgetBias
from trickrun.tricks.init.biases.head_bias import HeadBias
from trickrun.tricks.init.kaiming_normal import KaimingNormal
from trickrun.tricks.init.normal import Normal
from trickrun.tricks.init.orthogonal import Orthogonal
from trickrun.tricks.init.zeros import Zeros
from trickrun.tricks.losses.bce import BCE
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.hinge import Hinge
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE

HERE = Path(__file__).parent
Y = torch.tensor([0] * 6 + [1] * 3 + [2])
THREE = Task("classification", classes=3, priors=(0.6, 0.3, 0.1))
VALUES = Task("regression", targets=2)


def prior(loss: Any, task: Task = THREE, y: torch.Tensor = Y) -> torch.Tensor:
    return HeadBias().constant(loss, task, y, 0.0)


def test_classes_get_the_log_of_their_shares():
    shares = prior(CrossEntropy()).softmax(0)
    assert shares.tolist() == pytest.approx([0.6, 0.3, 0.1])
    two = Task("classification", classes=2, priors=(0.9, 0.1))
    (logit,) = prior(BCE(), two, torch.tensor([0] * 9 + [1])).tolist()
    assert logit == pytest.approx(log(1 / 9))


def test_class_weights_are_part_of_the_shares():
    assert prior(CrossEntropy(class_weights="balanced")).std() == pytest.approx(0, abs=1e-6)


def test_a_class_without_samples_counts_as_half_a_sample():
    bias = prior(CrossEntropy(), THREE, torch.tensor([0] * 5 + [1] * 5))
    assert (bias[0] - bias[2]).item() == pytest.approx(log(20))


def test_values_get_the_constant_of_the_lowest_loss():
    y = torch.tensor([[0.0, 1.0], [0.0, 2.0], [9.0, 6.0]])
    assert prior(MSE(), VALUES, y).tolist() == [3, 3]
    assert prior(MAE(), VALUES, y).tolist() == [0, 2]
    assert prior(Huber(delta=1e9), VALUES, y).tolist() == pytest.approx([3, 3])


def test_a_loss_without_a_known_constant_is_refused_unless_a_number_is_given():
    with pytest.raises(CompileError, match="loss hinge is not known"):
        prior(Hinge(), Task("classification", classes=13, priors=(1 / 13,) * 13))
    assert HeadBias(value=0.5).constant(Hinge(), THREE, Y, 0.0).tolist() == [0.5] * 3


def job(**tree: Any) -> Job:
    init = {"init": {"kind": "auto", "head_bias": {"value": "prior"}}}
    data = {"data": {"kind": "diabetes"}, "model": {"kind": "mlp", "hidden": [8]}}
    return compile_recipe(from_tree(data | init | tree), HERE)


def test_a_regression_starts_at_the_mean_of_the_training_split():
    made = job()
    assert made.model.head.bias.item() == pytest.approx(made.data.train.y.mean().item())
    entry = next(t for t in made.ledger if t.trick == "head_bias")
    assert (entry.section, entry.what) == ("init", "1 bias")


def test_an_activation_after_the_head_changes_what_a_prior_means():
    with pytest.raises(CompileError, match="but relu changes that"):
        job(model={"kind": "mlp", "hidden": [8], "head_activation": "relu"})


def test_a_bias_is_given_once():
    with pytest.raises(ValidationError, match="head_bias and the bias in head"):
        KaimingNormal(head_bias=HeadBias(), head=Normal(bias=1.0))
    with pytest.raises(ValidationError, match="cannot have a head_bias of its own"):
        KaimingNormal(head=Normal(head_bias=HeadBias()))


def test_a_head_without_bias_is_named():
    entry = HeadBias().apply(nn.Linear(4, 3, bias=False), torch.zeros(3), None)
    assert (entry.count, entry.off) == (0, False)


def test_forget_gates_start_open_and_the_others_stay():
    model = nn.Sequential(nn.LSTM(3, 5, num_layers=2, bidirectional=True), nn.GRU(10, 4))
    entries = initialize(model, KaimingNormal(forget_bias=ForgetBias(value=2.0)), 0, False)
    assert [(t.trick, t.what) for t in entries[1:]] == [("forget_bias", "4 layers")]
    lstm = model[0]
    for layer in ("l0", "l0_reverse", "l1", "l1_reverse"):
        both = lstm.get_parameter(f"bias_ih_{layer}") + lstm.get_parameter(f"bias_hh_{layer}")
        assert both.chunk(4)[1].tolist() == [2.0] * 5
        assert both.abs().sum() == 10


def test_an_open_gate_remembers():
    """With zero weights a step multiplies the cell by sigmoid(forget bias)."""
    lstm = nn.LSTM(1, 1)
    initialize(lstm, Zeros(forget_bias=ForgetBias(value=2.0)), 0, False)
    start = (torch.zeros(1, 1, 1), torch.ones(1, 1, 1))
    _, (_, cell) = lstm(torch.zeros(3, 1, 1), start)
    assert cell.item() == pytest.approx(torch.tensor(2.0).sigmoid().item() ** 3)


def test_forget_bias_without_an_lstm_touches_nothing():
    assert ForgetBias().apply(nn.GRU(2, 2)).count == 0
    tree = {"data": {"kind": "iris"}, "model": {"kind": "mlp"}}
    with pytest.raises(CompileError, match="init: forget_bias"):
        compile_recipe(from_tree({**tree, "init": {"kind": "auto", "forget_bias": {}}}), HERE)


def test_recurrent_weights_have_an_init_of_their_own():
    model = nn.Sequential(nn.GRU(4, 4, num_layers=2), nn.Linear(4, 4))
    entries = initialize(model, Zeros(recurrent=Orthogonal(gain=1.0)), 0, False)
    assert [t.what for t in entries] == ["3 weights, 5 biases", "recurrent: 2 weights"]
    for part in model[0].weight_hh_l1.detach().chunk(3):
        torch.testing.assert_close(part @ part.T, torch.eye(4), atol=1e-5, rtol=0)
    assert (model[0].weight_ih_l1 == 0).all()


def test_recurrent_init_without_a_recurrent_layer_touches_nothing():
    assert initialize(nn.Linear(2, 2), Zeros(recurrent=Orthogonal()), 0, False)[1].count == 0
