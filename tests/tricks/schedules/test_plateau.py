"""Plateau against torch's ReduceLROnPlateau, as a function of the history alone."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.tricks.schedules import Span
from trickrun.tricks.schedules.plateau import Plateau

BASE = 0.3


def theirs(values, plateau):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="max" if plateau.maximizes else "min",
        factor=plateau.factor,
        patience=plateau.patience,
        threshold=plateau.min_delta,
        threshold_mode="abs",
        cooldown=plateau.cooldown,
        min_lr=plateau.min_lr,
        eps=0.0,
    )
    lrs = []
    for value in values:
        scheduler.step(value)
        lrs.append(optimizer.param_groups[0]["lr"])
    return lrs


def ours(values, plateau):
    history = [{plateau.monitor: value} for value in values]
    return [
        plateau.lr(BASE, 0, Span(1, 1)) * plateau.scale(BASE, history[: n + 1])
        for n in range(len(history))
    ]


@given(
    # Steps of 1/8 are exact, so that both compare the same numbers; NaN must not count as better.
    values=st.lists(st.integers(-40, 40).map(lambda n: n / 8) | st.just(math.nan), max_size=40),
    factor=st.floats(0.1, 0.9),
    patience=st.integers(0, 4),
    cooldown=st.integers(0, 4),
    min_lr=st.sampled_from([0.0, 1e-3, 0.1, 0.5]),
    min_delta=st.sampled_from([0.0, 0.25, 1.0]),
    monitor=st.sampled_from(["val_loss", "val_accuracy"]),
)
def test_equals_torch(values, factor, patience, cooldown, min_lr, min_delta, monitor):
    plateau = Plateau(
        factor=factor,
        patience=patience,
        cooldown=cooldown,
        min_lr=min_lr,
        min_delta=min_delta,
        monitor=monitor,
    )
    assert ours(values, plateau) == pytest.approx(theirs(values, plateau), rel=1e-9)


def test_reduces_after_more_bad_evaluations_than_patience():
    plateau = Plateau(factor=0.5, patience=2)
    assert ours([1.0, 1.0, 1.0, 1.0, 0.5, 0.4], plateau) == [0.3, 0.3, 0.3, 0.15, 0.15, 0.15]


def test_a_group_below_min_lr_keeps_its_own():
    plateau = Plateau(patience=0, min_lr=0.1)
    history = [{"val_loss": 1.0}] * 3
    assert plateau.scale(0.05, history) == 1.0
    assert plateau.scale(0.0, history) == 1.0
