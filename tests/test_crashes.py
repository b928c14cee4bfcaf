"""A run that crashes at any write goes on and ends as if it had not; see crash_server.py."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SERVER = Path(__file__).with_name("crash_server.py")
MEMORY = Path("/dev/shm")
"""Where it is, a file system in memory: hundreds of runs need no disk to crash."""


@pytest.mark.parametrize(
    ("scenario", "troubles"),
    [("momentum", ["everywhere", "twice"]), ("adam", ["everywhere", "full_disk"])],
)
def test_every_resume_ends_bitwise_equal(scenario, troubles):
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        command = [sys.executable, "-W", "error", SERVER, scenario, folder, *troubles]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    # The scenario is what it claims to be: it ends early, after several checkpoints.
    assert (found["stopped_by"], found["steps"]) == ("early_stopping", 15)
    assert found["faults"]["everywhere"] == found["boundaries"] > 120
    assert found["faults"][troubles[1]] > 40
    # A crash before the folder is whole leaves no run; all others leave one to go on with.
    assert found["faults"]["unborn"] < 40
