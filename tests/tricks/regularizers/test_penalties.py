"""The penalties against their formulas, and which parameters they act on."""

import pytest
import torch
from torch import nn

from trickrun.tricks.regularizers import Regularizers
from trickrun.tricks.regularizers._penalty import penalized
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.elastic_net import ElasticNet
from trickrun.tricks.regularizers.l1 import L1
from trickrun.tricks.regularizers.l2 import L2
from trickrun.tricks.regularizers.label_smoothing import LabelSmoothing


def tensors() -> list[torch.Tensor]:
    """Return two parameters, with zeros among their entries."""
    first = torch.tensor([[1.0, -2.0], [0.0, 3.0]], requires_grad=True)
    second = torch.tensor([0.0, -0.5], requires_grad=True)
    return [first, second]


def test_l2_is_lambda_times_the_sum_of_squares():
    w = tensors()
    value = L2.model_validate({"lambda": 0.1}).penalty(w)
    assert float(value.detach()) == pytest.approx(0.1 * 14.25)
    value.backward()
    assert all(torch.equal(p.grad, 0.1 * 2 * p.detach()) for p in w)


def test_l1_is_lambda_times_the_sum_of_sizes():
    w = tensors()
    value = L1.model_validate({"lambda": 0.1}).penalty(w)
    assert float(value.detach()) == pytest.approx(0.1 * 6.5)
    value.backward()
    assert all(torch.equal(p.grad, 0.1 * p.detach().sign()) for p in w)


def test_elastic_net_mixes_them():
    w = tensors()
    value = ElasticNet.model_validate({"lambda": 0.1, "alpha": 0.25}).penalty(w)
    assert float(value.detach()) == pytest.approx(0.1 * (0.75 * 6.5 + 0.25 * 14.25))
    value.backward()
    for p in w:
        expected = 0.1 * (0.75 * p.detach().sign() + 0.25 * 2 * p.detach())
        torch.testing.assert_close(p.grad, expected)


@pytest.mark.parametrize(("alpha", "twin"), [(0.0, L1), (1.0, L2)])
def test_elastic_net_ends_in_l1_and_l2(alpha, twin):
    net = ElasticNet.model_validate({"lambda": 0.3, "alpha": alpha})
    assert torch.equal(
        net.penalty(tensors()), twin.model_validate({"lambda": 0.3}).penalty(tensors())
    )


@pytest.mark.parametrize("penalty", [L1, L2, ElasticNet])
def test_gradients_at_zero_are_finite_twice(penalty):
    w = torch.zeros(3, requires_grad=True)
    (once,) = torch.autograd.grad(penalty().penalty([w]), w, create_graph=True)
    assert torch.equal(once, torch.zeros(3))
    if once.requires_grad:
        (twice,) = torch.autograd.grad(once.sum(), w)
        assert twice.isfinite().all()


def model() -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(5, 4),
        nn.Conv1d(4, 4, 1),
        nn.BatchNorm1d(4),
        nn.LSTM(4, 4),
        nn.Linear(4, 2),
    )


def test_weights_are_those_of_weight_layers_alone():
    network = model()
    found = {id(p) for p in penalized(network, "weights")}
    names = [name for name, p in network.named_parameters() if id(p) in found]
    assert names == ["0.weight", "1.weight", "3.weight_ih_l0", "3.weight_hh_l0", "4.weight"]


def test_all_is_every_parameter():
    network = model()
    assert [id(p) for p in penalized(network, "all")] == [id(p) for p in network.parameters()]


@pytest.mark.parametrize("on", ["weights", "all"])
def test_shared_parameters_count_once_and_frozen_ones_not(on):
    network = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    network[1].weight = network[0].weight
    assert len(penalized(network, on)) == 1
    network[0].weight.requires_grad_(False)
    assert penalized(network, on) == []


@pytest.mark.parametrize(
    ("trick", "off"),
    [
        (L1.model_validate({"lambda": 0}), True),
        (L2.model_validate({"lambda": 0}), True),
        (ElasticNet.model_validate({"lambda": 0}), True),
        (LabelSmoothing(epsilon=0.0), True),
        (Dropout(p=0.0), True),
        (L1(), False),
        (L2(), False),
        (ElasticNet(alpha=0.0), False),
        (LabelSmoothing(), False),
        (Dropout(p=0.0, input=0.1), False),
    ],
)
def test_strength_zero_is_off(trick, off):
    assert trick.off == off


def test_penalties_of_a_recipe():
    declared = Regularizers(l1=L1(), elastic_net=ElasticNet(), dropout=Dropout())
    assert [p.kind for p in declared.penalties] == ["l1", "elastic_net"]
    assert Regularizers().penalties == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"keep": 0.7}, {"p": 0.3}), ({"keep": 1}, {"p": 0}), ({"keep": 0.7, "p": 1}, None)],
)
def test_keep_is_one_minus_p(given, expected):
    assert Dropout.expand(given) == (given if expected is None else expected)
