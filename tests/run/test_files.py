"""Files that appear whole, a log, and locks that end with their process."""

import json
import math
import os
import subprocess
import sys

import pytest

from trickrun.errors import CannotWrite, RunFolderError
from trickrun.run import files

HOLD = """
import sys, time
from pathlib import Path
from trickrun.run import files
with files.locked(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    time.sleep(600)
"""


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
    with pytest.raises(RunFolderError, match="it has 8 bytes, its checkpoint knows 9"):
        files.truncate(path, 9)
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_lock_keeps_another_process_out_until_it_is_killed(tmp_path):
    path = tmp_path / "log"
    path.touch()
    assert not files.is_locked(path)
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        assert files.is_locked(path)
        with files.locked(path) as mine:
            assert not mine
        process.kill()
    assert not files.is_locked(path)
    with files.locked(path) as mine:
        assert mine
        assert files.is_locked(path)


def test_nothing_there_is_not_locked(tmp_path):
    assert not files.is_locked(tmp_path / "nothing")


def test_json_has_null_for_what_is_not_finite():
    value = {"a": [1.5, math.nan, (math.inf, "ü")], 2: None, "b": True}
    assert files.to_json(value) == '{"a": [1.5, null, [null, "ü"]], "2": null, "b": true}'
    assert json.loads(files.to_json({"x": 0.1 + 0.2}))["x"] == 0.1 + 0.2
