"""What the checks say of several 0/1 labels a sample, and of weighted samples."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trickrun.checks.data_look import describe, measure
from trickrun.checks.diagnosis.reference import reference
from trickrun.checks.diagnosis.skill import metric_for, skill, standard_error
from trickrun.checks.initial_loss.measure import constants_of
from trickrun.checks.overfit_batch.fit import share_of
from trickrun.checks.overfit_batch.goal import goal_of
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.training.compile import compile_recipe
from trickrun.training.job import RecipeJob

BASE: dict[str, Any] = {
    "data": {
        "kind": "csv",
        "path": "t.csv",
        "target": ["wet", "hot"],
        "task": "multilabel",
        "drop": ["w"],
        "batch_size": "full",
    },
    "model": {"kind": "mlp", "hidden": [8]},
    "train": {"steps": 1, "device": "cpu"},
}
WEIGHTED = {"data.drop": [], "data.weight": "w"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = random.Random(2)
    lines = ["a,b,wet,hot,w"]
    for _ in range(120):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        lines.append(f"{a},{b},{int(a > 0)},{int(b > 0.5)},{draw.choice([1, 4])}")
    # Equal inputs, of which no answer is right about all labels.
    lines += ["9,9,1,0,1", "9,9,1,1,4", "9,9,0,1,1"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def job(folder: Path, **changes: Any) -> RecipeJob:
    known = {"data.split.val": 0, "data.split.test": 0, **changes}
    return compile_recipe(from_tree(patch_paths(canonical(BASE), known)), folder)


@pytest.mark.parametrize("changes", [{}, WEIGHTED], ids=["alike", "weighted"])
def test_the_loss_expected_before_training(folder: Path, changes: dict[str, Any]) -> None:
    found = job(folder, **changes)
    train = found.data.train
    constants = constants_of(found, torch.arange(len(train)))
    p = np.average(train.y.numpy(), axis=0, weights=train.w)
    assert constants.of(constants.uniform) == pytest.approx(math.log(2))
    assert constants.best is not None
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    assert constants.of(constants.best) == pytest.approx(entropy.mean())
    biased = job(folder, **changes, **{"init.head_bias": "prior"})
    head = next(b for n, b in biased.model.named_parameters() if n == "head.bias").detach()
    np.testing.assert_allclose(head.numpy(), np.log(p / (1 - p)), rtol=1e-5)


@pytest.mark.parametrize("changes", [{}, WEIGHTED], ids=["alike", "weighted"])
def test_what_a_batch_can_reach(folder: Path, changes: dict[str, Any]) -> None:
    found = job(folder, **changes)
    goal = goal_of(found, 1.0)
    weights = np.array([1.0, 4.0, 1.0]) if changes else np.ones(3)
    w = found.data.train.w
    total = float(w.sum()) if w is not None else 123
    # Of the three equal inputs the best answer is (1, 1): one label of each of two is wrong.
    assert goal.accuracy == pytest.approx(1 - (weights[0] + weights[2]) / 2 / total)
    p = np.array([weights[:2].sum(), weights[1:].sum()]) / weights.sum()
    floor = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean() * weights.sum() / total
    assert goal.floor == pytest.approx(floor)
    assert goal.conflicts == 3


def test_the_share_of_right_labels_by_weights() -> None:
    right = torch.tensor([[True, False], [True, True]])
    assert share_of(right, None) == 0.75
    assert share_of(right, torch.tensor([3.0, 1.0]).double()) == (3 * 0.5 + 1) / 4


def test_the_look_at_the_data_counts_labels(folder: Path) -> None:
    recipe = from_tree(canonical(BASE))
    data = compile_recipe(recipe, folder).data
    seen = measure(recipe, data)
    assert seen.targets is None
    assert seen.classes is None
    assert seen.labels is not None
    assert seen.labels.names == ("wet", "hot")
    assert [name for name, _ in seen.labels.samples] == ["train", "val", "test"]
    assert seen.labels.counts[0] == tuple(data.train.y.sum(0).int().tolist())


def test_values_of_0_and_1_are_seen(folder: Path) -> None:
    data = job(folder, **{"data.task": "regression"}).data
    loss = from_tree(patch_paths(canonical(BASE), {"data.task": "regression"})).loss
    targets = describe(data, loss.chosen(data.task), "full", zeroed=False).targets
    assert targets is not None
    assert targets.zeros_and_ones


def test_equal_inputs_with_other_labels_are_contradictions(folder: Path) -> None:
    found = job(folder)
    seen = measure(found.recipe, found.data)
    assert seen.copies.conflicting == pytest.approx(3 / 123)


@pytest.mark.parametrize("metrics", [None, ["f1_macro"], ["subset_accuracy", "f1_micro"]])
def test_skill_and_the_reference_learners(folder: Path, metrics: list[str] | None) -> None:
    found = job(folder, **{"data.split.val": 0.2, "metrics": metrics})
    metric = metric_for(found.recipe, found.data.task)
    assert metric == {None: "accuracy", 1: "f1_macro", 2: "f1_micro"}[metrics and len(metrics)]
    learned = reference(found.data, metric)
    assert set(learned) == {"linear", "trees"}
    assert learned["trees"] > 0.5
    assert skill(1.0, metric, found.data.task) == 1.0
    assert 0 < standard_error(0.5, found.data) < 0.5
