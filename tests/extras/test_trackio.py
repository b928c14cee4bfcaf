"""The extra trackio: what its own API gets back of a training and a search."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("trackio", reason="needs trickrun[trackio]")

pytestmark = pytest.mark.filterwarnings("ignore")  # those of Trackio and what it imports

READ = """
import json, trackio
from trackio.sqlite_storage import SQLiteStorage
print(json.dumps({
    run.name: [run.config, SQLiteStorage.get_logs("flowers", run.name, run_id=run.id)]
    for run in trackio.Api().runs("flowers")
}, default=str))
"""


def read():
    """Return each run's config and logs, read by a process that knows nothing of trickrun."""
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def column(logs, name):
    return {row["step"]: row[name] for row in logs if name in row}


def test_trackio_reads_what_the_run_has(tracked_by):
    tracked = tracked_by("trackio")
    assert tracked.first["state"] == "new"
    for _ in range(2):  # the second time, sent again
        runs = read()
        assert len(runs) == 4
        config, logs = runs[tracked.training.name]
        assert config["optimizer.lr"] == 0.01
        assert config["model.hidden"] == "[8]"
        for name in ("train_loss", "val_loss", "val_accuracy", "epoch"):
            assert column(logs, name) == {s: line[name] for s, line in tracked.epochs.items()}
        assert column(logs, "batch_loss") == {s: line["loss"] for s, line in tracked.steps.items()}
        assert list(column(logs, "test_accuracy").values()) == [tracked.test["accuracy"]]
        assert "finished" in column(logs, "trickrun.status").values()
        assert column(logs, "curves-1")
        assert tracked.again("trackio")["state"] == "updated"
    for key, row in tracked.trials.items():
        config, logs = runs[key]
        assert config["_Group"] == tracked.search.name
        assert config["optimizer.lr"] == row["params"]["optimizer.lr"]
        assert list(column(logs, "val_loss").values()) == [row["values"]["val_loss"]]
