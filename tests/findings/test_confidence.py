"""How sure a diagnosis is: a logistic model of what speaks for the first cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trickrun.findings.confidence import TRIED, UNTRIED, Standpoint, confidence

PROVED = Standpoint(
    certain=False, confirmed=True, closes=0.9, likelihood=0.8, told=True, own_network=False
)


def test_it_is_the_logistic_function_of_the_weighted_numbers():
    assert confidence(PROVED, {"one": 0.0}) == 0.5
    assert confidence(PROVED, {"one": 1.0, "closes": 2.0}) == pytest.approx(0.942676, abs=1e-6)


@pytest.mark.parametrize("weights", [TRIED, UNTRIED])
def test_weights_are_of_numbers_that_there_are(weights):
    assert set(weights) <= set(PROVED.numbers)


def test_what_lies_beyond_the_range_counts_as_its_end():
    over = replace(PROVED, closes=7.0)
    assert confidence(over, TRIED) == confidence(replace(PROVED, closes=1.0), TRIED)


def test_an_edit_that_helps_little_and_one_that_was_not_tried_are_less_sure():
    little = confidence(replace(PROVED, closes=0.2), TRIED)
    assert confidence(replace(PROVED, confirmed=False, closes=0.0), TRIED) < little
    assert little < confidence(PROVED, TRIED)
