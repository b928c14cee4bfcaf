"""Where a diagnosis trains its edits, and that this changes no result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trickrun.checks.diagnosis import trainings as module
from trickrun.checks.diagnosis.proxy_run import ProxyRun, shorten
from trickrun.checks.diagnosis.trainings import OVERHEAD, Trainings
from trickrun.recipe.load import load
from trickrun.search.executors.workers import Workers
from trickrun.search.trial import Trial


@pytest.fixture
def proxy(tmp_path: Path) -> ProxyRun:
    path = tmp_path / "r.yaml"
    path.write_text("data: iris\nmodel: {kind: mlp, hidden: [8]}\ntrain: {epochs: 2}\n")
    return shorten(load(path))


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Workers that wait, as those of a command do."""
    workers = Workers()
    workers.server_begun = -100.0
    monkeypatch.setattr(module, "WORKERS", workers)
    monkeypatch.setattr(module, "cores", lambda: 2)
    return workers


def slow(proxy: ProxyRun, seconds: float) -> ProxyRun:
    """Return a proxy of which a training of its length takes so many seconds."""
    return replace(proxy, step_seconds=max(seconds / proxy.span.steps, 2 * OVERHEAD))


def trials(proxy: ProxyRun, count: int) -> list[Trial]:
    return [Trainings(proxy).trial({}, seed, "as it is") for seed in range(count)]


def test_workers_that_wait_train_alone_what_takes_long(proxy: ProxyRun, waiting: Workers) -> None:
    layout = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 4), module.UNHURRIED)
    assert layout.here == []
    assert [len(chunk) for chunk in layout.workers] == [1, 1, 1, 1]


def test_one_training_and_what_takes_no_time_stay_here(proxy: ProxyRun, waiting: Workers) -> None:
    one = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 1), module.UNHURRIED)
    assert (len(one.here), one.workers) == (1, [])
    data_take_long = replace(slow(proxy, 3.0), read_seconds=60.0)
    layout = Trainings(data_take_long).layout(trials(proxy, 4), module.UNHURRIED)
    assert (len(layout.here), layout.workers) == (4, [])


def test_small_steps_stay_one_stack_here(proxy: ProxyRun, waiting: Workers) -> None:
    quick = replace(proxy, step_seconds=OVERHEAD / 2)
    layout = Trainings(quick).layout(trials(proxy, 4), module.UNHURRIED)
    assert [len(chunk) for chunk in layout.here] == [4]


def test_where_no_workers_wait_all_stays_here(proxy: ProxyRun, waiting: Workers) -> None:
    waiting.server_begun = None
    layout = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 4), module.UNHURRIED)
    assert (len(layout.here), layout.workers) == (4, [])


def test_workers_reach_what_this_process_does(
    proxy: ProxyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = {"as it is": {}, "faster": {"optimizer.lr": 0.01}}
    here = Trainings(slow(proxy, 0.0))
    monkeypatch.setattr(Trainings, "saved_by_workers", lambda *_: -1.0)
    here.run(edits, [0, 1])
    there = Trainings(slow(proxy, 0.0))
    monkeypatch.setattr(Trainings, "saved_by_workers", lambda *_: 1.0)
    there.run(edits, [0, 1])
    assert {name: v.results for name, v in there.known.items()} == {
        name: v.results for name, v in here.known.items()
    }
    assert [*there.known["faster"].results] == [0, 1]
