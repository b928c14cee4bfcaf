"""Clipping against its formula and torch's own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from trickrun.tricks.updates.clip import Clip


def with_gradients(*gradients):
    """Return float64 parameters; None stands for one that got no gradient."""
    parameters = []
    for gradient in gradients:
        p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        p.grad = None if gradient is None else torch.tensor(gradient, dtype=torch.float64)
        parameters.append(p)
    return parameters


def gradient(parameters):
    return torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])


def test_norm_scales_the_whole_gradient_and_keeps_its_direction():
    parameters = with_gradients([3.0, 0.0, 0.0], None, [0.0, -4.0, 0.0])
    Clip(norm=1.0).apply(parameters)
    want = torch.tensor([0.6, 0, 0, 0, -0.8, 0], dtype=torch.float64)
    # torch divides by the norm plus 1e-6.
    torch.testing.assert_close(gradient(parameters), want, rtol=1e-6, atol=0)


def test_value_bounds_each_entry():
    parameters = with_gradients([3.0, -0.1, -2.0], None)
    Clip(value=0.5).apply(parameters)
    assert gradient(parameters).tolist() == [0.5, -0.1, -0.5]


def test_value_comes_before_norm():
    parameters = with_gradients([30.0, 0.0, -4.0])
    Clip(value=3.0, norm=1.0).apply(parameters)
    root = 2**-0.5
    want = torch.tensor([root, 0, -root], dtype=torch.float64)
    torch.testing.assert_close(gradient(parameters), want, rtol=1e-6, atol=0)


@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6),
    norm=st.floats(1e-3, 1e4),
    value=st.floats(1e-3, 1e4),
)
def test_no_bound_is_exceeded_and_a_small_gradient_stays(values, norm, value):
    parameters = with_gradients(values[:3], values[3:])
    before = gradient(parameters)
    Clip(norm=norm, value=value).apply(parameters)
    after = gradient(parameters)
    assert float(after.norm()) <= norm
    assert float(after.abs().max()) <= value
    if float(before.norm()) < norm - 1e-6 and float(before.abs().max()) <= value:
        assert torch.equal(after, before)


def network(scale: float) -> nn.Sequential:
    """Return a layer, a norm and a head of weights near ``scale``, all with gradients."""
    model = nn.Sequential(nn.Conv1d(2, 3, 2), nn.GroupNorm(1, 3), nn.Flatten(), nn.Linear(6, 2))
    draws = torch.Generator().manual_seed(0)
    for p in model.parameters():
        p.data = scale * torch.randn(p.shape, generator=draws)
        p.grad = torch.randn(p.shape, generator=draws)
    return model


def test_adaptive_bounds_each_units_gradient_by_its_weights():
    model, before = network(0.5), network(0.5)
    Clip(adaptive=0.1).on_model(model)
    conv, old = model[0].weight, before[0].weight.grad
    for row in range(3):
        bound = 0.1 * float(conv[row].detach().norm())
        assert conv.grad[row].norm() == pytest.approx(bound, rel=1e-5)
        assert torch.cosine_similarity(conv.grad[row], old[row], 0).mean() == pytest.approx(1)
    bias = model[0].bias
    assert bias.grad.norm() == pytest.approx(0.1 * float(bias.detach().norm()), rel=1e-5)
    assert all(
        torch.equal(p.grad, q.grad)
        for p, q in zip(model[3].parameters(), before[3].parameters(), strict=True)
    )


def test_adaptive_lets_zero_weights_move_and_small_gradients_pass():
    model = network(0.0)
    Clip(adaptive=0.1).on_model(model)
    assert model[0].weight.grad[0].norm() == pytest.approx(1e-4, rel=1e-5)
    model, before = network(100.0), network(100.0)
    Clip(adaptive=0.5).on_model(model)
    assert torch.equal(model[0].weight.grad, before[0].weight.grad)


def test_adaptive_comes_before_norm():
    model = network(0.5)
    Clip(adaptive=0.1, norm=1e-3).on_model(model)
    assert gradient(list(model.parameters())).norm() == pytest.approx(1e-3, rel=1e-2)
    assert Clip(adaptive=0.1).trains_alone
    assert not Clip(norm=1.0).trains_alone


@pytest.mark.parametrize("bounds", [{}, {"norm": None}, {"norm": None, "value": None}])
def test_a_clip_without_a_bound_is_refused(bounds):
    with pytest.raises(ValidationError, match="give norm, value, adaptive"):
        Clip(**bounds)


@pytest.mark.parametrize("bounds", [{"norm": 0.0}, {"value": -1.0}, {"adaptive": 0.0}])
def test_a_bound_of_zero_or_less_is_refused(bounds):
    with pytest.raises(ValidationError, match="greater than 0"):
        Clip(**bounds)
