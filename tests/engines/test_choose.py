"""The way that a group of trials is trained: what is timed, picked and recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.engines import choose
from trickrun.engines.choose import (
    Layout,
    Timing,
    arrange,
    fastest,
    run_layout,
    run_trials,
    split,
)
from trickrun.engines.trial import Trial, make_trial
from trickrun.engines.work import run_trial
from trickrun.recipe.patch import canonical, patch_paths

HERE = Path(__file__).parent

BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 16},
    "model": {"kind": "mlp", "hidden": [8]},
    "train": {"epochs": 2},
}
TIMING = Timing(alone=1e-3, stacked=2e-3, size=8, largest=64, steps=100_000, cuda=False)
SLOW = replace(TIMING, stacked=1.0)
SHORT = replace(TIMING, steps=100)


def trials(*changes: dict[str, Any], **base: Any) -> list[Trial]:
    tree = canonical({**BASE, **base})
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


SIXTEEN = trials(*({"optimizer.lr": 0.001 * k} for k in range(1, 17)))


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Timing | None], list[int]]:
    """Make all timings come out so, on two cores; return the sizes of the groups timed."""

    def comes_out(timing: Timing | None) -> list[int]:
        sizes: list[int] = []

        def time_group(group: list[Trial], folder: Path, workers: int) -> Timing | None:
            sizes.append(len(group))
            return timing

        monkeypatch.setattr(choose, "time_group", time_group)
        monkeypatch.setattr(choose, "cores", lambda: 2)
        return sizes

    return comes_out


def arranged(group: list[Trial]) -> Layout:
    layout = Layout()
    arrange(layout, group, HERE)
    return layout


@pytest.mark.parametrize(
    ("timing", "way"),
    [
        (TIMING, "workers"),
        (SLOW, "alone"),
        (SHORT, "here"),
        # Half the work, 8 * steps * 0.25 ms, is what a pool of two saves for its 3 s.
        (replace(TIMING, steps=1400), "here"),
        (replace(TIMING, steps=1600), "workers"),
        (replace(TIMING, cuda=True), "here"),
        (replace(SLOW, cuda=True), "alone"),
    ],
)
def test_the_way_that_ends_first_is_taken(timing, way):
    assert fastest(timing, 16, 2) == way


def test_many_cores_need_no_stacks():
    assert fastest(TIMING, 16, 16) == "alone"
    assert fastest(TIMING, 17, 16) == "workers"


def test_chunks_are_few_and_nearly_equal():
    assert [len(part) for part in split(SIXTEEN, 16)] == [16]
    assert [len(part) for part in split(SIXTEEN, 7)] == [6, 5, 5]
    assert sorted(t.id for part in split(SIXTEEN, 7) for t in part) == sorted(t.id for t in SIXTEEN)


def test_stacks_go_to_one_worker_a_core(timed):
    sizes = timed(TIMING)
    layout = arranged(SIXTEEN)
    assert sizes == [16]
    assert ([len(c) for c in layout.workers], layout.here) == ([8, 8], [])


def test_stacks_are_no_larger_than_memory(timed):
    timed(replace(TIMING, largest=3))
    assert [len(c) for c in arranged(SIXTEEN).workers] == [3, 3, 3, 3, 2, 2]
    timed(replace(SHORT, largest=10))
    assert [len(c) for c in arranged(SIXTEEN).here] == [8, 8]


@pytest.mark.parametrize("timing", [SLOW, None], ids=["slower", "impossible"])
def test_what_cannot_be_stacked_or_is_slower_trains_alone(timed, timing):
    timed(timing)
    assert arranged(SIXTEEN) == Layout(workers=[(trial,) for trial in SIXTEEN])


def test_two_trials_are_not_worth_timing(timed):
    sizes = timed(SHORT)
    assert arranged(SIXTEEN[:2]) == Layout(workers=[(trial,) for trial in SIXTEEN[:2]])
    assert sizes == []


def test_timing_takes_a_few_steps_of_each_way():
    timing = choose.time_group(SIXTEEN, HERE, 4)
    assert timing is not None
    assert (timing.size, timing.steps, timing.cuda) == (4, 2 * 7, False)
    assert 0 < timing.alone < timing.stacked < 10
    assert timing.largest > 1000  # 100 parameters each


def test_what_no_stack_can_do_is_not_an_error(monkeypatch):
    def unknown(jobs: object) -> None:
        raise RuntimeError("vmap: this operation has no batching rule")

    monkeypatch.setattr(choose, "Stack", unknown)
    assert choose.time_group(SIXTEEN, HERE, 4) is None


def test_a_recipe_that_cannot_be_a_job_is_told_by_its_trial(timed):
    of = trials(*({"optimizer.lr": lr} for lr in (0.1, 0.2, 0.3)), model={"kind": "cnn"})
    assert choose.time_group(of, HERE, 2) is None


def test_all_trials_end_whatever_their_group(timed):
    timed(SHORT)
    other = trials({"model.hidden": [4]})
    threads = torch.get_num_threads()
    results = {r.id: r for r in run_trials([*SIXTEEN[:3], *other], HERE, "val_loss")}
    assert torch.get_num_threads() == threads
    assert [results[t.id].engine for t in SIXTEEN[:3]] == ["stacked"] * 3
    assert results[other[0].id].engine == "processes"
    for trial in (*SIXTEEN[:3], *other):
        alone = run_trial(trial, HERE, "val_loss")
        assert results[trial.id].values == pytest.approx(alone.values, rel=1e-5)


def test_a_chunk_trains_whole_and_gives_the_results_that_are_wanted(monkeypatch):
    trained: list[list[str]] = []
    run_chunk = choose.run_chunk

    def seen(chunk, folder, metric):
        trained.append([trial.id for trial in chunk])
        return run_chunk(chunk, folder, metric)

    monkeypatch.setattr(choose, "run_chunk", seen)
    first, second = tuple(SIXTEEN[:3]), tuple(SIXTEEN[3:6])
    layout = Layout(here=[first, second], workers=[(SIXTEEN[7],)])
    (result,) = run_layout(layout, HERE, "val_loss", {first[1].id})
    assert (result.id, trained) == (first[1].id, [[trial.id for trial in first]])


def test_a_layout_is_plain_data_and_back():
    layout = Layout(here=[tuple(SIXTEEN[:3])], workers=[(SIXTEEN[4],), (SIXTEEN[5],)])
    assert Layout.from_json(json.loads(json.dumps(layout.as_json())), SIXTEEN) == layout
    assert Layout.from_json({}, SIXTEEN) == Layout()
    assert layout.ids == {SIXTEEN[i].id for i in (0, 1, 2, 4, 5)}
