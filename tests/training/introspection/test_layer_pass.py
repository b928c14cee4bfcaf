"""A forward pass seen layer by layer, and the statistics of what is seen."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from trickrun.training.introspection.layer_pass import watch
from trickrun.training.introspection.statistics import Statistics, by_unit, histogram


class Functional(nn.Module):
    """A network whose activation is no module."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(3, 5), nn.Linear(5, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(functional.relu(self.one(x)))


class Shared(nn.Module):
    """A network that uses one activation module twice, and registers it before its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.Tanh()
        self.two, self.one = nn.Linear(5, 2), nn.Linear(3, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.two(self.act(self.one(x))))


class Tokens(nn.Module):
    """A recurrent network over an embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.cell = nn.Embedding(7, 4), nn.LSTM(4, 6, batch_first=True)
        self.head = nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.cell(self.table(x))[0][:, -1])


X = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))


def test_a_norm_may_stand_between_layer_and_activation() -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    first, head = watch(model, X)
    assert (first.name, head.name) == ("0", "3")
    assert torch.equal(first.pre, model[1](model[0](X)))
    assert torch.equal(first.post, first.pre.relu())
    assert first.entered is not None
    assert torch.equal(first.entered, X)
    assert (first.head, head.head) == (False, True)
    assert torch.equal(head.post, head.pre)


def test_an_activation_that_is_no_module_shows_in_what_enters_the_next_layer() -> None:
    model = Functional()
    first, _ = watch(model, X)
    assert first.activation is None
    assert torch.equal(first.pre, model.one(X))
    assert torch.equal(first.post, model.one(X).relu())


def test_layers_come_in_the_order_in_which_they_are_called() -> None:
    model = Shared()
    first, second = watch(model, X)
    assert (first.name, second.name) == ("one", "two")
    assert torch.equal(second.post, model.two(model.one(X).tanh()).tanh())
    assert first.range == (-1.0, 1.0)


def test_layers_over_tokens_are_seen_too() -> None:
    table, cell, head = watch(Tokens(), torch.randint(7, (8, 5)))
    assert table.entered is None
    assert cell.pre.shape == (8, 5, 6)
    assert head.pre.shape == (8, 2)


def test_no_hook_is_left_behind() -> None:
    model = Functional()
    watch(model, X)
    with pytest.raises(RuntimeError):
        watch(model, torch.randn(8, 4))
    assert all(not module._forward_hooks for module in model.modules())


def gathered(model: nn.Module, *batches: torch.Tensor) -> list[Statistics]:
    statistics = [Statistics() for _ in watch(model, batches[0])]
    for batch in batches:
        for one, layer in zip(statistics, watch(model, batch), strict=True):
            one.add(layer)
    return statistics


def test_statistics_do_not_depend_on_how_samples_are_batched() -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    (whole, _), (parts, _) = gathered(model, X), gathered(model, X[:3], X[3:])
    values = model[0](X).tanh().detach()
    assert whole.post.mean == pytest.approx(float(values.mean()), abs=1e-6)
    assert whole.post.std == pytest.approx(float(values.std(correction=0)), rel=1e-5)
    assert parts.post.std == pytest.approx(whole.post.std)
    assert parts.saturated_fraction == whole.saturated_fraction


def test_a_unit_is_dead_only_if_no_sample_wakes_it() -> None:
    model = nn.Sequential(nn.Linear(3, 4, bias=True), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.eye(4, 3))
        model[0].bias.copy_(torch.tensor([-99.0, 0.0, 99.0, 0.0]))
    first, _ = gathered(model, X[:4], X[4:])
    # Unit 0 is pushed below zero, and unit 3 has weights and bias of zero.
    assert first.dead_fraction == 0.5
    one_awake = torch.zeros(8, 3)
    one_awake[5, 0] = 100.0
    assert gathered(model, one_awake[:4], one_awake[4:])[0].dead_fraction == 0.5
    assert gathered(model, one_awake[:4])[0].dead_fraction == 0.75


def test_a_convolutions_units_are_its_channels() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 16, 2))
    with torch.no_grad():
        model[0].weight[0].zero_()
        model[0].bias[0] = -1.0
    first, _ = gathered(model, torch.rand(4, 1, 6, 6))
    assert first.alive is not None
    assert first.alive.tolist()[0] is False
    assert len(first.alive) == 3


@pytest.mark.parametrize(
    ("activation", "scale", "share"),
    [
        (nn.Tanh(), 0.1, 0.0),
        (nn.Tanh(), 99.0, 1.0),
        (nn.Sigmoid(), 99.0, 1.0),
        (nn.ReLU(), 99.0, 0.0),
    ],
)
def test_units_at_the_ends_of_a_bounded_range_are_saturated(
    activation: nn.Module, scale: float, share: float
) -> None:
    model = nn.Sequential(nn.Linear(3, 5), activation, nn.Linear(5, 2))
    with torch.no_grad():
        model[0].weight.mul_(scale)
        model[0].bias.zero_()
    assert gathered(model, X)[0].saturated_fraction == share


def test_drift_is_the_shift_of_unit_means_in_deviations() -> None:
    model = Functional()
    (before, _), (after, _) = gathered(model, X), gathered(model, X + 2 * X.std(correction=0))
    assert before.drift(before) == 0.0
    assert after.drift(before) == pytest.approx(2.0, rel=1e-5)


def test_by_unit_puts_units_last() -> None:
    image = torch.arange(2 * 3 * 2 * 2.0).reshape(2, 3, 2, 2)
    assert by_unit(image, 1).shape == (8, 3)
    assert torch.equal(by_unit(image, 1)[:, 0], image[:, 0].flatten())
    assert by_unit(image[:, :, 0], -1).shape == (6, 2)


def test_histograms_count_every_value_kept_and_leave_out_what_is_no_number() -> None:
    values = torch.linspace(0, 1, 1001)
    found = histogram([values[:500], values[500:], torch.tensor([float("nan"), float("inf")])])
    assert sum(found.counts) == 1001
    assert (found.low, found.high) == pytest.approx((0.001, 0.999), abs=1e-3)
    assert sum(histogram([torch.full((9,), float("nan"))]).counts) == 0
    constant = histogram([torch.full((9,), 2.0)])
    assert (constant.low, constant.high, sum(constant.counts)) == (1.5, 2.5, 9)
