"""Clipping against its formula and torch's own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trickrun.tricks.clipping import Clip


def with_gradients(*gradients):
    """Return float64 parameters; None stands for one that got no gradient."""
    parameters = []
    for gradient in gradients:
        p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        p.grad = None if gradient is None else torch.tensor(gradient, dtype=torch.float64)
        parameters.append(p)
    return parameters


def gradient(parameters):
    return torch.cat([p.grad for p in parameters if p.grad is not None])


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


@pytest.mark.parametrize("bounds", [{}, {"norm": None}, {"norm": None, "value": None}])
def test_a_clip_without_a_bound_is_refused(bounds):
    with pytest.raises(ValidationError, match="give norm, value, or both"):
        Clip(**bounds)


@pytest.mark.parametrize("bounds", [{"norm": 0.0}, {"value": -1.0}])
def test_a_bound_of_zero_or_less_is_refused(bounds):
    with pytest.raises(ValidationError, match="greater than 0"):
        Clip(**bounds)
