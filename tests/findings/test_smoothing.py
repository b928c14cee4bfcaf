"""Noise and trend of short curves."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.findings.evidence.curves import noise, reversals, smoothed

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
