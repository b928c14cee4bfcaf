"""The intervals, tests and rules of comparisons, against scipy and against simulation."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import scipy.stats

from trickrun.checks.comparison import statistics
from trickrun.checks.comparison.statistics import (
    HAMPEL,
    MOST_SEEDS,
    NO_SPREAD,
    ONLY_ROUNDING,
    difference,
    holm,
    mcnemar,
    mean_of,
    odd_limit,
    odd_ones,
    power,
    seeds_needed,
)

A = [0.31, 0.28, 0.35, 0.30, 0.29, 0.41]
B = [0.25, 0.27, 0.31, 0.26, 0.28, 0.33]


def test_pairs_get_the_paired_t_interval():
    found = difference(A, B, paired=True)
    known = scipy.stats.ttest_rel(B, A)
    low, high = known.confidence_interval(0.95)
    assert (found.low, found.high, found.p) == pytest.approx((low, high, known.pvalue))
    assert found.mean == pytest.approx(np.mean(B) - np.mean(A))
    assert (found.n, found.method) == (6, "paired t")


def test_values_without_pairs_get_welchs_interval():
    found = difference(A, B[:4], paired=False)
    known = scipy.stats.ttest_ind(B[:4], A, equal_var=False)
    low, high = known.confidence_interval(0.95)
    assert (found.low, found.high, found.p) == pytest.approx((low, high, known.pvalue))
    assert (found.n, found.method) == (4, "Welch t")


def test_splits_of_their_own_widen_the_interval_as_nadeau_and_bengio_say():
    plain = difference(A, B, paired=True)
    wide = difference(A, B, paired=True, test_share=0.25)
    ratio = math.sqrt(1 / 6 + 0.25) / math.sqrt(1 / 6)
    assert (wide.high - wide.mean) / (plain.high - plain.mean) == pytest.approx(ratio)
    assert "resplitting" in wide.method


def test_one_value_has_no_interval():
    found = difference([1.0], [2.0], paired=True)
    assert (found.mean, found.low, found.high, found.p) == (1.0, None, None, None)
    assert "--seeds" in found.why_not
    assert difference([], [], paired=False).mean is None


def test_equal_differences_are_no_certainty():
    found = difference([0.5, 0.6, 0.7], [0.6, 0.7, 0.8], paired=True)
    assert (found.low, found.why_not) == (None, NO_SPREAD)
    assert difference([0.5, 0.5], [0.6, 0.6], paired=False).why_not == NO_SPREAD


def test_rounding_is_no_difference():
    noise = [0.5 + 1e-9, 0.6 - 2e-9, 0.7 + 3e-9]
    found = difference([0.5, 0.6, 0.7], noise, paired=True)
    assert (found.low, found.why_not) == (None, ONLY_ROUNDING)


def test_a_mean_has_students_interval():
    found = mean_of(A)
    low, high = scipy.stats.ttest_1samp(A, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_holm_adjusts_step_by_step():
    # 4 * 0.005, 3 * 0.01, 2 * 0.03, 1 * 0.04 but no less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([None, 0.02]) == [None, 0.02]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 5), (3, 10), (40, 60), (7, 7)])
def test_mcnemar_is_the_binomial_test(b, c):
    known = scipy.stats.binomtest(min(b, c), b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(known)


@pytest.mark.parametrize(("n", "size"), [(5, 0.8), (12, 1.0), (30, 0.3)])
def test_power_is_how_often_the_test_tells(n, size):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20_000, n)) + size
    share = (scipy.stats.ttest_1samp(x, 0, axis=1).pvalue < 0.05).mean()
    assert power(n, size, 0.05) == pytest.approx(share, abs=0.012)


def test_seeds_needed_are_the_fewest_with_enough_power():
    found = seeds_needed(0.5, 1.0)
    assert found == 34  # Cohen 1988, table 2.4.1: d = 0.5 in one sample
    assert power(found, 0.5, 0.05) >= 0.8 > power(found - 1, 0.5, 0.05)
    assert seeds_needed(0.5, 1.0, comparisons=3) > found
    assert seeds_needed(-0.5, 1.0) == found
    assert seeds_needed(50.0, 1.0) == 2 or seeds_needed(50.0, 1.0) == 3


def test_a_difference_too_small_needs_more_than_anybody_trains():
    assert seeds_needed(1e-4, 1.0) is None
    assert seeds_needed(0.0, 1.0) is None
    assert power(MOST_SEEDS, 1e-4, 0.05) < 0.8


def test_the_odd_one_is_found():
    values = [0.30, 0.31, 0.29, 0.30, 0.32, 0.95, 0.31, 0.30]
    assert odd_ones(values) == [5]
    assert odd_ones([-value for value in values]) == [5]


def test_two_odd_ones_do_not_hide_each_other():
    rest = [0.30, 0.31, 0.29, 0.30, 0.32, 0.31, 0.28, 0.33]
    assert odd_ones([*rest, 5.0, 5.1]) == [8, 9]


def test_few_or_equal_values_have_no_odd_one():
    assert odd_ones([0.3, 0.3, 0.3, 9.0]) == []
    assert odd_ones([0.3, 0.3, 0.3, 0.3, 9.0]) == []


@pytest.mark.parametrize("n", [5, 10, 50])
def test_normal_values_are_called_odd_in_one_sample_of_twenty(n):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((40_000, n))
    away = np.abs(x - np.median(x, 1, keepdims=True))
    most = away.max(1) / (statistics.TO_DEVIATION * np.median(away, 1))
    assert (most > odd_limit(n)).mean() == pytest.approx(0.05, abs=0.006)


def test_limits_between_entries_lie_between_them():
    assert HAMPEL[20] > odd_limit(25) > HAMPEL[30]
    assert odd_limit(5000) == HAMPEL[1000]


def test_intervals_hold_the_truth_as_often_as_they_say():
    draw = random.Random(0)
    held = 0
    for _ in range(600):
        common = [draw.gauss(0, 1) for _ in range(5)]
        first = [one + draw.gauss(0, 1) for one in common]
        second = [one + draw.gauss(0, 1) + 0.5 for one in common]
        found = difference(first, second, paired=True)
        held += found.low <= 0.5 <= found.high
    assert 0.92 <= held / 600 <= 0.98
