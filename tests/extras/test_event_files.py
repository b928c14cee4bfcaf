"""The extra tensorboard: trickrun reads of event files what TensorBoard's own reader does."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorboard", reason="needs trickrun[tensorboard]")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trickrun.checks.curves.files.events import read_events


def test_both_read_the_same(tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(300):
            writer.add_scalar("Loss/train", math.exp(-step / 50), step)
            writer.add_scalar("new style", step / 7, step, new_style=True)
            writer.add_scalar("double", step / 7, step, new_style=True, double_precision=True)
            if step % 10 == 0:
                writer.add_scalar("Loss/val", math.inf if step == 50 else step / 3, step)
        writer.add_text("a text", "of many words " * 10_000, 5)
        writer.add_hparams({"lr": 0.1}, {"score": 1.0}, run_name=".")
    events = EventAccumulator(str(tmp_path), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    columns = read_events(tmp_path).columns
    tags = set(events.Tags()["scalars"]) | {"new style", "double"}
    assert set(columns) - {"step"} == tags
    for tag in events.Tags()["scalars"]:
        own = [value for value in columns[tag] if value is not None]
        assert own == [event.value for event in events.Scalars(tag)]
    assert columns["double"][299] == 299 / 7


def test_a_tracked_run_is_judged_from_its_event_files(trickrun, monkeypatch, tmp_path):
    monkeypatch.setenv("TRICKRUN_TRACK_SECONDS", "600")
    (tmp_path / "flowers.yaml").write_text(
        "name: flowers\ndata: iris\nmodel: {kind: mlp, hidden: [8]}\ntrain: {epochs: 8}\n"
    )
    run = trickrun("train", "flowers.yaml", "--track", "tensorboard", "--json").json["run"]
    ran = trickrun("curves", f"tensorboard/{run.removeprefix('runs/')}", "--json")
    (judged,) = ran.json["result"]["runs"]
    assert judged["columns"] == {
        "train": "train_loss", "val": "val_loss", "epoch": "epoch", "step": "step",
        "accuracy": "val_accuracy", "lr": "lr",
    }  # fmt: skip
    own = trickrun("curves", run, "--json").json["result"]["runs"][0]
    assert judged["best_epoch"] == own["best_epoch"]
