"""Each encoding of numbers does what its formula says, computed again with numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trickrun.nn.columns import encoder_of
from trickrun.nn.rng import generator
from trickrun.tricks.numeric.periodic import Periodic
from trickrun.tricks.numeric.piecewise import Piecewise, edges
from trickrun.tricks.numeric.plain import Plain


def table(rows: int = 200) -> torch.Tensor:
    """A normal feature, a skewed one, one of five values, a 0/1 one and a constant one."""
    draw = np.random.default_rng(0)
    columns = [
        draw.normal(size=rows),
        draw.exponential(size=rows) ** 3,
        draw.integers(0, 5, rows) / 4,
        draw.integers(0, 2, rows),
        np.ones(rows),
    ]
    return torch.from_numpy(np.stack(columns, 1))


def by_formula(x: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Equation 1 of the paper, entry by entry."""
    count = len(bounds) - 1
    found = np.zeros((len(x), count))
    for row, value in enumerate(x):
        for t in range(1, count + 1):
            low, high = bounds[t - 1], bounds[t]
            if value < low and t > 1:
                found[row, t - 1] = 0
            elif value >= high and t < count:
                found[row, t - 1] = 1
            else:
                found[row, t - 1] = (value - low) / (high - low)
    return found


def test_plain_leaves_every_number_as_it_is() -> None:
    assert Plain().off
    assert Plain().sizes(table()) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("bins", [2, 7, 48])
def test_bins_lie_between_numpys_quantiles(bins: int) -> None:
    x = table()[:, 0]
    expected = np.quantile(x.numpy(), np.arange(bins + 1) / bins)
    assert edges(x, bins).numpy() == pytest.approx(expected)


def test_quantiles_that_coincide_are_one_edge() -> None:
    x = torch.tensor([0.0] * 90 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    assert edges(x, 4).tolist() == [0, 10]


def test_there_are_fewer_bins_than_different_values_and_none_for_two_of_them() -> None:
    assert Piecewise(bins=10).sizes(table()) == (10, 10, 4, 0, 0)
    assert Piecewise(bins=3).sizes(table()) == (3, 3, 3, 0, 0)


def test_piecewise_is_equation_1_within_and_beyond_the_training_range() -> None:
    x = table()[:, :3]
    kind = Piecewise(bins=6)
    sizes = kind.sizes(x)
    encoder = kind.encoder(x, sizes, seed=0)
    wide = torch.cat([x, 3 * x - 4, x.amax(0, keepdim=True) + 5, x.amin(0, keepdim=True) - 5])
    expected = [
        by_formula(wide[:, i].numpy(), np.unique(np.quantile(x[:, i], np.arange(n + 1) / n)))
        for i, n in ((0, 6), (1, 6), (2, 4))
    ]
    assert encoder(wide).numpy() == pytest.approx(np.concatenate(expected, 1))
    assert encoder(wide).min() < 0, "nothing lies below the range"
    assert encoder(wide).max() > 1, "nothing lies above the range"


def test_of_a_stand_ins_samples_piecewise_has_the_shape_of_the_run() -> None:
    x = table()[:, :3]
    kind = Piecewise(bins=6)
    trained = kind.encoder(x, kind.sizes(x), seed=0)
    opened = kind.encoder(torch.zeros(2, 3, dtype=x.dtype), kind.sizes(x), seed=0)
    opened.load_state_dict(trained.state_dict())
    assert torch.equal(opened(x), trained(x))


def test_periodic_is_relu_of_a_layer_for_each_feature() -> None:
    x = table()[:, :3]
    kind = Periodic(sigma=1.0, frequencies=4, features=5)
    encoder = kind.encoder(x, kind.sizes(x), seed=3).double()
    state = {name: value.numpy() for name, value in encoder.state_dict().items()}
    c, w, b = (state[n] for n in ("periodic.frequencies", "linear.weight", "linear.bias"))
    expected = []
    for i in range(3):
        angles = 2 * np.pi * x[:, i].numpy()[:, None] * c[i]
        waves = np.concatenate([np.sin(angles), np.cos(angles)], 1)
        rows = slice(5 * i, 5 * i + 5)
        expected.append(np.maximum(waves @ w[rows, :, 0].T + b[rows], 0))
    found = encoder(x).detach().numpy()
    assert found == pytest.approx(np.concatenate(expected, 1))


def test_frequencies_start_at_sigma_in_a_stream_of_their_own() -> None:
    x = table()[:, :2].float()
    kind = Periodic(sigma=3.0, frequencies=2000)
    frequencies = kind.encoder(x, kind.sizes(x), seed=5)[0].frequencies.detach()
    drawn = torch.empty(2, 2000).normal_(generator=generator(5, "init", "frequencies"))
    assert torch.allclose(frequencies, 3 * drawn)
    assert float(frequencies.std()) == pytest.approx(3.0, rel=0.05)


def test_the_gradient_reaches_the_frequencies() -> None:
    x = table()[:, :2].double()
    kind = Periodic(sigma=1.0, frequencies=3, features=4)
    encoder = kind.encoder(x, kind.sizes(x), seed=0).double()
    frequencies = encoder[0].frequencies
    encoder(x).square().sum().backward()
    moved = []
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            frequencies[1, 2] += step
            moved.append(float(encoder(x).square().sum()))
            frequencies[1, 2] -= step
    assert float(frequencies.grad[1, 2]) == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-4)
    assert (frequencies.grad != 0).all()


def test_periodic_passes_two_values_as_they_are() -> None:
    assert Periodic(features=7).sizes(table()) == (7, 7, 7, 0, 0)


def test_a_network_without_table_has_no_encoder() -> None:
    assert encoder_of(torch.nn.Linear(2, 2)) is None
