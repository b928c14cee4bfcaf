"""Whole runs in a stack end as they do alone: early stops, divergence, different lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.executors import work
from trickrun.search.executors.work import run_chunk, run_stack, run_trial
from trickrun.search.groups import groups
from trickrun.search.trial import Trial, TrialResult, make_trial

HERE = Path(__file__).parent

BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 16},
    "model": {"kind": "mlp", "hidden": [16]},
    "normalization": "batch",
    "train": {"epochs": 6, "precision": "float64"},
}


def trials(*changes: dict[str, Any], **base: Any) -> list[Trial]:
    tree = canonical({**BASE, **base})
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


def assert_as_alone(of: list[Trial]) -> list[TrialResult]:
    """Train ``of`` in a stack and each alone, compare, and return the stack's results."""
    assert len(groups(of)) == 1
    found = {result.id: result for result in run_stack(of, HERE, "val_loss")}
    for trial in of:
        result, expected = found[trial.id], run_trial(trial, HERE, "val_loss")
        assert (result.status, result.reason) == (expected.status, expected.reason)
        assert result.values == pytest.approx(expected.values, rel=1e-6)
        assert result.metric == result.values.get("val_loss")
        assert (result.engine, expected.engine) == ("stacked", "processes")
    return [found[trial.id] for trial in of]


def test_metrics_of_the_best_evaluation():
    wanted = trials({"optimizer.lr": 1e-3}, {"optimizer.lr": 0.1}, {"seed": 3})
    results = assert_as_alone(wanted)
    assert {r.status for r in results} == {"finished"}
    assert {"val_loss", "val_accuracy", "train_loss", "lr", "step", "epoch"} == set(
        results[0].values
    )


@pytest.mark.parametrize("scale", ["none", "log", "quantile"])
def test_values_instead_of_classes(scale: str):
    data = {"kind": "diabetes", "batch_size": 64, "scale_targets": scale}
    assert_as_alone(trials({"optimizer.lr": 1e-3}, {"optimizer.lr": 0.1}, data=data))


def test_other_scales_of_values_are_other_stacks():
    changes = [{"data.scale_targets": scale} for scale in ("none", "standard", "log", "quantile")]
    assert len(groups(trials(*changes, data={"kind": "diabetes"}))) == 4


def test_each_trial_stops_by_its_own_patience():
    stops = {"early_stopping": {"patience": 1}, "train": {"epochs": 40, "precision": "float64"}}
    changes = ({"optimizer.lr": 0.3}, {"optimizer.lr": 0.05}, {"early_stopping.patience": 3})
    ends = [r.values["epoch"] for r in assert_as_alone(trials(*changes, **stops))]
    assert len(set(ends)) == 3
    assert min(ends) < 20


def test_runs_of_different_length_and_a_schedule_that_spans_each():
    changes = ({"train.epochs": 2}, {"train.epochs": 5}, {"train.steps": 31})
    optimizer = {"kind": "adam", "schedule": "cosine"}
    assert_as_alone(trials(*changes, optimizer=optimizer))


def test_a_plateau_follows_each_trials_own_evaluations():
    schedule = {"kind": "plateau", "patience": 1, "factor": 0.5}
    optimizer = {"kind": "sgd", "schedule": schedule}
    changes = ({"optimizer.lr": 0.5}, {"optimizer.lr": 1e-4}, {"seed": 9})
    results = assert_as_alone(trials(*changes, optimizer=optimizer))
    assert len({r.values["lr"] for r in results}) > 1


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_a_diverging_trial_ends_alone(normalization):
    optimizer = {"kind": "sgd", "lr": 0.05}
    changes = ({}, {"optimizer.lr": 1e300}, {"seed": 1}, {"optimizer.lr": 1e200, "seed": 2})
    results = assert_as_alone(trials(*changes, optimizer=optimizer, normalization=normalization))
    assert [r.status for r in results] == ["finished", "diverged", "finished", "diverged"]


def test_a_trials_values_do_not_depend_on_its_company():
    changes = tuple({"optimizer.lr": lr} for lr in (1e-3, 2e-3, 5e-3, 1e-2, 2e-2))
    wanted = trials(*changes, early_stopping={"patience": 1})
    together = {r.id: r.values for r in run_stack(wanted, HERE, "val_loss")}
    for company in (wanted[:2], wanted[1:4], wanted[::-1]):
        for result in run_stack(company, HERE, "val_loss"):
            assert result.values == pytest.approx(together[result.id], rel=1e-12)


def test_a_trial_that_cannot_be_a_job_fails_and_the_others_train(monkeypatch):
    wanted = trials({"optimizer.lr": 1e-3}, {"optimizer.lr": 1e-2}, {"seed": 1})
    compiled = work.compiled

    def sometimes(trial, folder):
        if trial is wanted[1]:
            raise CompileError("not this one")
        return compiled(trial, folder)

    monkeypatch.setattr(work, "compiled", sometimes)
    results = {r.id: r for r in run_stack(wanted, HERE, "val_loss")}
    assert [results[t.id].status for t in wanted] == ["finished", "failed", "finished"]
    assert results[wanted[1].id].reason == "not this one"


def test_a_metric_that_no_evaluation_has():
    (result,) = run_stack(trials({}), HERE, "val_f1_macro")
    assert result.status == "failed"
    assert "val_f1_macro" in result.reason


def test_a_stack_too_large_for_memory_trains_one_by_one(monkeypatch):
    def full(jobs, *how):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(work, "train_stack", full)
    wanted = trials({"optimizer.lr": 1e-3}, {"optimizer.lr": 1e-2})
    results = run_chunk(wanted, HERE, "val_loss")
    assert [(r.id, r.status, r.engine) for r in results] == [
        (trial.id, "finished", "processes") for trial in wanted
    ]
