"""Smoothing, noise, slopes and the place to stop, against direct formulas."""

import numpy as np
import pytest

from trickrun.checks.lr_find.signal import (
    average,
    decay,
    first_rise,
    level,
    noise,
    significant,
    slope,
    smooth,
    valley,
    without_spikes,
)


def geometric(steps, low=1e-7, high=10.0):
    return [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]


LRS = geometric(200)


def test_average_is_the_weighted_mean_of_all_values_so_far():
    values = np.random.default_rng(0).normal(size=30)
    averaged = average(values, 0.8)
    for step in range(30):
        weights = 0.8 ** np.arange(step, -1, -1)
        assert averaged[step] == pytest.approx(np.average(values[: step + 1], weights=weights))


def test_average_without_memory_is_the_values():
    assert average(np.array([3.0, 1.0, 2.0]), 0.0).tolist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("steps", "low", "high", "reach"),
    [
        (201, 1e-7, 10.0, 5.0),
        (401, 1e-7, 10.0, 10.0),
        (201, 1e-3, 0.1, 20.0),
        (50, 1e-7, 10.0, 1.225),
    ],
)
def test_the_memory_is_a_fifth_of_a_decade(steps, low, high, reach):
    assert 1 / (1 - decay(geometric(steps, low, high))) == pytest.approx(reach)


def test_fewer_than_one_step_in_the_window_smooths_nothing():
    assert decay(geometric(10)) == 0


def test_running_medians_drop_one_spike_and_keep_a_slope():
    falling = np.linspace(2, 1, 20)
    spiked = falling.copy()
    spiked[[0, 7, 19]] = 50.0, 50.0, -50.0
    assert without_spikes(falling)[1:-1] == pytest.approx(falling[1:-1])
    assert np.abs(without_spikes(spiked) - falling).max() < 0.06


def test_smoothing_weighs_by_the_distance_to_both_sides():
    losses = np.random.default_rng(1).normal(size=200)
    kept, smoothed = without_spikes(losses), smooth(LRS, losses)
    for step in (0, 1, 50, 198, 199):
        weights = decay(LRS) ** np.abs(np.arange(200) - step)
        assert smoothed[step] == pytest.approx(np.average(kept, weights=weights))


def test_smoothing_has_no_lag():
    step = np.where(np.arange(200) < 100, 2.0, 1.0)
    smoothed = smooth(LRS, step)
    assert smoothed[99] + smoothed[100] == pytest.approx(3.0)
    assert smoothed[80] - 1.5 == pytest.approx(1.5 - smoothed[119])


def test_noise_is_that_of_single_losses_whatever_the_trend():
    draws = np.random.default_rng(2).normal(0, 0.1, size=2000)
    trend = np.concatenate(
        [np.full(1000, 2.0), np.linspace(2, 0.1, 900), np.geomspace(0.1, 1e9, 100)]
    )
    assert noise(draws) == pytest.approx(0.1, rel=0.1)
    assert noise(draws + trend) == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize("steps", [50, 200, 1000])
@pytest.mark.parametrize("kind", ["normal", "exponential"])
def test_one_level_curve_in_a_hundred_falls_significantly(steps, kind):
    lrs = geometric(steps)
    draw = getattr(np.random.default_rng(3), kind)
    fell = 0
    for _ in range(200):
        losses = 10 + draw(size=steps)
        drop = level(lrs, losses)[0] - smooth(lrs, losses).min()
        fell += drop > significant(lrs, losses)
    assert fell <= 5


def test_slope_of_a_parabola():
    x = np.linspace(-2, 2, 101)
    assert slope(x, x**2)[10:90] == pytest.approx(2 * x[10:90])


def test_slope_of_a_single_point_is_zero():
    assert slope(np.array([1.0]), np.array([5.0])).tolist() == [0.0]


def test_a_rise_is_found_by_the_initial_loss():
    level = [2.0] * 60
    assert first_rise(LRS, level + [3.2] * 30) == pytest.approx(75, abs=15)
    assert first_rise(LRS, level + [2.9] * 30) is None
    fitted = [2.0] * 30 + [0.01] * 30 + [1.0] * 60
    assert first_rise(LRS, fitted) is None


def test_a_rise_must_stand_out_of_the_noise_where_the_loss_is_near_zero():
    noise = np.abs(np.random.default_rng(2).normal(0, 0.01, size=200))
    assert first_rise(LRS, noise.tolist()) is None
    assert first_rise(LRS, [*noise.tolist(), *[0.3] * 20]) is not None


def test_a_negative_loss_may_rise_too():
    level = [-2.0] * 60
    assert first_rise(LRS, level + [-1.5] * 40) is None
    assert first_rise(LRS, level + [0.0] * 40) is not None


def test_one_spike_is_no_rise_wherever_the_test_is_asked():
    losses = [2.0] * 100
    losses[49] = 100.0
    for asked in (50, 51, 52, 60, 100):
        assert first_rise(LRS, losses[:asked]) is None


def test_the_answer_stays_as_losses_arrive():
    losses = [2.0] * 60 + list(np.geomspace(2, 1e6, 60))
    whole = first_rise(LRS, losses)
    assert whole is not None
    assert first_rise(LRS, losses[: whole + 2]) == whole
    assert first_rise(LRS, losses[: whole + 1]) is None


def test_the_beginning_is_never_a_rise():
    assert first_rise(LRS, [1.0, 50.0, 100.0, 200.0]) is None


def test_valley_is_the_middle_of_the_longest_descent():
    curve = np.concatenate([np.full(40, 2.0), np.linspace(1.99, 1, 60), np.linspace(1, 3, 20)])
    assert valley(curve) == pytest.approx(40 + 30, abs=2)
    assert valley(np.array([1.0, 2.0, 3.0])) == 0
