"""Files that appear whole, and a log."""

import json
import math
import os
from pathlib import Path

import pytest

from trickrun.errors import CannotWrite, RunFolderError
from trickrun.run import files
from trickrun.run.folder import RunFolder


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "a"
    files.write_whole(path, b"first")
    files.write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_replaced_stays(tmp_path):
    path = tmp_path / "a"
    path.mkdir()
    (path / "inside").touch()
    with pytest.raises(CannotWrite, match="cannot write: ") as caught:
        files.write_whole(path, b"second")
    assert caught.value.where == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes_go_on(tmp_path, monkeypatch):
    """os.write may write less than it is given."""
    real = os.write
    monkeypatch.setattr(files.os, "write", lambda to, content: real(to, content[:3]))
    files.write_whole(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


@pytest.mark.parametrize("durably", [True, False])
def test_a_log_grows_and_is_cut(tmp_path, durably):
    path = tmp_path / "log"
    for line in (b"one\n", b"two\n", b"thr"):
        files.append(path, line, durably)
    assert path.read_bytes() == b"one\ntwo\nthr"
    files.truncate(path, 8)
    assert path.read_bytes() == b"one\ntwo\n"
    with pytest.raises(RunFolderError, match="it has 8 bytes, but its checkpoint knows 9"):
        files.truncate(path, 9)
    assert path.read_bytes() == b"one\ntwo\n"


def test_what_a_crash_left_half_written_is_removed(tmp_path):
    """Also what a version left that wrote PATH.tmp; the runs below a check's folder have their own
    process."""
    below = tmp_path / "runs" / "digits" / "20260102-030405-678901-abcd"
    for folder in (tmp_path / "checkpoints", below):
        folder.mkdir(parents=True)
    kept = [tmp_path / "checkpoints" / "last.pt", below / "last.pt.0123abcd.tmp"]
    half = [tmp_path / "a.tmp", tmp_path / "checkpoints" / "last.pt.0123abcd.tmp"]
    for path in kept + half:
        path.touch()
    files.remove_half_written(tmp_path)
    assert [path for path in kept + half if path.exists()] == kept


def test_two_that_write_one_file_at_once_do_not_share_a_name(tmp_path, monkeypatch):
    path, names = tmp_path / "a", []

    def write_inside(descriptor):
        names.append(sorted(each.name for each in tmp_path.iterdir()))
        if len(names) == 1:
            files.write_whole(path, b"the other's")

    monkeypatch.setattr(files.os, "fsync", write_inside)
    files.write_whole(path, b"mine")
    assert path.read_bytes() == b"mine"
    assert len({name for listed in names for name in listed if name.endswith(".tmp")}) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_json_has_null_for_what_is_not_finite():
    value = {"a": [1.5, math.nan, (math.inf, "ü")], 2: None, "b": True}
    assert files.to_json(value) == '{"a": [1.5, null, [null, "ü"]], "2": null, "b": true}'
    assert json.loads(files.to_json({"x": 0.1 + 0.2}))["x"] == 0.1 + 0.2


@pytest.fixture
def synced(monkeypatch):
    """The names of what is brought to the disk, as it is."""
    names = []

    def note(descriptor):
        names.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name.split(".")[0])

    monkeypatch.setattr(files.os, "fsync", note)
    return names


def test_what_a_new_run_writes_is_brought_to_the_disk_at_its_end(tmp_path, synced):
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    with files.young(run):
        files.write_whole(run / "checkpoints" / "last", b"1")
        files.write_whole(run / "log", b"")
        files.append(run / "log", b"line\n")
        files.write_whole(run / "checkpoints" / "last", b"2", keep=run / "checkpoints" / "previous")
        files.write_whole(run / "gone", b"")
        (run / "gone").unlink()
        files.sync(run / "log")
        assert synced == []
        assert (run / "checkpoints" / "last").read_bytes() == b"2"
        assert not list(run.glob("**/*.tmp"))
        # What is no part of the run does not wait.
        files.write_whole(tmp_path / "other", b"")
        assert synced == ["other", tmp_path.name]
        synced.clear()
    # Files in the order in which they were written, then the folders with their names.
    assert synced == ["previous", "last", "log", "checkpoints", "run"]


@pytest.mark.parametrize("write", [files.write_whole, files.append])
def test_nothing_waits_in_a_run_that_is_no_longer_young(tmp_path, synced, monkeypatch, write):
    now = [0.0]
    monkeypatch.setattr(files.time, "monotonic", lambda: now[0])
    with files.young(tmp_path):
        files.write_whole(tmp_path / "first", b"")
        now[0] = files.YOUNG
        write(tmp_path / "second", b"")
        assert synced[:3] == ["first", tmp_path.name, "second"]
        files.write_whole(tmp_path / "third", b"")
        assert synced[-2:] == ["third", tmp_path.name]
        count = len(synced)
    assert len(synced) == count


def test_what_a_run_has_written_that_fails_is_brought_to_the_disk_too(tmp_path, synced):
    def fail():
        with files.young(tmp_path):
            files.write_whole(tmp_path / "log", b"")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert synced == ["log", tmp_path.name]


def test_only_a_run_that_begins_is_young(tmp_path, synced):
    folder = RunFolder(tmp_path)
    with folder.locked():
        folder.write("resolved.yaml", "")
        assert "resolved" not in synced
    with folder.locked():
        folder.write("evidence.json", "")
        assert "evidence" in synced
