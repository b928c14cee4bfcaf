"""The extra tensorboard: what its own reader gets back of a training and a search."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorboard", reason="needs trickrun[tensorboard]")


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def scalars(events, name):
    return {event.step: event.value for event in events.Scalars(name)}


def test_tensorboard_reads_what_the_run_has(tracked_by):
    tracked = tracked_by("tensorboard")
    assert tracked.first["state"] == "new"
    place = Path("tensorboard") / "flowers" / tracked.training.name
    for _ in range(2):  # the second time, sent again
        events = read(place)
        for name in ("train_loss", "val_loss", "val_accuracy", "epoch"):
            wanted = {step: line[name] for step, line in tracked.epochs.items()}
            assert scalars(events, name) == pytest.approx(wanted, rel=1e-6)  # float32
        wanted = {step: line["loss"] for step, line in tracked.steps.items()}
        assert scalars(events, "batch_loss") == pytest.approx(wanted, rel=1e-6)
        (accuracy,) = scalars(events, "test_accuracy").values()
        assert accuracy == pytest.approx(tracked.test["accuracy"], rel=1e-6)
        tags = events.Tags()
        assert "curves-1" in tags["images"]
        assert {"run/text_summary", "recipe/text_summary"} <= set(tags["tensors"])
        recipe = events.Tensors("recipe/text_summary")[0].tensor_proto.string_val[0].decode()
        assert "kind: adam" in recipe
        hparams = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
        assert b"optimizer.lr" in hparams
        assert len(list(place.glob("events.out.tfevents.*"))) == 1
        assert tracked.again("tensorboard")["state"] == "updated"
    grid = Path("tensorboard") / "flowers" / tracked.search.name
    for key, row in tracked.trials.items():
        (loss,) = scalars(read(grid / key.rpartition("/")[2]), "val_loss").values()
        assert loss == pytest.approx(row["values"]["val_loss"], rel=1e-6)
