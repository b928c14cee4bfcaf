"""Winners' confidence intervals."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from trickrun.search.winners import interval


@pytest.mark.parametrize("values", [[0.1, 0.4], [1.0, 2.0, 4.0], [0.9, 0.91, 0.88, 0.93, 0.9]])
def test_the_interval_is_students(values: list[float]):
    n, mean = len(values), sum(values) / len(values)
    expected = stats.t.interval(0.95, n - 1, loc=mean, scale=stats.sem(values))
    assert interval(values) == pytest.approx(expected)


def test_one_value_says_nothing_of_the_spread():
    assert interval([0.5]) == (-math.inf, math.inf)
