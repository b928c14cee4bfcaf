from __future__ import annotations

from trickrun.reporting.progress import loss_curves


def epoch(number: int, **losses: float | None) -> dict:
    return {"kind": "epoch", "epoch": number, **losses}


def test_both_losses_over_epochs():
    records = [epoch(1, train_loss=2.0, val_loss=1.9), epoch(2, train_loss=1.0, val_loss=1.2)]
    (text,) = loss_curves([{"kind": "step", "step": 1}, *records], 60)
    assert text.splitlines()[1] == "loss"
    assert text.endswith("── train_loss   ━━ val_loss")
    assert max(map(len, text.splitlines())) <= 60


def test_a_wide_range_is_drawn_on_a_logarithmic_axis():
    records = [epoch(1, train_loss=100.0), epoch(2, train_loss=1.0)]
    (text,) = loss_curves(records, 60)
    assert text.splitlines()[1] == "loss (logarithmic)"
    assert text.endswith("── train_loss")


def test_one_evaluation_is_no_curve():
    assert loss_curves([epoch(1, train_loss=1.0)], 60) == []


def test_a_loss_that_was_not_finite_is_left_out():
    records = [epoch(1, train_loss=2.0, val_loss=None), epoch(2, train_loss=1.0, val_loss=1.5)]
    assert "━━ val_loss" in loss_curves(records, 60)[0]
