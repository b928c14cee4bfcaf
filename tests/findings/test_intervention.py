"""When an edit that helped is a cause, and which of several causes comes first."""

import pytest

from trickrun.findings.intervention import Effect, first_to_last


def effect(
    gains: tuple[float, ...] = (0.3, 0.3, 0.3),
    likelihood: float = 0.5,
    before: float = 0.5,
    error: float = 0.01,
) -> Effect:
    after = before + sum(gains) / len(gains)
    return Effect(before, after, gains, error, likelihood)


def test_a_large_steady_gain_is_a_cause():
    assert effect().helps


@pytest.mark.parametrize(
    "weak",
    [
        effect((0.3, 0.3, -0.01)),
        effect((0.9, 0.1, 0.01)),
        effect((0.03, 0.03, 0.03), before=0.95, likelihood=0.1),
        effect((0.05, 0.05, 0.05), before=0.5),
        effect((0.2, 0.2, 0.2), error=0.25),
    ],
    ids=["not steady", "noisy", "tuning", "little of what is left", "within sampling error"],
)
def test_a_gain_that_tuning_or_chance_explains_is_none(weak):
    assert not weak.helps


def test_a_suspicious_part_needs_less_proof():
    small = (0.03, 0.03, 0.03)
    assert effect(small, likelihood=0.95, before=0.9).helps
    assert not effect(small, likelihood=0.2, before=0.9).helps
    assert effect((0.25, 0.1, -0.01), likelihood=0.9).helps


def test_the_likelier_of_equal_causes_comes_first():
    tried = {
        "adds batch norm": effect((0.4, 0.4, 0.4), likelihood=0.1),
        "plain init": effect((0.38, 0.38, 0.38), likelihood=0.9),
        "no effect": effect((0.0, 0.0, 0.0), likelihood=0.9),
    }
    assert first_to_last(tried) == ["plain init", "adds batch norm"]


def test_a_much_larger_gain_beats_likelihood():
    tried = {
        "likely": effect((0.15, 0.15, 0.15), likelihood=0.9),
        "strong": effect((0.45, 0.45, 0.45), likelihood=0.2),
    }
    assert first_to_last(tried) == ["strong", "likely"]


def test_one_seed_has_no_noise_of_its_own():
    assert effect((0.3,)).noise == 0.0
