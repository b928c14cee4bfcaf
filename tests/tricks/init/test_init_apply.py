"""Which parameters an init fills, with which gain, and from which stream."""

from math import sqrt

import pytest
import torch
from torch import nn

from trickrun.nn.rng import generator
from trickrun.training.initialize import activations_after, initialize
from trickrun.tricks.init._init import Init
from trickrun.tricks.init.auto import Auto
from trickrun.tricks.init.constant import Constant
from trickrun.tricks.init.kaiming_normal import KaimingNormal
from trickrun.tricks.init.normal import Normal
from trickrun.tricks.init.orthogonal import Orthogonal
from trickrun.tricks.init.torch_default import TorchDefault
from trickrun.tricks.init.xavier_normal import XavierNormal
from trickrun.tricks.init.zeros import Zeros


def network() -> nn.Sequential:
    """Two hidden layers and a head, with norms and dropout between layer and activation."""
    return nn.Sequential(
        nn.Linear(6, 5),
        nn.BatchNorm1d(5),
        nn.Dropout(0.1),
        nn.Tanh(),
        nn.ReLU(),
        nn.Linear(5, 4),
        nn.ReLU(),
        nn.Linear(4, 3),
    )


def fill(model: nn.Module, init: Init, seed: int = 0, python: bool = False) -> str:
    return "; ".join(t.what for t in initialize(model, init, seed, leave_as_built=python))


def stretch(layer: nn.Linear) -> float:
    """Return the largest factor by which the layer stretches an input."""
    return float(torch.linalg.matrix_norm(layer.weight.detach(), 2))


def test_ledger_counts_weights_and_biases():
    assert fill(network(), KaimingNormal()) == "3 weights, 3 biases"
    assert fill(nn.Linear(2, 2, bias=False), KaimingNormal()) == "1 weight"


def test_a_parameter_draws_from_the_stream_of_its_name():
    model = network()
    fill(model, Normal(std=2.0), seed=7)
    expected = torch.empty(4, 5).normal_(0, 2, generator=generator(7, "init", "5.weight"))
    assert torch.equal(model[5].weight, expected)


def test_draws_do_not_depend_on_the_rest_of_the_recipe():
    first, second = network(), network()
    torch.manual_seed(1)
    fill(first, Normal())
    torch.manual_seed(2)
    fill(second, Normal(head=Constant(value=1.0), bias=0.5))
    assert torch.equal(first[0].weight, second[0].weight)
    assert torch.equal(first[5].weight, second[5].weight)


def test_another_seed_gives_another_start():
    first, second = network(), network()
    fill(first, Normal(), seed=0)
    fill(second, Normal(), seed=1)
    assert not torch.equal(first[0].weight, second[0].weight)


def test_gain_follows_the_first_activation_and_the_head_has_one():
    model = network()
    fill(model, Orthogonal())
    gains = [stretch(model[i]) for i in (0, 5, 7)]
    assert gains == pytest.approx([5 / 3, sqrt(2), 1.0], rel=1e-5)


def test_a_head_followed_by_an_activation_has_its_gain():
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    fill(model, Orthogonal())
    assert stretch(model[0]) == pytest.approx(5 / 3, rel=1e-5)


def test_an_activation_counts_for_the_layer_right_before_it_alone():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU())
    after = activations_after(model)
    assert after["0"] is None
    assert isinstance(after["1"], nn.ReLU)


def test_the_head_has_an_init_of_its_own_bias_included():
    model = network()
    what = fill(model, KaimingNormal(bias=0.25, head=Normal(std=0.01, bias=-2.0)))
    assert what == "2 weights, 2 biases; head: 1 weight, 1 bias"
    assert model[7].weight.std() < 0.03
    assert (model[7].bias == -2.0).all()
    assert (model[0].bias == 0.25).all()


def test_biases_are_zero_or_what_the_recipe_says():
    model = network()
    fill(model, KaimingNormal())
    assert all((model[i].bias == 0).all() for i in (0, 5, 7))
    fill(model, KaimingNormal(bias="torch_default"))
    bias = model[0].bias
    assert 0 < bias.abs().max() <= 6**-0.5
    drawn = generator(0, "init", "0.bias")
    assert torch.equal(bias, torch.empty(5).uniform_(-(6**-0.5), 6**-0.5, generator=drawn))


def test_torch_default_draws_biases_too_unless_told():
    model = network()
    fill(model, TorchDefault())
    assert model[0].bias.abs().max() > 0
    fill(model, TorchDefault(bias="zeros"))
    assert (model[0].bias == 0).all()


def test_normalization_layers_are_left_alone():
    model = network()
    nn.init.constant_(model[1].weight, 0.7)
    nn.init.constant_(model[1].bias, 0.2)
    fill(model, Constant(value=3.0, bias=4.0))
    assert (model[1].weight == 0.7).all()
    assert (model[1].bias == 0.2).all()


def test_auto_leaves_a_users_model_as_it_was_built():
    model = network()
    before = [p.clone() for p in model.parameters()]
    (entry,) = initialize(model, Auto(), 0, leave_as_built=True)
    assert entry.off
    assert entry.count == 0
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_auto_does_what_it_says_explicitly_to_a_users_model():
    model = network()
    before = model[0].weight.clone()
    assert fill(model, Auto(bias=1.0, head=Zeros()), python=True) == (
        "2 biases; head: 1 weight, 1 bias"
    )
    assert torch.equal(model[0].weight, before)
    assert (model[0].bias == 1).all()
    assert (model[7].weight == 0).all()


def test_a_named_scheme_fills_a_users_model():
    assert fill(network(), KaimingNormal(), python=True) == "3 weights, 3 biases"


def test_a_scheme_that_finds_nothing_is_on_and_auto_is_off():
    (named,) = initialize(nn.ReLU(), KaimingNormal(), 0, leave_as_built=False)
    assert (named.count, named.off) == (0, False)
    body, head = initialize(nn.Linear(2, 2), Auto(head=Zeros()), 0, leave_as_built=False)
    assert (body.count, body.off, head.count) == (0, True, 2)


def test_tied_weights_are_filled_once_by_the_first_layer():
    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 9, bias=False))
    model[1].weight = model[0].weight
    assert fill(model, Normal(std=1.0)) == "1 weight"
    expected = torch.empty(9, 4).normal_(generator=generator(0, "init", "0.weight"))
    assert torch.equal(model[0].weight, expected)


def test_padding_of_an_embedding_stays_zero():
    model = nn.Sequential(nn.Embedding(5, 3, padding_idx=2))
    fill(model, Constant(value=1.0))
    assert model[0].weight.sum(dim=1).tolist() == [3.0, 3.0, 0.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("layer", "name", "count"),
    [
        (nn.LSTM(4, 4), "weight_hh_l0", 4),
        (nn.GRU(4, 4), "weight_hh_l0", 3),
        (nn.RNN(4, 4), "weight_hh_l0", 1),
        (nn.MultiheadAttention(4, 2), "in_proj_weight", 3),
    ],
)
def test_each_gate_is_a_matrix_of_its_own(layer, name, count):
    fill(layer, Orthogonal(gain=1.0))
    for gate in layer.get_parameter(name).detach().chunk(count):
        torch.testing.assert_close(gate @ gate.T, torch.eye(4), atol=1e-5, rtol=0)


def test_attention_by_torch_default_has_torchs_biases():
    model = nn.MultiheadAttention(8, 2, add_bias_kv=True)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(torch.nan)
    fill(model, TorchDefault())
    assert (model.in_proj_bias == 0).all()
    assert (model.out_proj.bias == 0).all()
    assert all(p.isfinite().all() for p in model.parameters())
    assert model.bias_k.abs().max() > 0


def test_a_float64_model_stays_float64():
    model = network().double()
    fill(model, KaimingNormal())
    assert model[0].weight.dtype == torch.float64


@pytest.mark.parametrize(
    ("init", "act", "keeps"),
    [
        (KaimingNormal(), nn.ReLU, lambda h: h.relu().square().mean()),
        (XavierNormal(gain="linear"), nn.Identity, lambda h: h.square().mean()),
    ],
)
def test_the_signal_keeps_its_size_through_ten_layers(init, act, keeps):
    """kaiming keeps E[relu(h)²]·2 and xavier, on equal widths, E[h²], up to sampling error."""
    width = 512
    layers = [m for _ in range(10) for m in (nn.Linear(width, width), act())]
    model = nn.Sequential(*layers, nn.Linear(width, 1))
    fill(model, init)
    x = torch.randn(64, width, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first, last = model[0](x), model[:19](x)
    assert float(keeps(last) / keeps(first)) == pytest.approx(1.0, rel=0.25)
    with torch.no_grad():
        model[18].weight.mul_(2.0)
        doubled = model[:19](x)
    assert float(keeps(doubled) / keeps(first)) == pytest.approx(4.0, rel=0.25)
