"""What is watched must be there, and whether higher is better must be known."""

import pytest
import torch

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.tricks.metrics import METRICS
from trickrun.tricks.monitor import Monitor, higher_is_better

BUILT_IN = [METRICS[kind]() for kind in METRICS.files if kind != "python"]


@pytest.mark.parametrize("metric", BUILT_IN, ids=lambda metric: metric.name)
def test_mode_auto_knows_the_direction_of_every_metric(metric):
    assert higher_is_better(metric.name) is not None
    if metric.task == "regression":
        task = Task("regression")
        target = torch.linspace(0, 1, 30).unsqueeze(1)
        right, wrong = target, 1 - target
    elif metric.task == "multilabel":
        task = Task("multilabel", targets=3)
        target = (torch.arange(30)[:, None] % torch.tensor([2, 3, 5]) == 0).double()
        right, wrong = target, 1 - target
    else:
        task = Task("classification", classes=10)
        target = torch.arange(30) % 10
        right = torch.nn.functional.one_hot(target, 10).float()
        wrong = 1 - right
    good, bad = (metric.compute(scores, target, task) for scores in (right, wrong))
    watch = Monitor(monitor=f"val_{metric.name}")
    better, worse = watch.badnesses([{watch.monitor: good}, {watch.monitor: bad}])
    assert better < worse


def test_the_direction_of_other_names_is_not_known():
    assert higher_is_better("loss") is False
    assert [higher_is_better(name) for name in ("mine", "python", "")] == [None, None, None]


def test_a_value_that_no_evaluation_has_is_refused():
    with pytest.raises(CompileError, match="no evaluation has a value val_f1_macro") as caught:
        Monitor(monitor="val_f1_macro").check(["train_loss", "val_loss"], "early_stopping")
    assert caught.value.where == "early_stopping.monitor"
    assert caught.value.hint == "there are: train_loss, val_loss"


def test_a_metric_of_ones_own_needs_a_mode():
    values = ["val_loss", "val_mine"]
    with pytest.raises(CompileError, match="whether a higher val_mine is better") as caught:
        Monitor(monitor="val_mine").check(values, "optimizer.schedule")
    assert caught.value.where == "optimizer.schedule.mode"
    Monitor(monitor="val_mine", mode="max").check(values, "optimizer.schedule")
    Monitor().check(values, "early_stopping")
