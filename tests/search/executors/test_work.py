"""How a trial ended, as its result says it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from trickrun.recipe.patch import canonical
from trickrun.search.executors.work import ALONE, outcome, run_trial
from trickrun.search.segment import WHOLE, Segment
from trickrun.search.trial import TrialResult, make_trial
from trickrun.training.events import End, NonFinite

USER_CODE = """
import sys
import torch

class Leaves(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x) if len(x) == 2 else LEAVE

def net(inputs, outputs):
    return Leaves(inputs[0], outputs)
"""

HERE = Path(__file__).parent
BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 32},
    "model": {"kind": "mlp", "hidden": [8]},
    "train": {"epochs": 3},
}
TRIAL = make_trial(canonical(BASE), {}, HERE)


def ended(how: End | Exception, segment: Segment = WHOLE) -> tuple[str, float | None, str]:
    """The status, the metric and the reason of a trial that ended so."""
    result = outcome(TRIAL, "val_auroc", ALONE, 1.0, how, segment)
    assert bool(result.values) == (result.metric is not None)
    return result.status, result.metric, result.reason


def test_an_end_with_a_metric_is_a_result():
    values = {"val_loss": 0.5, "val_auroc": 0.9}
    assert ended(End("epochs", values)) == ("finished", 0.9, "")
    paused = ended(End("stop_at", values), Segment(2, 3))
    assert paused == ("stopped", 0.9, "stopped at rung 2, after 3 epochs")


@pytest.mark.parametrize("stopped_by", ["epochs", "stop_at"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_no_number_is_a_failure(stopped_by, value):
    values = {"val_loss": 0.5, "val_auroc": value}
    expected = ("failed", None, "its val_auroc is not a number")
    assert ended(End(stopped_by, values), Segment(1, 1)) == expected


def test_an_end_without_the_metric_is_a_failure():
    assert ended(End("epochs", {})) == ("failed", None, "its evaluations are not finite")
    expected = ("failed", None, "its evaluations have no val_auroc: epoch, val_loss")
    assert ended(End("epochs", {"epoch": 1.0, "val_loss": 0.5})) == expected


def test_a_loss_that_is_not_finite_is_divergence():
    assert ended(NonFinite(7, math.inf)) == ("diverged", None, "the loss of step 7 is inf")


def trained(folder: Path, leave: str) -> TrialResult:
    """The result of a network that leaves by ``leave`` at its first batch."""
    (folder / "leaving_nets.py").write_text(USER_CODE.replace("LEAVE", leave))
    tree = canonical({**BASE, "model": {"kind": "python", "target": "leaving_nets:net"}})
    return run_trial(make_trial(tree, {}, folder), folder, "val_loss")


def test_user_code_that_exits_is_a_trial_that_failed(tmp_path):
    result = trained(tmp_path, "sys.exit(3)")
    assert result.status == "failed"
    assert "SystemExit: 3" in result.reason
    assert f"in {tmp_path / 'leaving_nets.py'}, line 7: " in result.reason


def test_an_interrupt_ends_more_than_its_trial(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, "(_ for _ in ()).throw(KeyboardInterrupt)")
