"""The way that a group of trials is trained: what is timed, picked and recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.recipe.patch import canonical, patch_paths
from trickrun.run.pace import Moved, Pace
from trickrun.search.executors import choose
from trickrun.search.executors import workers as executors_workers
from trickrun.search.executors.choose import Layout, Timing, lay_out, run_layout, run_trials, split
from trickrun.search.executors.work import run_trial
from trickrun.search.executors.workers import FIRST_POOL_SECONDS, NEXT_POOL_SECONDS, Workers
from trickrun.search.trial import Trial, make_trial

HERE = Path(__file__).parent

BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 16},
    "model": {"kind": "mlp", "hidden": [8]},
    "train": {"epochs": 2},
}


def trials(*changes: dict[str, Any], **base: Any) -> list[Trial]:
    tree = canonical({**BASE, **base})
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


SIXTEEN = trials(*({"optimizer.lr": 0.001 * k} for k in range(1, 17)))
TIMING = Timing(
    group=tuple(SIXTEEN), workers=2, stacks=2, steps=100_000, alone=1e-3, stacked=2e-3, size=8,
    largest=64,
)  # fmt: skip
SLOW = replace(TIMING, stacked=1.0)
SHORT = replace(TIMING, steps=100)


def laid_out(
    monkeypatch: pytest.MonkeyPatch,
    of: list[Trial],
    timing: Timing | None,
    workers: Workers | None = None,
) -> Layout:
    """The layout of ``of`` if each group's timing comes out as ``timing``.

    Args:
        workers: those that this process has; None: none yet.
    """

    def time_group(group: list[Trial], folder: Path, workers: int) -> Timing | None:
        return timing and replace(timing, group=tuple(group))

    # What a pool costs was measured once; here it is a round number.
    monkeypatch.setattr(executors_workers, "FIRST_POOL_SECONDS", 3.0)
    monkeypatch.setattr(choose, "told_by_shapes", lambda *_: None)
    monkeypatch.setattr(choose, "time_group", time_group)
    monkeypatch.setattr(choose, "WORKERS", workers or Workers())
    return lay_out(of, HERE)


def sizes(layout: Layout) -> tuple[list[int], list[int]]:
    """The sizes of the chunks here and in workers."""
    return [len(chunk) for chunk in layout.here], [len(chunk) for chunk in layout.workers]


ALONE = ([], [1] * 16)
STACKED = ([], [8, 8])
HERE_ONLY = ([16], [])


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (TIMING, STACKED),
        (SLOW, ALONE),
        (SHORT, HERE_ONLY),
        # Half the work, 8 * steps * 0.25 ms, is what a pool of two saves for its 3 s.
        (replace(TIMING, steps=1400), HERE_ONLY),
        (replace(TIMING, steps=1600), STACKED),
        # One after another they may end before a pool has begun, too.
        (replace(SHORT, stacked=10e-3), ([1] * 16, [])),
        (replace(SHORT, stacked=10e-3, steps=1000), ALONE),
        # Sixteen cores have nothing to stack; seventeen trials make them.
        (replace(TIMING, workers=16, stacks=16, size=2), ALONE),
        # A GPU trains one stack at a time.
        (replace(TIMING, stacks=1, size=16), HERE_ONLY),
        (replace(SLOW, stacks=1, size=16), ALONE),
        # No stack is larger than memory.
        (replace(TIMING, largest=3), ([], [3, 3, 3, 3, 2, 2])),
        (replace(SHORT, largest=10), ([8, 8], [])),
        # Nothing can be stacked.
        (None, ALONE),
    ],
)
def test_the_way_that_ends_first_is_taken(monkeypatch, timing, expected):
    assert sizes(laid_out(monkeypatch, SIXTEEN, timing)) == expected


def test_two_trials_are_not_worth_timing(monkeypatch):
    assert sizes(laid_out(monkeypatch, SIXTEEN[:2], SHORT)) == ([], [1, 1])


def test_if_one_group_needs_workers_the_others_use_them_too(monkeypatch):
    other = trials({"model.hidden": [4]})
    assert sizes(laid_out(monkeypatch, [*SIXTEEN, *other], SHORT)) == ([], [1, 8, 8])


def test_many_short_groups_together_are_worth_a_pool(monkeypatch):
    timing = replace(TIMING, steps=1000)
    assert sizes(laid_out(monkeypatch, SIXTEEN, timing)) == HERE_ONLY
    other = trials(*({"optimizer.lr": 0.001 * k, "model.hidden": [4]} for k in range(1, 17)))
    assert sizes(laid_out(monkeypatch, [*SIXTEEN, *other], timing)) == ([], [16, 16])


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([16, 16, 16], [16, 16, 8, 8]),  # two groups whole, the third on both
        ([16, 16, 16, 15], [16, 16, 16, 15]),
        ([16, 4], [8, 8, 2, 2]),  # whole ones would leave a worker idle
        ([4, 16, 12], [16, 12, 4]),
    ],
)
def test_groups_stay_whole_where_that_leaves_no_worker_idle(monkeypatch, groups, expected):
    of = [
        trial
        for number, size in enumerate(groups)
        for trial in trials(
            *({"optimizer.lr": 0.001 * (k + 1), "model.hidden": [4 + number]} for k in range(size))
        )
    ]
    assert sizes(laid_out(monkeypatch, of, TIMING)) == ([], expected)


def test_of_groups_that_differ_in_their_fold_one_is_timed(monkeypatch):
    def of(fold: int, width: int) -> list[Trial]:
        split = {"folds": 5, "fold": fold}
        data, model = {**BASE["data"], "split": split}, {"kind": "mlp", "hidden": [width]}
        changes = [{"optimizer.lr": 0.001 * k} for k in range(1, 5)]
        return trials(*changes, data=data, model=model)

    timed = []

    def time_group(group: list[Trial], folder: Path, workers: int) -> Timing:
        timed.append(group[0].tree["model"]["hidden"])
        return replace(TIMING, group=tuple(group))

    monkeypatch.setattr(choose, "told_by_shapes", lambda *_: None)
    monkeypatch.setattr(choose, "time_group", time_group)
    every = [*of(0, 8), *of(1, 8), *of(2, 8), *of(0, 4)]
    layout = lay_out(every, HERE)
    assert timed == [[8], [4]]
    assert layout.ids == {trial.id for trial in every}


def test_groups_that_train_faster_alone_are_not_kept_whole(monkeypatch):
    other = trials(*({"optimizer.lr": 0.001 * k, "model.hidden": [4]} for k in range(1, 17)))
    assert sizes(laid_out(monkeypatch, [*SIXTEEN, *other], SLOW)) == ([], [1] * 32)


def test_workers_that_are_there_are_worth_it_sooner(monkeypatch):
    class Waiting(Workers):
        def seconds(self) -> float:
            return 0.0

    assert sizes(laid_out(monkeypatch, SIXTEEN, SHORT, Waiting())) == STACKED


def test_a_server_that_has_begun_makes_the_wait_shorter(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("trickrun.search.executors.workers.time.monotonic", lambda: now[0])
    monkeypatch.setattr("trickrun.search.executors.workers.forkserver.ensure_running", lambda: None)
    workers = Workers()
    assert workers.seconds() == FIRST_POOL_SECONDS
    workers.warm_up()
    now[0] += 1
    assert workers.seconds() == FIRST_POOL_SECONDS - 1
    now[0] += 60
    assert workers.seconds() == NEXT_POOL_SECONDS


def test_chunks_are_few_and_nearly_equal():
    assert [len(part) for part in split(SIXTEEN, 16)] == [16]
    assert [len(part) for part in split(SIXTEEN, 7)] == [6, 5, 5]
    assert {t.id for part in split(SIXTEEN, 7) for t in part} == {t.id for t in SIXTEEN}


def test_timing_takes_a_few_steps_of_each_way():
    timing = choose.time_group(SIXTEEN, HERE, 4)
    assert timing is not None
    assert (timing.size, timing.stacks, timing.steps) == (4, 4, 2 * 7)
    # Which is longer says how busy the machine is, too.
    assert 0 < timing.alone < 10
    assert 0 < timing.stacked < 10
    assert timing.largest > 1000  # 100 parameters each


def test_what_no_stack_can_do_is_not_an_error(monkeypatch):
    def unknown(jobs: object) -> None:
        raise RuntimeError("vmap: this operation has no batching rule")

    monkeypatch.setattr(choose, "Stack", unknown)
    assert choose.time_group(SIXTEEN, HERE, 4) is None


def test_a_recipe_that_cannot_be_a_job_is_told_by_its_trial():
    of = trials(*({"optimizer.lr": lr} for lr in (0.1, 0.2, 0.3)), model={"kind": "cnn"})
    assert choose.time_group(of, HERE, 2) is None


def test_all_trials_end_in_a_stack_as_alone(monkeypatch):
    monkeypatch.setattr(choose, "WORKERS", Workers())  # those of other tests would be worth it
    threads = torch.get_num_threads()
    results = {r.id: r for r in run_trials(SIXTEEN[:3], HERE, "val_loss")}
    assert torch.get_num_threads() == threads
    for trial in SIXTEEN[:3]:
        alone = run_trial(trial, HERE, "val_loss")
        assert results[trial.id].engine == "stacked"
        assert results[trial.id].values == pytest.approx(alone.values, rel=1e-5)


def test_a_layout_trains_here_and_in_workers():
    layout = Layout(here=[tuple(SIXTEEN[:3])], workers=[tuple(SIXTEEN[3:5]), (SIXTEEN[5],)])
    results = {r.id: r for r in run_layout(layout, HERE, "val_loss", layout.ids)}
    assert [results[t.id].engine for t in SIXTEEN[:6]] == ["stacked"] * 5 + ["processes"]
    assert {r.status for r in results.values()} == {"finished"}


def test_a_chunk_trains_whole_and_gives_the_results_that_are_wanted(monkeypatch):
    trained: list[list[str]] = []
    run_chunk = choose.run_chunk

    def seen(chunk, *how):
        trained.append([trial.id for trial in chunk])
        return run_chunk(chunk, *how)

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
    left = layout.only({SIXTEEN[i].id for i in (0, 2, 5)})
    assert left == Layout(here=[(SIXTEEN[0], SIXTEEN[2])], workers=[(SIXTEEN[5],)])


LONG = trials(*({"optimizer.lr": 0.001 * k} for k in range(1, 4)), train={"epochs": 100_000})


def test_trials_that_a_deadline_cuts_off_have_no_result():
    """Alone here, in a stack here, alone in a worker: all of them would train for hours."""
    for layout in (
        Layout(here=[(LONG[0],)]),
        Layout(here=[tuple(LONG)]),
        Layout(workers=[(trial,) for trial in LONG]),
    ):
        soon = Pace(time.monotonic() + 0.2)
        assert list(run_layout(layout, HERE, "val_loss", layout.ids, pace=soon)) == []


def test_no_chunk_is_begun_when_the_time_is_up(monkeypatch):
    monkeypatch.setattr(choose, "run_chunk", None)
    layout = Layout(here=[tuple(SIXTEEN)])
    assert list(run_layout(layout, HERE, "val_loss", layout.ids, pace=Pace(0.0))) == []


def test_how_far_trials_are_is_told_here_and_in_workers():
    told: list[tuple[str, float | None, list[float]]] = []

    @contextmanager
    def phases(what: str, total: float | None = None) -> Iterator[Moved]:
        told.append((what, total, []))
        yield told[-1][2].append

    layout = Layout(here=[tuple(SIXTEEN[:3])], workers=[(SIXTEEN[5],)])
    pace = Pace(phases=phases)
    list(run_layout(layout, HERE, "val_loss", layout.ids, what="search", pace=pace))
    [(what, total, done)] = told
    assert (what, total, done[-1]) == ("search", 4, 4)
    assert done == sorted(done)
    assert 3 in done
    assert any(0 < share < 3 for share in done), "a stack tells how far it is"


def test_where_time_is_short_trials_train_in_small_chunks(monkeypatch):
    assert [len(chunk) for chunk in laid_out(monkeypatch, SIXTEEN, SHORT).here] == [16]
    short = Pace(time.monotonic() + 1e-3)
    monkeypatch.setattr(choose, "time_group", lambda group, *_: replace(SHORT, group=tuple(group)))
    layout = lay_out(SIXTEEN, HERE, short)
    assert max(len(chunk) for chunk in layout.here + layout.workers) < 8
    assert layout.ids == {trial.id for trial in SIXTEEN}


def test_chunks_are_cut_in_their_order():
    layout = Layout(here=[tuple(SIXTEEN[:5])], workers=[(SIXTEEN[5],)]).cut(2)
    assert [len(chunk) for chunk in layout.here] == [2, 2, 1]
    assert [trial.id for chunk in layout.here for trial in chunk] == [t.id for t in SIXTEEN[:5]]
