"""Worker processes: each trial's result, a dying worker, and bad trials among good ones."""

import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest

from trickrun.recipe.load import load
from trickrun.recipe.patch import patch_paths
from trickrun.search.executors.processes import run_chunks
from trickrun.search.executors.work import run_trial
from trickrun.search.executors.workers import WORKERS
from trickrun.search.trial import Trial, make_trial

RECIPE = """
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
train: {epochs: 2}
"""

USER_CODE = """
import os, signal
from pathlib import Path
import torch

def dies_once(inputs, outputs):
    mark = Path(__file__).with_name("died")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return torch.nn.Linear(inputs[0], outputs)

def slow(inputs, outputs):
    import time
    time.sleep(600)

def dies_beside(inputs, outputs):
    import time
    while not Path(__file__).with_name("begun").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

def is_beside(inputs, outputs):
    import time
    Path(__file__).with_name("begun").touch()
    time.sleep(0.5)
    return torch.nn.Linear(inputs[0], outputs)

def needs_all_memory(inputs, outputs):
    import time
    full = Path(__file__).with_name("full")
    try:
        full.touch(exist_ok=False)
    except FileExistsError:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(1)
    full.unlink()
    return torch.nn.Linear(inputs[0], outputs)

def dies(inputs, outputs):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "user_nets.py").write_text(USER_CODE)
    return tmp_path


def trials(folder: Path, *changes: dict[str, object]) -> list[Trial]:
    tree = load(folder / "recipe.yaml").tree
    return [make_trial(patch_paths(tree, change), change, folder) for change in changes]


def alone(trials: list[Trial]) -> list[tuple[Trial, ...]]:
    return [(trial,) for trial in trials]


def test_a_trial_ends_as_it_does_in_this_process(folder: Path) -> None:
    wanted = trials(folder, {"optimizer.lr": 0.01}, {"optimizer.lr": 0.1})
    found = {r.id: r for r in run_chunks(alone(wanted), folder, "val_loss", workers=2)}
    for trial in wanted:
        here = run_trial(trial, folder, "val_loss")
        assert replace(found[trial.id], seconds=0.0) == replace(here, seconds=0.0)


def test_a_worker_that_dies_is_replaced_and_its_trial_begun_once_more(folder: Path) -> None:
    model = {"kind": "python", "target": "user_nets:dies_once"}
    wanted = trials(folder, {"model": model}, {"optimizer.lr": 0.01}, {"optimizer.lr": 0.02})
    found = {r.id: r.status for r in run_chunks(alone(wanted), folder, "val_loss", workers=2)}
    assert found == {trial.id: "finished" for trial in wanted}


def test_a_trial_that_kills_every_worker_is_given_up_and_the_others_end(folder: Path) -> None:
    model = {"kind": "python", "target": "user_nets:dies"}
    wanted = trials(folder, {"model": model}, {"optimizer.lr": 0.01})
    found = {r.id: r.status for r in run_chunks(alone(wanted), folder, "val_loss", workers=1)}
    assert found == {wanted[0].id: "crashed", wanted[1].id: "finished"}


def test_a_trial_that_kills_its_worker_takes_no_other_along(folder: Path) -> None:
    dies, beside = (
        {"model": {"kind": "python", "target": f"user_nets:{name}"}}
        for name in ("dies_beside", "is_beside")
    )
    wanted = trials(folder, dies, beside)
    found = [(r.id, r.status) for r in run_chunks(alone(wanted), folder, "val_loss", workers=2)]
    assert found == [(wanted[1].id, "finished"), (wanted[0].id, "crashed")]


def test_what_was_lost_is_begun_again_one_at_a_time(folder: Path) -> None:
    model = {"kind": "python", "target": "user_nets:needs_all_memory"}
    wanted = trials(folder, *({"model": model, "optimizer.lr": lr} for lr in (0.01, 0.02, 0.03)))
    found = [r.status for r in run_chunks(alone(wanted), folder, "val_loss", workers=3)]
    assert found == ["finished"] * 3


def test_divergence_and_a_recipe_that_cannot_be_a_job_are_results(folder: Path) -> None:
    wild = {"optimizer": {"kind": "sgd", "lr": 1e30}}
    bad = {"data.batch_size": 100_000}
    found = [run_trial(trial, folder, "val_loss") for trial in trials(folder, wild, bad)]
    assert [r.status for r in found] == ["diverged", "failed"]
    assert "batch" in found[1].reason


def test_a_stack_whose_worker_dies_is_trained_trial_by_trial(folder: Path) -> None:
    model = {"kind": "python", "target": "user_nets:dies_once"}
    wanted = trials(folder, *({"model": model, "optimizer.lr": lr} for lr in (0.01, 0.02)))
    found = list(run_chunks([tuple(wanted)], folder, "val_loss", workers=1))
    assert sorted((r.id, r.status, r.engine) for r in found) == sorted(
        (trial.id, "finished", "processes") for trial in wanted
    )


def test_workers_wait_for_the_next_search(folder: Path) -> None:
    first, second = trials(folder, {"optimizer.lr": 0.01}, {"optimizer.lr": 0.02})
    list(run_chunks([(first,)], folder, "val_loss", workers=1))
    waiting = active_children()
    assert waiting
    assert WORKERS.seconds() == 0
    list(run_chunks([(second,)], folder, "val_loss", workers=1))
    assert active_children() == waiting


def test_workers_whose_results_nobody_wants_end_at_once(folder: Path) -> None:
    model = {"kind": "python", "target": "user_nets:slow"}
    quick, slow = trials(folder, {"optimizer.lr": 0.01}, {"model": model})
    results = run_chunks([(quick,), (slow,)], folder, "val_loss", workers=2)
    assert next(results).id == quick.id
    began = time.monotonic()
    children = [process for worker in WORKERS.begun for process in worker.processes]
    assert len(children) >= 2
    results.close()
    for child in children:
        child.join(20)
    assert time.monotonic() - began < 20
    assert not any(child.is_alive() for child in children)
    assert not WORKERS.begun


def test_workers_end_with_the_process_that_began_them(folder: Path) -> None:
    code = (
        "import os, sys\n"
        "from trickrun.search.executors.workers import WORKERS\n"
        "print(WORKERS.first(1)[0].submit(os.getpid).result(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker)


def is_running(process: int) -> bool:
    """Return whether there is a process of this number that has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
