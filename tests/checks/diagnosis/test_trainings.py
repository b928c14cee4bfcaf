"""Where a diagnosis trains its edits, and that this changes no result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trickrun.checks.diagnosis import trainings as module
from trickrun.checks.diagnosis.proxy_run import ProxyRun, shorten
from trickrun.checks.diagnosis.trainings import HERE_SECONDS, Trainings
from trickrun.recipe.load import load
from trickrun.search.executors import choose
from trickrun.search.executors.choose import OVERHEAD, Layout
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
    monkeypatch.setattr(choose, "WORKERS", workers)
    monkeypatch.setattr(choose, "cores", lambda: 2)
    return workers


@pytest.fixture
def shapes_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of networks that are more than linear layers."""
    monkeypatch.setattr(choose, "told_by_shapes", lambda *_: None)


def slow(proxy: ProxyRun, seconds: float) -> ProxyRun:
    """Return a proxy of which a training of its length takes so many seconds."""
    return replace(proxy, step_seconds=max(seconds / proxy.span.steps, 2 * OVERHEAD))


def trials(proxy: ProxyRun, count: int) -> list[Trial]:
    return [Trainings(proxy).trial({}, seed, "as it is") for seed in range(count)]


@pytest.mark.usefixtures("shapes_tell_nothing")
def test_workers_that_wait_train_alone_what_takes_long(proxy: ProxyRun, waiting: Workers) -> None:
    layout = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 4), module.UNHURRIED)
    assert layout.here == []
    assert [len(chunk) for chunk in layout.workers] == [1, 1, 1, 1]


@pytest.mark.usefixtures("shapes_tell_nothing")
def test_one_training_and_what_takes_no_time_stay_here(proxy: ProxyRun, waiting: Workers) -> None:
    one = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 1), module.UNHURRIED)
    assert (len(one.here), one.workers) == (1, [])
    data_take_long = replace(slow(proxy, 3.0), read_seconds=60.0)
    layout = Trainings(data_take_long).layout(trials(proxy, 4), module.UNHURRIED)
    assert (len(layout.here), layout.workers) == (4, [])


@pytest.mark.usefixtures("shapes_tell_nothing")
def test_small_steps_stay_one_stack_here(proxy: ProxyRun, waiting: Workers) -> None:
    quick = replace(proxy, step_seconds=OVERHEAD / 2)
    layout = Trainings(quick).layout(trials(proxy, 4), module.UNHURRIED)
    assert [len(chunk) for chunk in layout.here] == [4]


def test_linear_networks_are_a_stack_however_slow_a_step_was(
    proxy: ProxyRun, waiting: Workers
) -> None:
    layout = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 4), module.UNHURRIED)
    assert [len(chunk) for chunk in layout.here] == [4]


@pytest.mark.usefixtures("shapes_tell_nothing")
def test_where_no_workers_wait_all_stays_here_unless_it_takes_long(
    proxy: ProxyRun, waiting: Workers
) -> None:
    waiting.server_begun = None
    layout = Trainings(slow(proxy, 3.0)).layout(trials(proxy, 4), module.UNHURRIED)
    assert (len(layout.here), layout.workers) == (4, [])
    hours = Trainings(slow(proxy, 100 * HERE_SECONDS))
    assert hours.layout(trials(proxy, 2), module.UNHURRIED).here == []


def test_workers_reach_what_this_process_does(
    proxy: ProxyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = {"as it is": {}, "faster": {"optimizer.lr": 0.01}}
    here = Trainings(slow(proxy, 0.0))
    here.run(edits, [0, 1])
    there = Trainings(slow(proxy, 0.0))
    monkeypatch.setattr(Trainings, "layout", lambda _, of, pace: Layout(workers=[tuple(of)]))
    there.run(edits, [0, 1])
    assert {name: v.results for name, v in there.known.items()} == {
        name: v.results for name, v in here.known.items()
    }
    assert [*there.known["faster"].results] == [0, 1]
