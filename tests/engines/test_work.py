"""How a trial ended, as its result says it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from trickrun.engines.leg import WHOLE, Leg
from trickrun.engines.trial import make_trial
from trickrun.engines.work import ALONE, outcome
from trickrun.recipe.patch import canonical
from trickrun.records import End, NonFinite

HERE = Path(__file__).parent
BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 32},
    "model": {"kind": "mlp", "hidden": [8]},
    "train": {"epochs": 3},
}
TRIAL = make_trial(canonical(BASE), {}, HERE)


def ended(how: End | Exception, leg: Leg = WHOLE) -> tuple[str, float | None, str]:
    """The status, the metric and the reason of a trial that ended so."""
    result = outcome(TRIAL, "val_auroc", ALONE, 1.0, how, leg)
    assert bool(result.values) == (result.metric is not None)
    return result.status, result.metric, result.reason


def test_an_end_with_a_metric_is_a_result():
    values = {"val_loss": 0.5, "val_auroc": 0.9}
    assert ended(End("epochs", values)) == ("finished", 0.9, "")
    paused = ended(End("interrupt", values), Leg(2, 3))
    assert paused == ("stopped", 0.9, "stopped at rung 2, after 3 epochs")


@pytest.mark.parametrize("stopped_by", ["epochs", "interrupt"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_no_number_is_a_failure(stopped_by, value):
    values = {"val_loss": 0.5, "val_auroc": value}
    expected = ("failed", None, "its val_auroc is not a number")
    assert ended(End(stopped_by, values), Leg(1, 1)) == expected


def test_an_end_without_the_metric_is_a_failure():
    assert ended(End("epochs", {})) == ("failed", None, "its evaluations are not finite")
    expected = ("failed", None, "its evaluations have no val_auroc: epoch, val_loss")
    assert ended(End("epochs", {"epoch": 1.0, "val_loss": 0.5})) == expected


def test_a_loss_that_is_not_finite_is_divergence():
    assert ended(NonFinite(7, math.inf)) == ("diverged", None, "the loss of step 7 is inf")
