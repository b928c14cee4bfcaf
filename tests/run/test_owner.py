"""One process at a time works in a folder, with locks and without; who it is can be told."""

import errno
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from trickrun.errors import RunFolderError
from trickrun.run import owner
from trickrun.run.folder import RunFolder

HOLD = """
import sys, time
from pathlib import Path
from trickrun.run.folder import RunFolder
with RunFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(600)
"""

COUNT = """
import sys
from pathlib import Path
from trickrun.run import owner
folder = Path(sys.argv[1])
counter = folder / "counter"
mine = 0
while mine < 30:
    with owner.held(folder) as held:
        if held.other is None:
            before = int(counter.read_text())
            counter.write_text("")
            counter.write_text(str(before + 1))
            mine += 1
"""

HERE = socket.gethostname()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "metrics.jsonl").touch()
    return RunFolder(tmp_path)


@pytest.fixture
def without_locks(monkeypatch):
    def flock(descriptor, kind):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(owner, "SETTLED", 0.0)


def note(folder, **changes):
    """Write an owner.json as a process of this machine would."""
    told = {"host": HERE, "pid": os.getpid(), "started": time.time(), **changes}
    (folder.path / owner.OWNER).write_text(json.dumps(told))


def dead_pid():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_one_process_at_a_time_until_it_is_killed(folder):
    assert folder.status == "killed"
    command = [sys.executable, "-c", HOLD, folder.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert folder.busy
        assert folder.status == "running"
        told = f"another process is working in this folder: process {process.pid} on this machine, "
        with pytest.raises(RunFolderError, match=told) as caught, folder.locked():
            pass
        with folder.locked_if_free() as mine:
            assert not mine
        process.kill()
    assert caught.value.hint == "wait until it has ended, or stop it"
    assert (folder.path / owner.OWNER).exists()
    assert folder.status == "killed"
    with folder.locked_if_free() as mine:
        assert mine
        assert folder.busy
    assert [path.name for path in folder.path.iterdir()] == ["metrics.jsonl"]


def test_many_that_come_and_go_are_never_two_at_a_time(folder):
    (folder.path / "counter").write_text("0")
    command = [sys.executable, "-c", COUNT, folder.path]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (folder.path / "counter").read_text() == "90"


def test_a_folder_that_is_being_looked_at_can_be_locked(folder):
    """``busy`` locks for a moment; who comes then tries again."""
    with folder.locked():
        pass
    path = folder.path / owner.OWNER
    path.touch()
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        real, tries = owner.try_lock, []

        def try_lock(descriptor, kind):
            tries.append(kind)
            if tries.count(fcntl.LOCK_EX) == 3:
                fcntl.flock(looking, fcntl.LOCK_UN)
            return real(descriptor, kind)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, "try_lock", try_lock)
            with folder.locked():
                pass
    assert tries.count(fcntl.LOCK_EX) == 3


def test_a_lock_on_a_file_that_its_owner_has_removed_is_no_lock(folder, monkeypatch):
    path, real = folder.path / owner.OWNER, owner.lock
    path.touch()
    found = []

    def lock(descriptor):
        if not found:
            path.unlink()
        found.append(real(descriptor))
        return found[-1]

    monkeypatch.setattr(owner, "lock", lock)
    with folder.locked():
        assert found == [True, True]
        assert owner.read(path) is not None


@pytest.mark.parametrize("name", owner.LOCKED_BEFORE)
def test_a_process_of_an_older_version_is_seen(folder, name):
    file = folder.path / name
    file.touch()
    with file.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert folder.busy
        with pytest.raises(RunFolderError, match="in this folder\n"), folder.locked():
            pass
    assert not folder.busy
    assert not (folder.path / owner.OWNER).exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b"{}", b'{"host": 1}']
    + [
        json.dumps({"host": HERE, "pid": pid, "started": started}).encode()
        for pid, started in ((0, 0), (-1, 0), (10**30, 0), (True, "x"), (1, -1), (1, 1e300))
    ],
)
def test_a_damaged_note_is_no_hindrance(folder, content, monkeypatch):
    path = folder.path / owner.OWNER
    path.write_bytes(content)
    assert folder.status == "killed"
    with folder.locked():
        path.write_bytes(content)
        assert folder.busy
        with pytest.raises(RunFolderError, match="another process"), folder.locked():
            pass
    assert not path.exists()


def test_a_full_disk_or_a_folder_that_is_gone_ends_no_work(folder, monkeypatch):
    def pwrite(descriptor, content, offset):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(owner.os, "pwrite", pwrite)
    with folder.locked():
        assert folder.busy
    assert not (folder.path / owner.OWNER).exists()
    with folder.locked():
        shutil.rmtree(folder.path)


def test_without_locks_the_note_decides(folder, without_locks):
    with folder.locked():
        assert folder.busy
        told = f"working in this folder: process {os.getpid()} on this machine"
        with pytest.raises(RunFolderError, match=told) as caught, folder.locked():
            pass
        assert folder.busy
    assert "if it has ended, remove owner.json" in str(caught.value.hint)
    assert not folder.busy
    assert not (folder.path / owner.OWNER).exists()


@pytest.mark.parametrize("content", [b"", b"{"])
def test_without_locks_a_damaged_note_is_no_hindrance(folder, without_locks, content):
    (folder.path / owner.OWNER).write_bytes(content)
    assert not folder.busy
    with folder.locked():
        assert folder.busy


def test_without_locks_a_process_that_is_gone_holds_nothing(folder, without_locks):
    note(folder, pid=dead_pid())
    assert folder.status == "killed"
    with folder.locked():
        assert folder.status == "running"


def test_without_locks_a_process_on_another_machine_may_be_at_work(folder, without_locks):
    note(folder, host="elsewhere", pid=dead_pid(), started=0)
    before = (folder.path / owner.OWNER).read_bytes()
    assert folder.status == "running"
    told = "working in this folder: process [0-9]+ on elsewhere, since 19"
    with pytest.raises(RunFolderError, match=told), folder.locked():
        pass
    assert (folder.path / owner.OWNER).read_bytes() == before


def test_with_locks_a_note_of_another_machine_is_of_a_killed_process(folder):
    note(folder, host="elsewhere")
    assert folder.status == "killed"
    with folder.locked():
        pass


def test_without_locks_one_of_two_at_the_same_time_is_refused(folder, without_locks, monkeypatch):
    real = time.sleep

    def meanwhile(seconds):
        monkeypatch.setattr(owner.time, "sleep", real)
        note(folder)

    monkeypatch.setattr(owner.time, "sleep", meanwhile)
    with folder.locked_if_free() as mine:
        assert not mine
    assert folder.busy  # the other one
