"""Every schedule against torch's scheduler of that name, or against its formula."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.optim import lr_scheduler

from trickrun.tricks.schedules import SCHEDULES, Span
from trickrun.tricks.schedules.constant import Constant
from trickrun.tricks.schedules.cosine import Cosine
from trickrun.tricks.schedules.cosine_restarts import CosineRestarts
from trickrun.tricks.schedules.exponential import Exponential
from trickrun.tricks.schedules.inverse_sqrt import InverseSqrt
from trickrun.tricks.schedules.linear import Linear
from trickrun.tricks.schedules.lr_range import LRRange
from trickrun.tricks.schedules.one_cycle import OneCycle
from trickrun.tricks.schedules.polynomial import Polynomial
from trickrun.tricks.schedules.step import Step
from trickrun.tricks.schedules.triangular import Triangular
from trickrun.tricks.schedules.wsd import WSD

BASE = 0.3
SPAN = Span(steps=120, per_epoch=10)


def ours(schedule, span=SPAN):
    return [schedule.lr(BASE, step, span) for step in range(span.steps)]


def theirs(make, every=1, span=SPAN):
    """Return the learning rates of a torch scheduler that steps once in ``every`` steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(optimizer)
    lrs = []
    for step in range(span.steps):
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step()
    return lrs


CASES = {
    "constant": (Constant(), lambda o: lr_scheduler.ConstantLR(o, 1.0), 1),
    "step": (Step(every=3, gamma=0.2), lambda o: lr_scheduler.StepLR(o, 3, 0.2), 10),
    "step_thirds": (Step(), lambda o: lr_scheduler.StepLR(o, 40, 0.1), 1),
    "exponential": (Exponential(gamma=0.8), lambda o: lr_scheduler.ExponentialLR(o, 0.8), 10),
    "linear": (Linear(floor=0.1), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, 120), 1),
    "polynomial": (Polynomial(power=2.0), lambda o: lr_scheduler.PolynomialLR(o, 120, 2.0), 1),
    "cosine": (
        Cosine(floor=0.1),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 120, eta_min=0.1 * BASE),
        1,
    ),
    "cosine_restarts": (
        CosineRestarts(cycles=2, stretch=2.0, floor=0.1),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 40, 2, eta_min=0.1 * BASE),
        1,
    ),
    "cosine_restarts_even": (
        CosineRestarts(cycles=4, stretch=1.0),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 30),
        1,
    ),
    "triangular": (
        Triangular(cycles=3, floor=0.1),
        lambda o: lr_scheduler.CyclicLR(o, 0.1 * BASE, BASE, 20, cycle_momentum=False),
        1,
    ),
    "triangular_halved": (
        Triangular(cycles=4, floor=0.2, halve=True),
        lambda o: lr_scheduler.CyclicLR(
            o, 0.2 * BASE, BASE, 15, mode="triangular2", cycle_momentum=False
        ),
        1,
    ),
    "one_cycle": (
        OneCycle(pct_start=0.25, div=10.0, final_div=100.0),
        lambda o: lr_scheduler.OneCycleLR(
            o, BASE, 120, pct_start=0.25, div_factor=10, final_div_factor=100, cycle_momentum=False
        ),
        1,
    ),
    "one_cycle_linear": (
        OneCycle(anneal="linear"),
        lambda o: lr_scheduler.OneCycleLR(
            o, BASE, 120, anneal_strategy="linear", cycle_momentum=False
        ),
        1,
    ),
}


@pytest.mark.parametrize(("schedule", "make", "every"), CASES.values(), ids=CASES)
def test_equals_torch(schedule, make, every):
    assert ours(schedule) == pytest.approx(theirs(make, every), rel=1e-9, abs=1e-15)


def test_warmup_rises_to_lr_and_the_rest_spans_what_is_left():
    warm = [BASE * (i + 1) / 12 for i in range(12)]
    rest = ours(Cosine(), Span(108, 10))
    assert ours(Cosine(warmup=0.1)) == pytest.approx(warm + rest)
    assert ours(Cosine(warmup=12.0)) == ours(Cosine(warmup=0.1))


def test_a_warmup_longer_than_the_run_only_rises():
    lrs = ours(Linear(warmup=500.0))
    assert lrs[-1] == pytest.approx(BASE * 120 / 500)


def test_inverse_sqrt_with_warmup_is_the_transformer_schedule():
    warm, span = 50, Span(400, 10)
    lrs = ours(InverseSqrt(warmup=float(warm), timescale=warm), span)
    # d_model ** -0.5 is scaled away: the peak, at the end of the warm-up, is lr.
    paper = [BASE * math.sqrt(warm) * min(t**-0.5, t * warm**-1.5) for t in range(1, 401)]
    assert lrs[:warm] == pytest.approx(paper[:warm])
    # The paper counts the steps from 1, this one from the end of the warm-up from 0.
    assert lrs[warm:] == pytest.approx(paper[warm - 1 : -1])


def test_restarts_of_any_stretch_each_begin_at_the_top():
    lrs = ours(CosineRestarts(cycles=3, stretch=0.5), Span(70, 10))
    tops = [step for step, lr in enumerate(lrs) if lr == pytest.approx(BASE)]
    assert tops == [0, 40, 60]
    assert all(lr < 0.03 * BASE for lr in (lrs[39], lrs[59], lrs[69]))


def test_wsd_warms_up_stays_and_falls_at_the_end():
    lrs = ours(WSD(warmup=20.0, last=0.5, shape="linear", floor=0.2))
    assert lrs[:20] == pytest.approx([BASE * (i + 1) / 20 for i in range(20)])
    assert lrs[20:70] == [BASE] * 50
    assert lrs[70:] == pytest.approx([BASE * (1 - 0.8 * i / 50) for i in range(50)])
    root = ours(WSD(warmup=20.0, last=0.5, floor=0.2))
    assert root[:70] == lrs[:70]
    assert root[70:] == pytest.approx([BASE * (1 - 0.8 * (i / 50) ** 0.5) for i in range(50)])
    assert ours(WSD(warmup=0.0, last=0.0)) == [BASE] * 120


def test_lr_range_goes_from_low_to_high_in_equal_ratios():
    lrs = ours(LRRange(low=1e-4, high=1.0))
    assert lrs[0] == 1e-4
    assert lrs[-1] == pytest.approx(1.0)
    ratios = [b / a for a, b in pairwise(lrs)]
    assert ratios == pytest.approx([1e4 ** (1 / 119)] * 119)


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (1.0, 0.1)])
def test_lr_range_refuses_a_range_that_does_not_rise(low, high):
    with pytest.raises(ValidationError, match="low must be below high"):
        LRRange(low=low, high=high)


def test_a_run_of_one_step_has_a_learning_rate():
    once = Span(1, 1)
    for kind in SCHEDULES.files:
        schedule = SCHEDULES.validated({"kind": kind})
        assert schedule.lr(BASE, 0, once) * schedule.scale(BASE, []) > 0


@given(
    steps=st.integers(1, 300),
    per_epoch=st.integers(1, 50),
    pct_start=st.floats(0, 1),
    warmup=st.floats(0, 30),
    floor=st.floats(0, 1),
)
def test_no_schedule_exceeds_lr_or_falls_below_zero(steps, per_epoch, pct_start, warmup, floor):
    span = Span(steps, per_epoch)
    schedules = [
        OneCycle(pct_start=pct_start),
        OneCycle(pct_start=pct_start, anneal="linear"),
        Cosine(warmup=warmup, floor=floor),
        Linear(warmup=warmup, floor=floor),
        Polynomial(warmup=warmup, floor=floor),
        Step(warmup=warmup),
        InverseSqrt(warmup=warmup),
        CosineRestarts(warmup=warmup, floor=floor),
        WSD(warmup=warmup, last=pct_start, floor=floor),
        Triangular(floor=floor),
    ]
    for schedule in schedules:
        lrs = ours(schedule, span)
        assert min(lrs) >= 0
        assert max(lrs) <= BASE * (1 + 1e-12)
