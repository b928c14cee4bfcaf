"""Dropout whose masks are a function of seed and step."""

from copy import deepcopy

import pytest
import torch

from trickrun.modules.dropout import KeyedDropout
from trickrun.streams import StepStream


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
