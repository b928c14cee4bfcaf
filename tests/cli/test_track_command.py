"""``--track`` and ``track`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import trickrun as api
from tests.tracking.fake_library import FakeWandb

RECIPE = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
train: {epochs: 3}
grid: {coarse: {trials: 2, epochs: 1}}
"""


@pytest.fixture
def wandb(trickrun, monkeypatch, tmp_path, tmp_path_factory):
    (tmp_path / "flowers.yaml").write_text(RECIPE)
    return FakeWandb(monkeypatch, tmp_path_factory.mktemp("calls"))


def without_times(run):
    lines = [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "timing"} for line in lines]


def test_a_tracked_training_has_the_same_bits(trickrun, wandb):
    plain = trickrun("train", "flowers.yaml", "--json").json["run"]
    ran = trickrun("train", "flowers.yaml", "--track", "wandb", "--json")
    assert ran.code == 0
    tracked = ran.json["run"]
    assert without_times(tracked) == without_times(plain)
    weights = [Path(run, "checkpoints", "best.pt").read_bytes() for run in (plain, tracked)]
    assert weights[0] == weights[1]
    assert ran.json["result"]["tracked"][0]["state"] == "new"
    logged = {step: values for step, values in wandb.calls("log") if "val_loss" in values}
    epochs = [line for line in without_times(tracked) if line["kind"] == "epoch"]
    assert {int(e["step"]): e["val_loss"] for e in epochs} == {
        step: values["val_loss"] for step, values in logged.items()
    }


def test_a_grid_is_sent_with_its_trials_when_it_has_ended(trickrun, wandb, monkeypatch):
    monkeypatch.setenv("TRICKRUN_TRACK", "wandb")
    ran = trickrun("grid", "coarse", "flowers.yaml")
    assert "tracked: wandb: new with 2 of its own" in ran.out
    (parent,), *children = wandb.calls("init")
    assert [child["group"] for (child,) in children] == [parent["id"]] * 2
    assert all("optimizer.lr" in child["config"] for (child,) in children)


def test_a_broken_tracker_changes_no_exit_code_and_is_told_once(trickrun, wandb):
    wandb.fails("raise@init")
    ran = trickrun("train", "flowers.yaml", "--track", "wandb")
    assert ran.code == 0
    assert ran.err.count("warning: wandb: failed: ConnectionError: no route to the server") == 1
    assert "send it later: trickrun track runs/flowers/" in ran.err
    wandb.fails("")
    later = trickrun("track", "flowers", "--to", "wandb", "--weights")
    assert later.code == 0
    assert "best.pt" in wandb.calls("artifact")[0][1]
    wandb.fails("raise@finish")
    again = trickrun("track", "flowers", "--to", "wandb", "--json")
    assert again.code == 2
    assert again.json["verdict"] == "error"
    assert again.json["result"]["tracked"][0]["state"] == "failed"


@pytest.mark.parametrize("command", [["train"], ["grid", "coarse"], ["checklist"]])
def test_what_is_not_installed_is_told_before_anything_trains(trickrun, wandb, command):
    ran = trickrun(*command, "flowers.yaml", "--track", "a,wandb")
    assert ran.code == 2
    assert "there is no tracker 'a'" in ran.err
    assert not Path("runs").exists()


def test_a_tracker_of_the_python_api_is_checked_before_training(trickrun, wandb):
    with pytest.raises(api.TrickrunError, match="there is no tracker"):
        api.train("flowers.yaml", track=["tensorbord"])
    assert not Path("runs").exists()


def test_no_run_is_one_error(trickrun, wandb):
    ran = trickrun("track", "nothing", "--to", "wandb")
    assert (ran.code, ran.out) == (2, "")
    assert "no run nothing" in ran.err
