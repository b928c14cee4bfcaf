"""Running a model leaves its buffers and modes as they were, also if it fails."""

import pytest
import torch
from torch import nn

from trickrun.nn.buffers import undisturbed, undisturbed_buffers


@pytest.fixture
def model():
    made = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    made[1].eval()
    return made


def state(model):
    return {name: value.clone() for name, value in model.named_buffers()}


@pytest.mark.parametrize("keep", [undisturbed_buffers, undisturbed])
def test_buffers_come_back(model, keep):
    before = state(model)
    with keep(model):
        model.train()
        model(torch.randn(5, 2))
        assert not torch.equal(model[1].running_mean, before["1.running_mean"])
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


def test_modes_come_back_too(model):
    with undisturbed(model):
        model.eval()
        model[1].train()
    assert [module.training for module in model.modules()] == [True, True, False]


@pytest.mark.parametrize("keep", [undisturbed_buffers, undisturbed])
def test_they_come_back_after_an_error(model, keep):
    before = state(model)
    model.train()
    with pytest.raises(RuntimeError, match="shapes"), keep(model):
        model[0](model(torch.randn(5, 2)))  # the second call does not fit
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())


class Replacing(nn.Module):
    """It puts a new tensor in its buffer's place, as user code often does."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))

    def forward(self, x):
        self.seen = 0.9 * self.seen + x.mean(0)
        return x


def test_a_buffer_that_is_replaced_comes_back():
    model = Replacing()
    with undisturbed_buffers(model):
        model(torch.ones(3, 2))
        assert model.seen.tolist() == [1.0, 1.0]
    assert model.seen.tolist() == [0.0, 0.0]
