"""The extra wandb: what its own reader of offline runs gets back of a training and a search."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

pytest.importorskip("wandb", reason="needs trickrun[wandb]")


class Offline:
    """An offline run, read by wandb's own messages."""

    def __init__(self, key):
        from wandb.proto.wandb_internal_pb2 import Record

        (self.folder,) = Path("wandb").glob(f"offline-run-*-{key}")
        self.history, self.summary, self.config, self.files = [], {}, {}, []
        self.run = self.tags = self.artifact = None
        (file,) = self.folder.glob("*.wandb")
        for data in framed(file.read_bytes()):
            record = Record()
            record.ParseFromString(data)
            match record.WhichOneof("record_type"):
                case "run":
                    self.run, self.tags = record.run, list(record.run.tags)
                    self.config |= values(record.run.config.update)
                case "config":
                    self.config |= values(record.config.update)
                case "history":
                    row = values(record.history.item)
                    self.history.append({**row, "_step": record.history.step.num})
                case "summary":
                    self.summary |= values(record.summary.update)
                case "artifact":
                    self.artifact = record.artifact
                case "request" if record.request.HasField("log_artifact"):
                    self.artifact = record.request.log_artifact.artifact

    def column(self, name):
        return {row["_step"]: row[name] for row in self.history if name in row}


def framed(content):
    """Yield the messages of a .wandb file: a header, and LevelDB's log format in blocks of 32 KiB.

    The library's own reader is written in Go.
    """
    block, place, message = 32768, 7, b""
    assert content[:4] == b":W&B"
    while place + 7 <= len(content):
        if block - place % block < 7:
            place += block - place % block
            continue
        length, kind = struct.unpack("<HB", content[place + 4 : place + 7])
        message += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part of one
            yield message
            message = b""


def values(items):
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}


def test_wandb_reads_what_the_run_has(tracked_by):
    tracked = tracked_by("wandb")
    assert tracked.first["state"] == "new"
    assert "(offline)" in tracked.first["place"]
    for _ in range(2):  # the second time, sent again
        run = Offline(tracked.training.name)
        assert run.run.project == "flowers"
        assert run.config["optimizer.lr"] == 0.01
        assert run.config["model.hidden"] == "[8]"
        for name in ("train_loss", "val_loss", "val_accuracy", "epoch"):
            assert run.column(name) == {s: line[name] for s, line in tracked.epochs.items()}
        assert run.column("batch_loss") == {s: line["loss"] for s, line in tracked.steps.items()}
        assert run.summary["test_accuracy"] == tracked.test["accuracy"]
        assert run.summary["trickrun.status"] == "finished"
        assert "finished" in run.tags
        assert list(run.folder.glob("files/media/images/curves-1_*.png"))
        kept = {entry.path for entry in run.artifact.manifest.contents}
        assert kept >= {"report.html", "recipe.yaml", "resolved.yaml"}
        assert "best.pt" not in kept
        assert tracked.again("wandb")["state"] == "updated"
    for key, row in tracked.trials.items():
        trial = Offline(key.replace("/", "-"))
        assert trial.run.run_group == tracked.search.name
        assert trial.config["optimizer.lr"] == row["params"]["optimizer.lr"]
        assert trial.summary["best_val_loss"] == row["values"]["val_loss"]
    (folder,) = Path("wandb").glob(f"offline-run-*-{tracked.training.name}")
    (folder / "run.wandb.synced").touch()
    again = tracked.again("wandb")
    assert (again["state"], folder.exists()) == ("refused", True)
    assert "synced already" in again["message"]
