"""Noise and trend of short curves."""

from __future__ import annotations

import math
import random
from statistics import linear_regression

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.diagnose.smoothing import noise, reversals, slope, slope_error, smoothed

curves = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=60)


@given(curves)
def test_smoothing_stays_within_the_values_around(values: list[float]) -> None:
    half = max(3, len(values) // 10) // 2
    for i, value in enumerate(smoothed(values)):
        near = values[max(0, i - half) : i + half + 1]
        assert min(near) <= value <= max(near)


def test_a_single_spike_leaves_no_trace_and_a_steep_start_stays() -> None:
    assert smoothed([5.0, 1.0, 1.0, 9.0, 1.0, 1.0]) == [5.0, 1.0, 1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("deviation", [0.01, 0.3])
@pytest.mark.parametrize("trend", [0.0, -0.02])
def test_noise_is_the_deviation_whatever_the_trend(deviation: float, trend: float) -> None:
    draw = random.Random(0)
    values = [trend * i + draw.gauss(0, deviation) for i in range(900)]
    assert noise(values) == pytest.approx(deviation, rel=0.15)


def test_noise_of_a_smooth_or_very_short_curve_is_none() -> None:
    assert noise([3.0, 2.0, 1.0, 0.0, -1.0]) == 0.0
    assert noise([3.0, 9.0, 1.0]) == 0.0


@given(curves)
def test_slope_is_that_of_linear_regression(values: list[float]) -> None:
    expected = linear_regression(range(len(values)), values).slope
    assert slope(values) == pytest.approx(expected, abs=1e-9 * max(1, *map(abs, values)))


def test_the_slope_error_covers_the_true_slope_as_often_as_it_should() -> None:
    draw = random.Random(1)
    covered = 0
    for _ in range(400):
        values = [0.5 * i + draw.gauss(0, 1) for i in range(12)]
        covered += abs(slope(values) - 0.5) < 2.228 * slope_error(values)  # t, 10 degrees, 95 %
    assert 0.92 < covered / 400 < 0.98
    assert slope_error([1.0, 2.0]) == math.inf


@pytest.mark.parametrize(
    ("values", "swings"),
    [
        ([3, 2, 1, 0], []),
        ([3, 1, 2, 0], [1]),
        ([0, 2, 1, 3, 0, 9], [1, 2, 3]),
    ],
)
def test_reversals_are_the_ways_between_turns(values: list[float], swings: list[float]) -> None:
    assert reversals(values) == swings
