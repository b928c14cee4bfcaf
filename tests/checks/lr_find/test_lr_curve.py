"""The rule on curves whose points are known: clean, noisy, and each reason to refuse."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.checks.lr_find.curve import Reading, advise, read

STEPS = 200
LRS = [1e-7 * 1e8 ** (step / (STEPS - 1)) for step in range(STEPS)]
X = np.log10(LRS)


def curve(fall=-3.0, width=0.3, rise=-0.5, initial=2.3, final=0.1, noise=0.0, seed=0):
    """A loss that falls around lr 10**fall and rises from 10**rise on, with relative noise."""
    clean = final + (initial - final) / (1 + np.exp((X - fall) / width))
    clean = clean + initial * np.expm1(np.maximum(X - rise, 0) * 6)
    factors = np.random.default_rng(seed).normal(1, noise, STEPS)
    return (clean * factors).tolist()


def within(value, exponent, decades):
    assert abs(math.log10(value) - exponent) < decades


def test_the_points_of_a_clean_curve():
    reading = read(LRS, curve())
    assert reading.refused == ""
    assert reading.initial == pytest.approx(2.3, rel=1e-3)
    within(reading.steepest, -3.0, 0.05)
    # 99 % of a logistic fall: width * ln 99 beyond its middle.
    within(reading.bottom, -3.0 + 0.3 * math.log(99), 0.15)
    assert reading.bottom < reading.lowest < 10**-0.4
    # Half of 2.2 regained: 2.3 * expm1(6 d) = 1.1.
    within(reading.edge, -0.5 + math.log1p(1.1 / 2.3) / 6, 0.15)
    middle = (2 * math.log10(reading.bottom) + math.log10(reading.steepest)) / 3
    assert math.log10(reading.suggestion) == pytest.approx(middle)


def test_the_curve_ends_where_it_has_risen():
    reading = read(LRS, curve())
    assert len(reading.lrs) == len(reading.losses) == len(reading.smoothed) < STEPS
    assert reading.smoothed[-1] < 1.5 * 2.3 * 1.5


@given(st.floats(-5.5, -2.0), st.floats(1e-3, 1e5))
def test_scale_of_loss_and_place_of_the_fall_do_not_matter(fall, scale):
    base = read(LRS, curve(fall=-3.0, rise=0.0))
    moved = read(LRS, [scale * loss for loss in curve(fall=fall, rise=fall + 3.0)])
    shift = math.log10(moved.suggestion) - math.log10(base.suggestion)
    assert shift == pytest.approx(fall + 3.0, abs=0.1)


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
def test_noise_moves_the_suggestion_little(noise):
    clean = math.log10(read(LRS, curve()).suggestion)
    noisy = [read(LRS, curve(noise=noise, seed=seed)) for seed in range(20)]
    assert all(reading.refused == "" for reading in noisy)
    off = [abs(math.log10(reading.suggestion) - clean) for reading in noisy]
    assert np.median(off) < 0.15
    assert max(off) < 0.5


@pytest.mark.parametrize("place", [0, 3, 49, 80, 110, 140])
@pytest.mark.parametrize("height", [30.0, 1e6])
def test_a_spike_changes_nothing(place, height):
    losses = curve()
    spiked = losses.copy()
    spiked[place] = height
    assert read(LRS, spiked).suggestion == pytest.approx(read(LRS, losses).suggestion, rel=0.07)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1, 0.5])
def test_a_level_curve_is_refused(noise):
    for seed in range(20):
        losses = (2.3 * np.random.default_rng(seed).normal(1, noise, STEPS)).tolist()
        assert "does not fall" in read(LRS, losses).refused
        assert math.isnan(read(LRS, losses).suggestion)


def test_a_fall_within_the_noise_is_refused():
    reading = read(LRS, curve(final=2.2, noise=0.1))
    assert "a drop of up to" in reading.refused


def test_a_tiny_fall_without_noise_is_refused():
    assert "overfit-batch" in read(LRS, curve(final=2.29)).refused
    assert read(LRS, curve(final=2.2)).refused == ""


def test_a_curve_that_falls_to_the_end_is_refused():
    assert "still falling at the last lr, 10" in read(LRS, curve(fall=0.8, rise=5)).refused


def test_a_curve_that_has_come_to_its_bottom_before_the_end_is_not():
    reading = read(LRS, curve(fall=-1.5, rise=5))
    assert reading.refused == ""
    assert reading.edge is None


def test_a_curve_that_breaks_off_while_it_falls_has_its_bottom_there():
    losses = curve(fall=-1.0)[:150]
    reading = read(LRS, losses)
    assert reading.refused == ""
    assert reading.suggestion < reading.bottom <= LRS[149]
    assert reading.edge == LRS[150]


def test_a_curve_that_only_rises_is_refused_and_says_from_where():
    reading = read(LRS, curve(fall=3.0, rise=-6.0))
    assert "It only rises, from lr 1.5e-06 on. Lower --low" in reading.refused


@pytest.mark.parametrize("steps", [0, 1, 9])
def test_a_loss_that_is_not_finite_at_once_is_refused(steps):
    reading = read(LRS, [2.3] * steps)
    assert f"NaN or infinite at step {steps + 1}" in reading.refused
    assert list(reading.lrs) == LRS[:steps]


def test_a_second_descent_after_a_rise_is_no_bottom():
    second = np.array(curve(rise=5)) + 0.8 * np.exp(-(((X + 0.5) / 0.3) ** 2))
    second[X > 0.3] *= 0.01
    reading = read(LRS, second.tolist())
    assert reading.lowest > 1
    within(reading.bottom, -2.0, 0.5)


def test_unlearning_a_bad_start_is_not_the_steepest_fall():
    overconfident = np.array(curve()) + 2 / (1 + np.exp((X + 5) / 0.15))
    within(read(LRS, overconfident.tolist()).steepest, -3.0, 0.1)


def test_a_long_flat_bottom_begins_where_the_fall_ends():
    losses = np.array(curve(fall=-4.0, rise=5, noise=0.0)) - 1e-4 * (X + 7)
    reading = read(LRS, losses.tolist())
    assert reading.lowest == pytest.approx(10, rel=0.1)
    within(reading.bottom, -2.6, 0.3)


def reading_at(suggestion, refused=""):
    """A reading whose steepest point and bottom both lie at ``suggestion``."""
    at = suggestion
    return Reading([], [], [], 2.3, at, at, at, at, 100 * at, refused)


def test_advice_is_the_median_with_the_band():
    advice = advise([reading_at(0.02), reading_at(0.0123456), reading_at(0.05)])
    assert advice.suggestion == 0.02
    assert (advice.low, advice.high) == pytest.approx((0.0123456, 0.05))
    assert advice.min_over_10 == pytest.approx(0.002)
    assert advice.edge == pytest.approx(1.23456)
    assert advice.refused is None


def test_advice_of_two_seeds_is_their_geometric_mean_in_two_digits():
    assert advise([reading_at(0.01), reading_at(0.03)]).suggestion == 0.017


def test_seeds_far_apart_are_refused():
    assert advise([reading_at(0.01), reading_at(0.29)]).suggestion is not None
    apart = advise([reading_at(0.01), reading_at(0.02), reading_at(0.31)])
    assert apart.suggestion is None
    assert "0.01 to 0.31" in str(apart.refused)
    assert (apart.low, apart.high) == pytest.approx((0.01, 0.31))


def test_one_refused_seed_refuses_all():
    advice = advise([reading_at(0.01), reading_at(math.nan, "because")])
    assert advice.suggestion is None
    assert advice.refused == "because"
    assert advice.low is None
