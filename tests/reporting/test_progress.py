from __future__ import annotations

from types import SimpleNamespace

import pytest

from trickrun.reporting.console import terminal
from trickrun.reporting.progress import bar_mover, constant_features, evaluation_line, pairs, teller
from trickrun.training.events import Evaluation, TrainedSteps


def evaluation(step: float, epoch: float, improved: bool = False) -> Evaluation:
    values = {"step": step, "epoch": epoch, "train_loss": 2.0, "lr": 1e-3, "val_loss": 0.00001}
    return Evaluation(values, improved, 0.1)


def test_an_evaluation_is_one_line():
    assert evaluation_line(evaluation(50, 5, True), "40") == (
        "epoch  5/40  train_loss 2.0000  val_loss 1e-05   lr 1.00e-03  best"
    )
    assert evaluation_line(evaluation(50, 0.5), "2.5").startswith("epoch 0.5/2.5  ")


def job(steps: int, per_epoch: int, eval_every: int | None = None) -> SimpleNamespace:
    """What ``teller`` reads of a job."""
    span = SimpleNamespace(steps=steps, per_epoch=per_epoch)
    return SimpleNamespace(span=span, eval_every=eval_every or per_epoch)


@pytest.mark.parametrize(
    ("steps", "per_epoch", "eval_every", "lines"),
    [(40, 1, None, 40), (410, 10, None, 21), (1000, 10, None, 34), (1000, 100, 10, 34)],
)
def test_of_many_evaluations_some_are_told_and_the_last(
    steps, per_epoch, eval_every, lines, capsys
):
    tell = teller(job(steps, per_epoch, eval_every), terminal())
    every = eval_every or per_epoch
    for step in range(every, steps + 1, every):
        tell(evaluation(step, step / per_epoch))
    told = capsys.readouterr().out.splitlines()
    assert len(told) == lines
    assert told[-1].startswith(f"epoch {steps // per_epoch}/{steps // per_epoch}")


def test_after_a_silence_an_evaluation_is_told(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    tell = teller(job(1000, 1), terminal())
    for step in range(1, 10):
        clock[0] += 6
        tell(evaluation(step, step))
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_constant_features_are_named_or_numbered():
    assert constant_features((1,), ("a", "b")).endswith("feature b")
    assert constant_features(tuple(range(10)), ()).endswith(
        "features 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    )


def test_pairs():
    assert pairs({"loss": 0.5, "mae": 1234.56}) == "loss 0.5000  mae 1234.6"


def test_the_bar_shows_the_mean_over_samples():
    """Two steps of 52 samples and of 1, of a loss that is a sum: not what a step minimized."""
    shown = []
    bar = SimpleNamespace(
        add_task=lambda *_, **__: 0, update=lambda task, **fields: shown.append(fields)
    )
    steps = TrainedSteps(1, [104.0, 55.0], [], [104.0, 55.0], [52, 1], [0.1, 0.1], {}, 53, 1.0)
    bar_mover(job(2, 2), bar)(steps)
    assert shown == [{"completed": 2, "shown": "loss 3.0000  53 samples/s"}]


def test_a_narrow_terminal_gets_no_learning_rate_and_fewer_metrics():
    whole = evaluation_line(evaluation(50, 5, True), "40")
    line = evaluation_line(evaluation(50, 5, True), "40", len(whole) - 1)
    assert len(line) < len(whole)
    assert "lr" not in line
    assert line.endswith("  best")
    assert evaluation_line(evaluation(50, 5, True), "40", 10).startswith("epoch  5/40  train_loss")
