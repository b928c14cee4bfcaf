import math

import pytest

from trickrun.reporting.console import duration, number, size


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0.0000"),
        (0.03124, "0.0312"),
        (-2.5, "-2.5000"),
        (15.744, "15.74"),
        (2903.14, "2903.1"),
        (1.23456e-6, "1.235e-06"),
        (3.5e9, "3.5e+09"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (None, "-"),
    ],
)
def test_number(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 2**30, "5.0 GiB"), (2**42, "4.0 TiB")],
)
def test_size(count, shown):
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-3, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_duration(seconds, shown):
    assert duration(seconds) == shown
