"""What other runs have learned from the same data."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from trickrun.checks.diagnosis.elsewhere import learned_elsewhere
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.recipe.load import load

RECIPE = "data: {{kind: {kind}, batch_size: {size}}}\nmodel: mlp\n"


def a_run(root: Path, name: str, kind: str, value: float | None, size: int = 8) -> None:
    folder = root / "flowers" / name
    folder.mkdir(parents=True)
    (folder / "resolved.yaml").write_text(RECIPE.format(kind=kind, size=size))
    (folder / "env.json").write_text(json.dumps({"recipe_folder": str(root)}))
    losses = {"step": 1, "epoch": 1.0, "lr": 0.1, "train_loss": 1.0, "val_loss": 1.0}
    line = {"kind": "epoch", **losses, "val_accuracy": value, "best": True}
    line["timing"] = {"seconds": 0.0}
    (folder / "metrics.jsonl").write_text(json.dumps(line) + "\n")


@pytest.fixture
def proxy(tmp_path: Path) -> ProxyRun:
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE.format(kind="iris", size=16))
    made: Any = SimpleNamespace(loaded=load(path), metric="accuracy", skill=lambda value: value)
    return cast(ProxyRun, made)


def test_the_best_run_of_the_same_data_counts(proxy: ProxyRun, tmp_path: Path) -> None:
    a_run(tmp_path, "1", "iris", 0.7)
    a_run(tmp_path, "2", "iris", 0.8, size=4)
    a_run(tmp_path, "3", "wine", 0.9)
    a_run(tmp_path, "4", "iris", None)
    assert learned_elsewhere(proxy, tmp_path) == 0.8


def test_no_run_and_broken_ones_count_for_nothing(proxy: ProxyRun, tmp_path: Path) -> None:
    assert learned_elsewhere(proxy, tmp_path / "none") is None
    a_run(tmp_path, "1", "iris", 0.7)
    (tmp_path / "flowers" / "1" / "metrics.jsonl").write_text("{\nbroken\n")
    assert learned_elsewhere(proxy, tmp_path) is None
