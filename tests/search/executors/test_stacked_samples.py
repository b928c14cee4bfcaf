"""Stacks of trials on weighted samples and on labels give the numbers of each trial alone."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.executors.work import run_stack, run_trial
from trickrun.search.groups import groups
from trickrun.search.trial import Trial, make_trial


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = random.Random(0)
    lines = ["a,b,w,kind,wet,hot"]
    for _ in range(90):
        a, b, w = draw.gauss(0, 1), draw.gauss(0, 1), draw.choice([0, 0.5, 3])
        lines.append(f"{a},{b},{w},{'xyz'[int(a > 0) + int(b > 1)]},{int(a > b)},{int(b > 1)}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


CLASSES = {"target": "kind", "drop": ["wet", "hot"], "weight": "w"}
LABELS = {"target": ["wet", "hot"], "drop": ["kind", "w"], "task": "multilabel"}
CASES: dict[str, dict[str, Any]] = {
    "weights": {"data": CLASSES},
    "weights and class weights": {
        "data": CLASSES,
        "loss": {"kind": "cross_entropy", "class_weights": "balanced"},
    },
    "weighted sum": {"data": CLASSES, "loss": {"kind": "cross_entropy", "reduction": "sum"}},
    "labels": {"data": LABELS, "metrics": ["accuracy", "f1_micro", "auroc"]},
    "weighted labels": {"data": {**LABELS, "drop": ["kind"], "weight": "w"}},
}


def trials(folder: Path, *changes: dict[str, Any], **base: Any) -> list[Trial]:
    tree = {
        "model": {"kind": "mlp", "hidden": [8]},
        "train": {"epochs": 3, "precision": "float64", "device": "cpu"},
        **base,
    }
    tree["data"] = {"kind": "csv", "path": "t.csv", "batch_size": 16, **tree["data"]}
    known = canonical(tree)
    return [make_trial(patch_paths(known, change), change, folder) for change in changes]


@pytest.mark.parametrize("name", CASES)
def test_as_alone(folder: Path, name: str) -> None:
    changes: list[dict[str, Any]] = [{"optimizer.lr": 1e-3}, {"optimizer.lr": 0.1}, {"seed": 3}]
    if "reduction" not in str(CASES[name]):
        changes.append({"regularizers.label_smoothing": 0.2})
    for same_shape in groups(trials(folder, *changes, **CASES[name])):
        found = {result.id: result for result in run_stack(same_shape, folder, "val_loss")}
        for trial in same_shape:
            result, expected = found[trial.id], run_trial(trial, folder, "val_loss")
            assert result.status == expected.status == "finished"
            assert result.values == pytest.approx(expected.values, rel=1e-6, nan_ok=True)


def test_weights_change_the_numbers(folder: Path) -> None:
    """So that a stack that ignored them would not pass."""
    weighted = trials(folder, {}, data=CLASSES)
    plain = trials(folder, {}, data={**CLASSES, "weight": None, "drop": ["wet", "hot", "w"]})
    a, b = (run_trial(trial, folder, "val_loss").values for [trial] in (weighted, plain))
    assert a["val_loss"] != pytest.approx(b["val_loss"], rel=1e-3)
