"""Dropout whose masks are a function of seed and step."""

from copy import deepcopy

import pytest
import torch

from trickrun.nn.dropout import GivenDropout, KeyedDropout, dropout_mask
from trickrun.nn.rng import StepStream


def dropout(p: float, seed: int = 0) -> KeyedDropout:
    return KeyedDropout(p, StepStream(seed, "dropout"))


def masks(layer: KeyedDropout, *steps: int) -> list[torch.Tensor]:
    found = []
    for step in steps:
        layer.stream.at(step)
        found.append(layer(torch.ones(4, 50)))
    return found


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_rate_and_scale(p):
    x = torch.full((400, 500), 3.0)
    y = dropout(p)(x)
    # Five standard deviations of a share of 200000 Bernoulli draws.
    assert float((y == 0).double().mean()) == pytest.approx(
        p, abs=5 * (p * (1 - p) / x.numel()) ** 0.5
    )
    torch.testing.assert_close(y[y != 0], torch.full_like(y[y != 0], 3.0 / (1 - p)))


def test_gradient_goes_where_the_mask_lets_it():
    x = torch.ones(100, requires_grad=True)
    y = dropout(0.5)(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_evaluation_and_strength_zero_change_nothing():
    x = torch.randn(5, 5)
    assert dropout(0.5).eval()(x) is x
    assert dropout(0.0)(x) is x


def test_masks_are_keyed_by_step_and_seed():
    layer = dropout(0.5)
    first, second, again = masks(layer, 1, 2, 1)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first, masks(dropout(0.5, seed=1), 1)[0])


def test_masks_do_not_depend_on_the_global_generator():
    torch.manual_seed(0)
    (first,) = masks(dropout(0.5), 3)
    torch.manual_seed(1)
    assert torch.equal(first, masks(dropout(0.5), 3)[0])


def test_two_layers_on_one_stream_have_different_masks():
    stream = StepStream(0, "dropout")
    stream.at(1)
    first, second = KeyedDropout(0.5, stream), KeyedDropout(0.5, stream)
    x = torch.ones(4, 50)
    assert not torch.equal(first(x), second(x))


def test_a_copy_draws_the_same_and_does_not_disturb_the_original():
    layer = dropout(0.5)
    expected = masks(layer, 7)[0]
    layer.stream.at(7)
    twin = deepcopy(layer)
    assert twin.stream is not layer.stream
    masks(twin, 1, 2, 3)
    assert torch.equal(layer(torch.ones(4, 50)), expected)
    assert torch.equal(masks(twin, 7)[0], expected)


def test_layers_that_share_a_stream_share_it_in_a_copy_too():
    stream = StepStream(0, "dropout")
    model = torch.nn.Sequential(KeyedDropout(0.5, stream), KeyedDropout(0.5, stream))
    twin = deepcopy(model)
    assert twin[0].stream is twin[1].stream
    x = torch.ones(4, 50)
    stream.at(2)
    twin[0].stream.at(2)
    assert torch.equal(model(x), twin(x))


def test_it_keeps_the_type():
    assert dropout(0.5)(torch.ones(3, dtype=torch.float64)).dtype == torch.float64


def test_what_is_drawn_does_not_depend_on_the_rate():
    few, many = masks(dropout(0.2), 4)[0], masks(dropout(0.7), 4)[0]
    assert bool(((few == 0) <= (many == 0)).all())
    assert 0 < int((few == 0).sum()) < int((many == 0).sum())


def test_rates_of_several_trials_broadcast_against_one_draw():
    draws = torch.tensor([0.1, 0.5, 0.9])
    expected = torch.tensor([[4.0, 0, 0], [1.25, 1.25, 0]])
    assert torch.equal(dropout_mask(draws, torch.tensor([[0.25], [0.8]])), expected)


def test_half_precision_has_exact_rates_too():
    layer = dropout(0.001)
    layer.stream.at(1)
    assert layer.draw(torch.Size([3]), torch.bfloat16).dtype == torch.float32
    y = layer(torch.ones(200_000, dtype=torch.bfloat16))
    assert y.dtype == torch.bfloat16
    assert 100 < int((y == 0).sum()) < 320


def test_given_masks_act_in_training_alone():
    layer, x = GivenDropout(), torch.ones(2, 3)
    assert torch.equal(layer(x), x)
    layer.mask = torch.tensor([[0.0, 2.0, 2.0]])
    assert torch.equal(layer(x), torch.tensor([[0.0, 2, 2], [0, 2, 2]]))
    assert layer.eval()(x) is x
    assert not layer.state_dict()
