"""The recipe's gates, on results made by hand."""

import math

import pytest

from trickrun.recipe.expect import CONDITION, met, missed

RESULT = {"steps": 40, "test": {"accuracy": 0.95, "loss": math.nan}, "stopped_by": "steps"}


@pytest.mark.parametrize(
    ("value", "condition", "is_met"),
    [
        (0.95, ">= 0.95", True),
        (0.95, "> 0.95", False),
        (0.95, "<=0.95", True),
        (0.95, "< 1", True),
        (40, "== 40", True),
        (41, "== 40", False),
        (1e-4, "< 1e-3", True),
        (-2.0, " > -2.5 ", True),
        (0.4, "<.5", True),
        (math.inf, "> 1", True),
        (math.nan, "> 0", False),
        (math.nan, "<= 0", False),
        (None, ">= 0", False),
    ],
)
def test_a_condition(value, condition, is_met):
    assert met(value, condition) is is_met


@pytest.mark.parametrize(
    "text", ["0.9", ">= ", ">= 1.2.3", "=> 1", ">= 0.9 or so", ">= nan", "> ."]
)
def test_what_is_no_condition(text):
    assert CONDITION.match(text) is None


def test_what_is_missed_is_told_with_both_values():
    expect = {
        "steps": "<= 40",
        "test.accuracy": ">= 0.96",
        "test.loss": "< 1",
        "test.f1_macro": "> 0.5",
        "best.val_loss": "< 1",
        "stopped_by": "== 1",
    }
    assert missed(expect, RESULT) == [
        "test.accuracy is 0.95, expected >= 0.96",
        "test.loss is nan, expected < 1",
        "test.f1_macro is not there, expected > 0.5",
        "best.val_loss is not there, expected < 1",
        "stopped_by is not there, expected == 1",
    ]
