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
    assert "another process is working in this folder" in refused.err
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


def test_a_removed_run_can_be_restored_until_it_is_purged(trickrun, root):
    older, newer = made(root, "a", OLDER, END), made(root, "b", NEWER, END)
    ran = trickrun("runs", "remove", OLDER, "--yes", "--json")
    assert (ran.code, ran.json["result"]) == (0, {"removed": [OLDER]})
    assert not older.parent.exists()
    assert [run["id"] for run in trickrun("runs", "--json").json["result"]["runs"]] == [NEWER]
    assert trickrun("eval", OLDER).code == 2
    assert trickrun("runs", "restore", OLDER).out == f"restored {older.relative_to(root.parent)}\n"
    assert (older / "metrics.jsonl").read_text() == json.dumps(END) + "\n"
    trickrun("runs", "remove", OLDER, "--yes")
    assert trickrun("runs", "purge", OLDER, "--yes", "--json").json["result"] == {"purged": [OLDER]}
    assert "no run" in trickrun("runs", "restore", OLDER).err
    assert "nothing to purge" in trickrun("runs", "purge").out
    assert newer.exists()


@pytest.mark.parametrize("wanted", ["", "2", "20260", "2026", ".", "..", "runs", "*"])
@pytest.mark.parametrize("yes", [["--yes"], []])
def test_too_little_names_no_run_to_remove(trickrun, root, wanted, yes, monkeypatch):
    path = made(root, "a", OLDER, END)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: True)
    refused = trickrun("runs", "remove", wanted, *yes)
    told = f"error: runs: no run {wanted}".rstrip()
    assert (refused.code, refused.err.splitlines()[0]) == (2, told)
    assert path.exists()


def test_the_beginning_of_an_id_is_asked_about_and_must_be_of_one_run(trickrun, root, monkeypatch):
    older, newer = made(root, "a", OLDER, END), made(root, "b", NEWER, END)
    assert "with --yes, give the whole id" in trickrun("runs", "remove", OLDER[:20], "--yes").err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: True)
    several = trickrun("runs", "remove", "202601").err
    assert f"202601 matches 2 runs: {NEWER}, {OLDER}" in several or OLDER in several
    assert trickrun("runs", "remove", OLDER[:8], "--json").code == 0
    assert (older.exists(), newer.exists()) == (False, True)


def test_a_name_with_several_runs_is_not_removed(trickrun, root):
    paths = [made(root, "a", OLDER, END), made(root, "a", NEWER, END)]
    assert "a matches 2 runs" in trickrun("runs", "remove", "a", "--yes").err
    assert all(path.exists() for path in paths)


def test_remove_asks(trickrun, root, monkeypatch):
    path = made(root, "a", OLDER, END)
    assert "add --yes" in trickrun("runs", "remove", OLDER).err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for reply, code in (("n", 2), ("y", 0)):
        monkeypatch.setattr("typer.confirm", lambda question, reply=reply: reply == "y")
        assert trickrun("runs", "remove", OLDER).code == code
    assert not path.exists()


def test_a_check_is_removed_with_its_own_runs_and_not_while_one_is_at_work(trickrun, root):
    check = made(root, "a", OLDER, command="curves")
    (check / "metrics.jsonl").unlink()
    inner = made(check / "runs", "a", NEWER, epoch(1, 0.75, True), command="curves")
    alone = trickrun("runs", "remove", NEWER, "--yes")
    assert f"it belongs to the check {OLDER}, and is removed with it" in alone.err
    with RunFolder(inner).locked():
        assert trickrun("runs", "remove", OLDER, "--yes").code == 2
    assert inner.exists()
    assert trickrun("runs", "remove", OLDER, "--yes").code == 0
    assert not check.exists()


def test_nothing_outside_the_runs_folder_is_removed(trickrun, root, tmp_path):
    outside = made(tmp_path / "elsewhere", "a", OLDER, END)
    inside = made(root, "b", NEWER, END)
    root.joinpath("a").mkdir()
    root.joinpath("a", OLDER).symlink_to(outside)
    for words in ([str(outside)], [OLDER], [NEWER, str(outside)]):
        refused = trickrun("runs", "remove", *words, "--yes")
        assert refused.code == 2
        assert "only runs in runs are removed" in refused.err or "it is a link" in refused.err
    root.joinpath("a", OLDER).unlink()
    root.joinpath("a").rmdir()
    root.joinpath("a").symlink_to(outside.parent)
    assert trickrun("runs", "remove", OLDER, "--yes").code == 2
    assert outside.exists()
    assert inside.exists()


def test_the_runs_of_a_check_are_folded_under_it(trickrun, root):
    check = made(root, "a", OLDER, command="curves")
    (check / "metrics.jsonl").unlink()
    made(check / "runs", "a", NEWER, END, command="curves")
    (run,) = trickrun("runs", "--json").json["result"]["runs"]
    assert (run["id"], run["own_runs"]) == (OLDER, 1)
    outer, inner = trickrun("runs", "--all", "--json").json["result"]["runs"]
    assert (outer["parent"], inner["parent"]) == (None, OLDER)
    assert run["bytes"] == outer["bytes"] + inner["bytes"]
    assert trickrun("runs", "--all").out.splitlines()[2].startswith(f"  {NEWER}")


def searched(root: Path, **files: str) -> Path:
    """Write the folder of a search with these files."""
    path = made(root, "a", OLDER, command="grid")
    (path / "metrics.jsonl").unlink()
    for name, content in files.items():
        (path / name.replace("_", ".")).write_text(content)
    return path


def trial(name: str, lr: float, loss: float | None, **more) -> dict:
    params = {"optimizer.lr": lr, "optimizer.momentum": 0.9}
    values = {} if loss is None else {"epoch": 3.0, "val_loss": loss}
    status = "diverged" if loss is None else "finished"
    return {"id": name, "params": params, "status": status, "values": values, **more}


def test_the_trials_of_a_search_are_folded_under_it(trickrun, root):
    rows = [trial("aa", 0.01, 0.25), trial("bb", 0.1, None, reason="the loss is nan")]
    path = searched(root, trials_jsonl="", evidence_json=json.dumps({"trials": rows}))
    made(root, "b", NEWER, END)
    assert len(trickrun("runs", "--json").json["result"]["runs"]) == 2
    _, search, best, worst = trickrun("runs", "--all", "--json").json["result"]["runs"]
    assert (best["name"], worst["name"]) == ("lr=0.01", "lr=0.1")
    assert (best["parent"], best["path"], search["id"]) == (OLDER, search["path"], OLDER)
    assert (best["id"], best["command"], best["best"]["val_loss"]) == ("aa", "trial", 0.25)
    assert (worst["status"], worst["reason"]) == ("diverged", "the loss is nan")
    lines = trickrun("runs", "--all").out.splitlines()
    assert " ".join(lines[3].split()) == "lr=0.01 a trial finished val_loss 0.2500 (epoch 3)"
    found = trickrun("runs", "--all", "--where", "command=trial", "--sort", "val_loss", "--json")
    assert [run["id"] for run in found.json["result"]["runs"]] == ["aa", "bb"]
    # What is known of them is in an index, which holds no longer than the files.
    (path / "evidence.json").write_text(json.dumps({"trials": rows[1:]}))
    assert len(trickrun("runs", "--all", "--json").json["result"]["runs"]) == 3


def test_a_search_that_has_not_ended_lists_its_journal(trickrun, root):
    first, second = trial("aa", 0.01, 0.5), trial("aa", 0.01, 0.25)
    lines = "".join(json.dumps(row) + "\n" for row in (first, trial("bb", 0.1, 0.75), second))
    path = searched(root, trials_jsonl=lines + '{"id": "c')
    listed = trickrun("runs", "--all", "--json").json["result"]["runs"]
    assert [(run["id"], (run["best"] or {}).get("val_loss")) for run in listed] == [
        (OLDER, None),
        ("aa", 0.25),
        ("bb", 0.75),
    ]
    (path / "trials.jsonl").write_text('{"id": 1}\n')
    assert len(trickrun("runs", "--all", "--json").json["result"]["runs"]) == 1


def test_runs_are_sorted_and_filtered(trickrun, root):
    made(root, "a", OLDER, {**END, "best": {"epoch": 1, "val_loss": 0.5}})
    made(root, "b", NEWER, epoch(1, 0.75, True))

    def ids(*options):
        listed = trickrun("runs", *options, "--json").json["result"]["runs"]
        return [run["recipe"] for run in listed]

    assert ids() == ["b", "a"]
    assert ids("--sort", "val_loss") == ids("--sort", "-test.accuracy") == ["a", "b"]
    assert ids("--sort", "-val_loss") == ["b", "a"]
    assert ids("--where", "status=done") == ids("--where", "accuracy>=0.875") == ["a"]
    assert ids("--where", "val_loss>0.1", "--where", "recipe!=a") == ["b"]
    assert ids("--last", 1) == ["b"]
    assert trickrun("runs", "--where", "val_loss>9").out.startswith("none of the 2 runs in runs")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--where", "val_loss"], "--where val_loss: this is not a test"),
        (["--where", "val_los<1"], "no run has 'val_los'\n  did you mean val_loss?"),
        (["--sort", "-speed"], "no run has 'speed'"),
        (["--where", "val_loss<x"], "val_loss is a number, but 'x' is not"),
    ],
)
def test_a_wrong_test_is_told(trickrun, root, options, message):
    made(root, "a", OLDER, END)
    ran = trickrun("runs", *options)
    assert (ran.code, message in ran.err) == (2, True), ran.err


def test_tags_and_a_note(trickrun, root):
    path = made(root, "a", OLDER, END)
    made(root, "b", NEWER, END)
    trickrun("runs")
    assert trickrun("runs", "tag", "a", "good", "first", "--note", "no dropout").code == 0
    assert trickrun("runs", "tag", "a", "--drop", "first", "--json").json["result"] == {
        "tags": ["good"],
        "note": "no dropout",
    }
    assert "good, no dropout" in trickrun("runs").out
    (run,) = trickrun("runs", "--where", "tag=good", "--json").json["result"]["runs"]
    assert (run["id"], run["tags"], run["note"]) == (OLDER, ["good"], "no dropout")
    (path / "tags.json").write_text('{"tags": 1}')
    assert "tags.json" in trickrun("runs", "tag", "a", "x").err
    assert trickrun("runs", "--json").json["result"]["runs"][1]["status"] == "damaged"


def test_the_runs_folder_is_a_file(trickrun, root):
    root.write_text("")
    assert trickrun("runs").code == 2
    assert trickrun("runs").err == "error: runs: this is a file, not a folder of runs\n"
