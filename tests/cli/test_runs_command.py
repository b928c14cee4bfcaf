"""``trickrun runs``: what it lists, and what it will not remove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trickrun.run.folder import RunFolder

OLDER, NEWER = "20260101-000000-000001-aaaa", "20260102-000000-000001-bbbb"


def made(root: Path, name: str, run_id: str, *lines: dict, command: str = "train") -> Path:
    """Write a run's folder with these lines in its metrics."""
    path = root / name / run_id
    path.mkdir(parents=True)
    (path / "resolved.yaml").write_text("x: 1\n")
    (path / "env.json").write_text(json.dumps({"command": ["trickrun", "--debug", command, "r"]}))
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def epoch(number: int, loss: float, best: bool) -> dict:
    values = {"step": number, "epoch": number, "train_loss": loss, "lr": 0.1, "val_loss": loss}
    return {"kind": "epoch", **values, "best": best}


END = {
    "kind": "end",
    "stopped_by": "epochs",
    "best": {"epoch": 2, "val_loss": 0.25},
    "test": {"loss": 0.3, "accuracy": 0.875},
}


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


def test_no_runs(trickrun):
    assert trickrun("runs").out == "no runs in runs; trickrun train RECIPE makes one\n"
    assert trickrun("runs", "--json").json["result"] == {"runs": []}


def test_newest_first_with_best_and_test(trickrun, root):
    made(root, "a", OLDER, END)
    made(root, "b", NEWER, END, command="curves")
    head, first, second = trickrun("runs").out.splitlines()
    names = ["id", "recipe", "command", "status", "best", "test", "age", "size"]
    assert head.split() == names
    assert first.split()[:4] == [NEWER, "b", "curves", "finished"]
    assert second.split()[:4] == [OLDER, "a", "train", "finished"]
    assert "val_loss 0.2500 (epoch 2)" in first
    assert "accuracy 0.8750" in first


def test_json_has_the_keys_of_the_contract(trickrun, root):
    made(root, "a", OLDER, END)
    (run,) = trickrun("runs", "--json").json["result"]["runs"]
    assert (run["id"], run["recipe"], run["status"]) == (OLDER, "a", "finished")
    assert run["best"] == {"epoch": 2, "val_loss": 0.25}
    assert run["started"] == 1767225600
    assert run["bytes"] > 0


@pytest.mark.parametrize(
    ("last", "status", "reason"),
    [
        ({**END, "stopped_by": "interrupted"}, "interrupted", None),
        ({"kind": "end", "stopped_by": "failed", "reason": "the loss is nan"}, "failed", True),
        (epoch(3, 0.5, False), "killed", None),
    ],
)
def test_status_of_a_run_that_did_not_finish(trickrun, root, last, status, reason):
    made(root, "a", OLDER, epoch(1, 0.75, True), epoch(2, 0.25, True), last)
    (run,) = trickrun("runs", "--json").json["result"]["runs"]
    assert run["status"] == status
    assert run["best"]["val_loss"] == 0.25
    assert run["reason"] == (last["reason"] if reason else None)


def test_a_run_at_work_is_running_and_is_not_removed(trickrun, root):
    path = made(root, "a", OLDER, epoch(1, 0.75, True))
    with RunFolder(path).locked():
        assert trickrun("runs", "--json").json["result"]["runs"][0]["status"] == "running"
        refused = trickrun("runs", "remove", OLDER, "--yes")
    assert refused.code == 2
    assert "this run is training now" in refused.err
    assert path.exists()


def test_a_check_shows_its_verdict(trickrun, root):
    path = made(root, "a", OLDER, command="initial-loss")
    (path / "metrics.jsonl").unlink()
    assert trickrun("runs", "--json").json["result"]["runs"][0]["status"] == "unfinished"
    (path / "evidence.json").write_text('{"verdict": "fail"}')
    (run,) = trickrun("runs", "--json").json["result"]["runs"]
    assert (run["status"], run["verdict"]) == ("finished", "fail")
    assert trickrun("runs").out.splitlines()[1].split()[2:4] == ["initial-loss", "fail"]


@pytest.mark.parametrize("damage", ["env.json", "resolved.yaml", "metrics.jsonl"])
def test_a_damaged_run_does_not_break_the_list(trickrun, root, damage):
    made(root, "a", NEWER, END)
    path = made(root, "b", OLDER, epoch(1, 1.0, True), epoch(2, 0.5, True))
    if damage == "resolved.yaml":
        (path / damage).unlink()
    else:
        (path / damage).write_bytes(b"\xff{\n" + (path / damage).read_bytes())
    good, bad = trickrun("runs", "--json").json["result"]["runs"]
    assert (good["status"], bad["status"]) == ("finished", "damaged")
    assert bad["reason"]
    assert trickrun("runs", "remove", OLDER, "--yes").code == 0
    assert not path.exists()


def test_remove(trickrun, root):
    older, newer = made(root, "a", OLDER, END), made(root, "b", NEWER, END)
    ran = trickrun("runs", "remove", OLDER[:12], "--yes", "--json")
    assert ran.code == 0
    assert ran.json["result"] == {"removed": [OLDER]}
    assert not older.parent.exists()
    assert newer.exists()


def test_remove_asks(trickrun, root, monkeypatch):
    path = made(root, "a", OLDER, END)
    assert "add --yes" in trickrun("runs", "remove", OLDER).err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for reply, code in (("n", 2), ("y", 0)):
        monkeypatch.setattr("typer.confirm", lambda question, reply=reply: reply == "y")
        assert trickrun("runs", "remove", OLDER).code == code
    assert not path.exists()


def test_nothing_outside_the_runs_folder_is_removed(trickrun, root, tmp_path):
    outside = made(tmp_path / "elsewhere", "a", OLDER, END)
    inside = made(root, "b", NEWER, END)
    root.joinpath("a").mkdir()
    root.joinpath("a", OLDER).symlink_to(outside)
    for words in ([str(outside)], [OLDER], [NEWER, str(outside)]):
        refused = trickrun("runs", "remove", *words, "--yes")
        assert refused.code == 2
        assert "this is not a run below the runs folder" in refused.err
    assert outside.exists()
    assert inside.exists()


def test_the_runs_folder_is_a_file(trickrun, root):
    root.write_text("")
    assert trickrun("runs").code == 2
    assert trickrun("runs").err == "error: runs: this is a file, not a folder of runs\n"
