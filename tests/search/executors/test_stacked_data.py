"""Trials of one stack may have data of their own: folds, normalizers, subsets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.executors import work
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.executors.work import compiled, run_chunk, run_trial, stacks_of
from trickrun.search.groups import groups
from trickrun.search.trial import Trial, make_trial
from trickrun.training.evaluation import predict
from trickrun.training.loop import take_step

HERE = Path(__file__).parent
STEPS = 20

BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 15, "split": {"folds": 4, "test": 0.0}},
    "model": {"kind": "mlp", "hidden": [12, 8]},
    "normalization": "batch",
    "regularizers": {"dropout": 0.2, "l2": 1e-4},
    "optimizer": {"kind": "adam", "lr": 1e-2},
    "train": {"epochs": 4, "precision": "float64"},
}
FOLDS = tuple({"data.split.fold": k, "seed": k} for k in range(4))
CNN = {"kind": "cnn", "channels": [4], "hidden": []}


def trials(changes: tuple[dict[str, Any], ...], **base: Any) -> list[Trial]:
    tree = canonical({**BASE, **base})
    return [make_trial(patch_paths(tree, change), change, HERE) for change in changes]


def losses_alone(trial: Trial) -> list[float]:
    job = compiled(trial, HERE)
    batches = job.batches(0)
    return [float(take_step(job, next(batches), k, [], False).loss) for k in range(STEPS)]


@pytest.mark.parametrize(
    ("changes", "base"),
    [
        (FOLDS, {}),
        ((FOLDS[0], {**FOLDS[0], "optimizer.lr": 0.1}, *FOLDS[1:]), {}),
        (FOLDS, {"data": {**BASE["data"], "batch_size": "full"}}),
        (tuple({"data.normalize": kind} for kind in ("none", "standard", "minmax")), {}),
        (({"data.zero_inputs": True}, {}), {"optimizer": {"kind": "sgd", "lr": 0.1}}),
        (({"data.split.seed": 1}, {"data.split.seed": 2}), {}),
        (
            ({"data.subset.seed": 1}, {"data.subset.seed": 2}),
            {
                "data": {"kind": "digits", "batch_size": 32, "subset": {"n": 100}},
                "model": CNN,
                "regularizers": {},
            },
        ),
    ],
    ids=["folds", "two of a fold", "full batches", "normalize", "zeros", "split", "subset"],
)  # fmt: skip
def test_each_trial_takes_the_steps_that_it_takes_alone(changes, base):
    of = trials(changes, **base)
    assert len(groups(of)) == 1
    (together,) = stacks_of([(trial, compiled(trial, HERE)) for trial in of])
    stack = Stack([job for _, job in together])
    steps = [stack.take_step(k, [[] for _ in of]) for k in range(STEPS)]
    found = {
        trial.id: [float(step[row].loss) for step in steps]
        for row, (trial, _) in enumerate(together)
    }
    for trial in of:
        expected = losses_alone(trial)
        torch.testing.assert_close(
            torch.tensor(found[trial.id], dtype=torch.float64),
            torch.tensor(expected, dtype=torch.float64),
            rtol=1e-12,
            atol=0,
        )
    assert len({tuple(one) for one in found.values()}) == len(of)


def test_each_trial_is_evaluated_on_its_own_validation_split(monkeypatch):
    of = [compiled(trial, HERE) for trial in trials(FOLDS)]
    sizes = {len(job.data.val) for job in of}
    assert len(sizes) == 2, "the folds must be of two sizes, or nothing is filled up"
    stack = Stack(of)
    # Several passes, whose last has samples of some of the trials only.
    monkeypatch.setattr(Stack, "pass_size", max(sizes) - 1)
    found = stack.validate()
    assert found is not None
    for job, outputs in zip(of, found, strict=True):
        torch.testing.assert_close(outputs, predict(job, job.data.val.x), rtol=1e-12, atol=1e-14)


def test_whole_trainings_end_as_they_do_alone():
    of = trials((*FOLDS, {**FOLDS[1], "early_stopping": {"patience": 1}, "train.epochs": 30}))
    found = {result.id: result for result in run_chunk(of, HERE, "val_loss")}
    for trial in of:
        expected = run_trial(trial, HERE, "val_loss")
        assert expected is not None
        assert found[trial.id].engine == "stacked"
        assert found[trial.id].values == pytest.approx(expected.values, rel=1e-10)


def test_epochs_of_different_lengths_are_stacks_of_their_own():
    of = trials(({"data.split.fold": 0}, {"data.split.folds": None}), model={"kind": "mlp"})
    jobs = [(trial, compiled(trial, HERE)) for trial in of]
    assert [len(each) for each in stacks_of(jobs)] == [1, 1]


def test_classes_that_weigh_differently_are_stacks_of_their_own():
    data = {"kind": "wine", "batch_size": 32}
    changes = ({"data.split.seed": 1}, {"data.split.seed": 2, "data.split.stratified": False})
    for weights, count in (("balanced", 2), (None, 1)):
        of = trials(changes, data=data, loss={"kind": "cross_entropy", "class_weights": weights})
        jobs = [(trial, compiled(trial, HERE)) for trial in of]
        assert len(stacks_of(jobs)) == count


def test_small_data_of_several_folds_is_kept_and_large_data_is_not(monkeypatch):
    work._kept.clear()
    of = trials(FOLDS)
    for trial in of:
        compiled(trial, HERE)
    assert len(work._kept) == len(FOLDS)
    one = work.bytes_of(next(iter(work._kept.values())))
    work._kept.clear()
    monkeypatch.setattr(work, "KEPT_BYTES", int(2.5 * one))
    for trial in of:
        compiled(trial, HERE)
    assert len(work._kept) == 2
    monkeypatch.setattr(work, "KEPT_BYTES", 0)
    compiled(of[0], HERE)
    assert len(work._kept) == 1
    work._kept.clear()
