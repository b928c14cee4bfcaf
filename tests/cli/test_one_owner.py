"""Commands that meet at one run folder: one works there, the others leave it as it is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from exactness import ending, same, the_run

from trickrun.run.find import every
from trickrun.run.folder import RunFolder
from trickrun.run.owner import OWNER

RECIPE = """\
name: waiting
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
regularizers: {dropout: 0.2}
train: {epochs: 3, device: cpu, step: "waits:step"}
"""

WAITS = """\
import time
from pathlib import Path
def step(model, batch, loss, optimizer):
    Path("reached").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    optimizer.zero_grad()
    value = loss(model(batch[0]), batch[1])
    value.backward()
    optimizer.step()
    return value
"""
"""A step that waits for a file: how long a training takes is for the test to say."""

COMMAND = [sys.executable, "-c", "from trickrun.cli import main; main()"]


def launch(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition):
    while not condition():
        time.sleep(0.01)


def state(run: RunFolder) -> dict[Path, tuple[int, bytes]]:
    """Return all that is in a run's folder, with the times when it was changed."""
    paths = [run.path, *run.path.rglob("*")]
    return {p: (p.stat().st_mtime_ns, p.read_bytes() if p.is_file() else b"") for p in paths}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "waits.py").write_text(WAITS)
    (tmp_path / "waiting.yaml").write_text(RECIPE)
    return tmp_path / "waiting.yaml"


def test_three_that_go_on_with_one_killed_run(trickrun, recipe):
    """One goes on and ends as an undisturbed one; two are refused and change nothing."""
    with launch("train", recipe, "--runs-dir", "torn") as process:
        wait_until(lambda: Path("reached").exists() or process.poll() is not None)
        process.send_signal(signal.SIGKILL)
    run = the_run(Path("torn"))
    assert run.status == "killed"
    assert (run.path / OWNER).exists()
    Path("reached").unlink()

    processes = [launch("train", "--resume", run.path) for _ in range(3)]
    try:
        wait_until(lambda: sum(process.poll() is not None for process in processes) >= 2)
        wait_until(lambda: Path("reached").exists())
        assert run.status == "running"
        (winner,) = (process for process in processes if process.poll() is None)
        before = state(run)
        fourth = trickrun("train", "--resume", run.path)
        assert state(run) == before
        Path("go").touch()
        said = {process: process.communicate()[1] for process in processes}
    finally:
        Path("go").touch()
        for process in processes:
            process.wait()
    told = f"in this folder: process {winner.pid} on this machine, since "
    for process in processes:
        if process is not winner:
            assert process.returncode == 2
            assert said[process].count("error: ") == 1
            assert told in said[process]
            assert "Traceback" not in said[process]
    assert fourth.code == 2
    assert told in fourth.err

    assert winner.returncode == 0, said[winner]
    assert not (run.path / OWNER).exists()
    assert trickrun("train", recipe, "--runs-dir", "whole").code == 0
    assert same(ending(run), ending(the_run(Path("whole"))))


@pytest.fixture
def at_work(trickrun, recipe):
    """A run that is cut off, and in which this process works."""
    Path("go").touch()
    body = trickrun("train", recipe, "--json").json
    run = RunFolder(Path(body["run"]))
    lines = run.metrics_file.read_bytes().splitlines(keepends=True)
    run.metrics_file.write_bytes(b"".join(lines[:-1]))
    with run.locked():
        yield run


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["train", "--resume", "RUN"], 2),
        (["train", "--resume", "RUN", "train.epochs=4"], 0),
        (["curves", "RUN"], None),
        (["eval", "RUN"], 0),
        (["diagnose", "RUN", "--budget", "60s"], None),
        (["runs"], 0),
        (["runs", "remove", "RUN", "--yes"], 2),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_a_command_leaves_a_folder_at_work_as_it_is(trickrun, at_work, words, code):
    before = state(at_work)
    ran = trickrun(*[at_work.path if word == "RUN" else word for word in words])
    assert ran.code in ((0, 1) if code is None else (code,)), ran.err
    assert "Traceback" not in ran.err
    assert state(at_work) == before
    assert not [run for run in every(Path("runs")) if run.path != at_work.path and run.busy]


def test_curves_of_a_run_at_work_are_kept_in_a_folder_of_their_own(trickrun, at_work):
    body = trickrun("curves", at_work.path, "--json").json
    own = RunFolder(Path(body["run"]))
    assert own.path != at_work.path
    assert body["result"]["runs"][0]["run"] == at_work.id
    assert (own.path / "curves-1.svg").exists()
    assert json.loads((own.path / "evidence.json").read_bytes())["verdict"] == body["verdict"]


@pytest.mark.parametrize("name", ["plan.json", "checklist.json", "evidence.json"])
def test_a_check_at_work_is_running_and_is_not_removed(trickrun, at_work, name):
    """A search, a checklist, any other check, whether it has ended or not."""
    at_work.metrics_file.unlink()
    (at_work.path / name).write_text('{"verdict": "pass"}')
    (run,) = trickrun("runs", "--json").json["result"]["runs"]
    assert run["status"] == "running"
    assert trickrun("runs", "remove", at_work.id, "--yes").code == 2
    assert (at_work.path / name).exists()


def test_a_note_left_behind_is_harmless(trickrun, recipe):
    Path("go").touch()
    run = RunFolder(Path(trickrun("train", recipe, "--json").json["run"]))
    (run.path / OWNER).write_text("{")
    assert trickrun("runs", "--json").json["result"]["runs"][0]["status"] == "finished"
    assert trickrun("runs", "remove", run.id, "--yes").code == 0
