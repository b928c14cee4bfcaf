from __future__ import annotations

from trickrun.findings.verdict import Verdict
from trickrun.reporting.curve_pictures import panels
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


def series(metric: str, epochs: list[float], steps: list[float], baseline: float = 2.0) -> dict:
    loss = [1.0 / (1 + epoch) for epoch in epochs]
    return {
        "run": "x",
        "name": metric,
        "epochs": epochs,
        "steps": steps,
        "train_loss": loss,
        "val_loss": loss,
        "smoothed": {"train_loss": loss, "val_loss": loss},
        "metric": metric,
        "values": [0.5 for _ in epochs],
        "baseline": baseline,
    }


def test_several_runs_share_an_axis_only_where_it_means_the_same():
    """Not two metrics on one axis, no constant answer that is another run's, and epochs that are
    each run's own."""
    runs = [series("accuracy", [1, 2], [10, 20]), series("r2", [1, 2], [50, 100], 9.0)]
    runs.append(series("accuracy", [1, 2], [10, 20]))
    steps = [
        {"step": [10, 20], "lr": [0.1, 0.2], "gradient_norm": [1, 1]},
        {"step": [50, 100], "lr": [0.3, 0.4], "gradient_norm": [1, 1]},
        {"step": [10, 20], "lr": [0.5, 0.6], "gradient_norm": [1, 1]},
    ]
    verdict = Verdict("pass", {"runs": []}, (), "", {"curves": runs, "steps": steps})
    loss, metric, lr, _ = panels(verdict)
    assert not any(line.level for line in loss.lines)
    assert metric.title == "Validation accuracy"
    assert len(metric.lines) == 2
    assert [list(line.x) for line in lr.lines] == [[1, 2]] * 3
    assert lr.x_label == "epoch"
