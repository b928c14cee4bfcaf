"""What a recipe's data allow, the network aside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trickrun.checks.standing import (
    reference_of,
    same_standing,
    standing_aside,
    standing_of,
    thinned,
)
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import SplitData
from trickrun.recipe.load import Loaded, derive, load
from trickrun.search.executors.workers import WORKERS


def recipe(folder: Path, data: str = "iris") -> Loaded:
    path = folder / "r.yaml"
    path.write_text(f"data: {data}\nmodel: mlp\n")
    return load(path)


def test_both_are_of_the_validation_part(tmp_path: Path) -> None:
    loaded = recipe(tmp_path)
    found = standing_of(loaded.recipe, tmp_path)
    data = prepare(loaded.recipe.data, tmp_path)
    assert data.val is not None
    assert found.constant is not None
    assert found.constant.samples == len(data.val)
    usual = int(data.train.y.bincount().argmax())
    assert found.constant.accuracy == pytest.approx(float((data.val.y == usual).double().mean()))
    assert found.reference is not None
    assert (found.reference.metric, found.reference.fitted) == ("accuracy", len(data.train))
    assert found.reference.trees > 0.85
    assert set(found.as_json()) == {"constant", "reference"}


def test_its_findings_are_of_the_best_of_all_tries(tmp_path: Path) -> None:
    found = standing_of(recipe(tmp_path).recipe, tmp_path)
    assert found.findings({"val_loss": 0.1, "val_accuracy": 0.95}, 10, "") == []
    (nothing,) = found.findings({"val_loss": 1.2, "val_accuracy": 0.3}, 10, "Look.")
    assert (nothing.code, nothing.evidence["tries"]) == ("TR112", 10)
    (behind,) = found.findings({"val_loss": 0.5, "val_accuracy": 0.5}, 1, "")
    assert behind.code == "TR113"


def test_without_a_validation_part_only_the_constant_answer_is_known(tmp_path: Path) -> None:
    found = standing_of(recipe(tmp_path, "{kind: iris, split: {val: 0}}").recipe, tmp_path)
    assert found.reference is None
    assert found.constant is not None
    assert found.findings({"train_loss": 1.2}, 1, "")[0].why.startswith("train_loss is 1.2")


def test_a_file_sorted_by_class_is_fitted_evenly(tmp_path: Path) -> None:
    y = torch.arange(5000) // 1250
    x = torch.nn.functional.one_hot(y, 4).float()
    part = SplitData(x, y)
    assert thinned(part).y.bincount().tolist() == [417, 417, 416, 417]
    loaded = recipe(tmp_path)
    data = prepare(loaded.recipe.data, tmp_path)
    task = replace(data.task, classes=4, labels=tuple("abcd"), priors=(0.25,) * 4)
    found = reference_of(loaded.recipe, replace(data, train=part, val=part, task=task))
    assert found is not None
    assert found.linear == 1.0


def test_a_worker_finds_the_same_to_the_bit(tmp_path: Path) -> None:
    loaded = recipe(tmp_path, "wine")
    WORKERS.warm_up()
    assert standing_aside(loaded.recipe, tmp_path)() == standing_of(loaded.recipe, tmp_path)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"optimizer.lr": 0.5, "model.hidden": [3], "data.batch_size": 8}, True),
        ({"regularizers.dropout": 0.5, "init": "orthogonal", "seed": 3}, True),
        ({"data.split.seed": 1}, False),
        ({"metrics": ["f1_macro"]}, False),
        ({"regularizers.label_smoothing": 0.1}, False),
        ({"train.precision": "float64"}, False),
        ({"loss": {"kind": "cross_entropy", "class_weights": "balanced"}}, False),
    ],
)
def test_recipes_of_one_standing(change: dict[str, object], same: bool, tmp_path: Path) -> None:
    loaded = recipe(tmp_path)
    changed = derive(loaded, change)
    alike = same_standing(loaded.recipe, changed.recipe)
    assert alike == same
    if alike:
        assert standing_of(changed.recipe, tmp_path) == standing_of(loaded.recipe, tmp_path)
