"""Trials that pause and go on end as if they had not paused, alone and in a stack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trickrun.errors import CannotWrite
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.executors.processes import run_chunks
from trickrun.search.executors.work import run_chunk
from trickrun.search.segment import WHOLE, Segment
from trickrun.search.trial import Trial, TrialResult, make_trial

HERE = Path(__file__).parent

BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 32},
    "model": {"kind": "mlp", "hidden": [8]},
    "normalization": "batch",
    "regularizers": {"dropout": 0.2},
    "optimizer": {"kind": "adam", "lr": 0.02, "schedule": "cosine"},
    "train": {"epochs": 5},
}


def trials(*changes: dict[str, Any], **base: Any) -> list[Trial]:
    tree = canonical({**BASE, **base})
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


def bare(results: list[TrialResult]) -> dict[str, TrialResult]:
    """The results by trial, without their seconds."""
    return {result.id: replace(result, seconds=0.0) for result in results}


def in_segments(of: list[Trial], folder: Path) -> list[list[TrialResult]]:
    """Train with pauses after one and three epochs."""
    segments = [Segment(1, 1, folder), Segment(2, 3, folder), Segment(3, None, folder)]
    return [run_chunk(of, HERE, "val_loss", segment) for segment in segments]


OPTIMIZERS = [
    {},
    {"optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9}},
    {"optimizer": {"kind": "rmsprop", "lr": 1e-3, "schedule": {"kind": "plateau", "patience": 1}}},
]


@pytest.mark.parametrize("base", OPTIMIZERS)
@pytest.mark.parametrize("count", [1, 3])
def test_the_end_is_bitwise_that_of_a_run_without_pauses(tmp_path, base, count):
    of = trials(*[{"seed": seed} for seed in range(count)], **base)
    first, second, last = in_segments(of, tmp_path)
    assert bare(last) == bare(run_chunk(of, HERE, "val_loss", WHOLE))
    assert {r.status for r in first + second} == {"stopped"}
    assert [(r.rung, r.values["epoch"] <= 3) for r in second] == [(2, True)] * count
    assert first[0].reason == "stopped at rung 1, after 1 epochs"


def test_a_trial_that_is_left_of_its_stack_goes_on_in_a_stack_of_one(tmp_path):
    of = trials({"seed": 0}, {"seed": 1}, train={"epochs": 5, "precision": "float64"})
    run_chunk(of, HERE, "val_loss", Segment(1, 2, tmp_path))
    (last,) = run_chunk(of[1:], HERE, "val_loss", Segment(2, None, tmp_path))
    (alone,) = run_chunk(of[1:], HERE, "val_loss")
    assert last.engine == "stacked"
    assert last.values == pytest.approx(alone.values, rel=1e-9)


def test_what_ends_before_the_pause_has_ended(tmp_path):
    changes = [{"optimizer.lr": 1e-3}, {"optimizer.lr": 1e30}, {"train.epochs": 1}]
    of = trials(*changes, normalization="none", optimizer={"kind": "sgd", "lr": 0.1})
    found = {r.id: r for r in run_chunk(of, HERE, "val_loss", Segment(1, 2, tmp_path))}
    assert [found[t.id].status for t in of] == ["stopped", "diverged", "finished"]
    segment = Segment(2, None, tmp_path)
    assert [segment.has_place_for(t.id) for t in of] == [True, False, False]


@pytest.mark.parametrize("count", [1, 2])
def test_a_state_that_cannot_be_kept_is_not_the_trials_fault(tmp_path, count):
    of = trials(*[{"seed": seed} for seed in range(count)])
    segment = Segment(1, 1, tmp_path / "missing")
    with pytest.raises(CannotWrite, match="missing"):
        run_chunk(of, HERE, "val_loss", segment)
    with pytest.raises(CannotWrite, match="missing"):
        list(run_chunks([tuple(of)], HERE, "val_loss", workers=1, segment=segment))


def test_a_trial_that_stops_early_where_the_others_pause_has_ended(tmp_path):
    """It is told as what it is, and leaves no state to go on from."""
    stopping = {"patience": 1, "monitor": "train_loss", "mode": "max"}
    of = trials({"seed": 0}, early_stopping=stopping)
    (first,) = run_chunk(of, HERE, "val_loss", Segment(1, 2, tmp_path))
    assert (first.status, first.rung) == ("finished", None)
    assert not Segment(2, None, tmp_path).has_place_for(of[0].id)
