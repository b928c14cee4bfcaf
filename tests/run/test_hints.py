"""What a run's errors recommend: nothing that its recipe has already."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.recipe.load import load
from trickrun.run.execute import against_divergence
from trickrun.run.resume import longer


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((), "lower optimizer.lr, or add optimizer.clip: 1.0"),
        (("optimizer.clip=1.0",), "lower optimizer.lr"),
        (
            ("data.normalize=none",),
            "lower optimizer.lr, or add optimizer.clip: 1.0, or set data.normalize: standard",
        ),
        (
            ("data.normalize=none", "optimizer.clip={value: 0.5}"),
            "lower optimizer.lr, or set data.normalize: standard",
        ),
    ],
)
def test_against_divergence(tmp_path: Path, changes: tuple[str, ...], expected: str) -> None:
    (tmp_path / "r.yaml").write_text("{data: iris, model: {kind: mlp, hidden: [8]}}")
    assert against_divergence(load(tmp_path / "r.yaml", changes).recipe) == expected


@pytest.mark.parametrize(
    ("stopped_by", "change"),
    [
        ("epochs", "train.epochs=N"),
        ("steps", "train.steps=N"),
        ("early_stopping", "early_stopping.patience=N, above its old value"),
    ],
)
def test_a_finished_run_goes_on_by_what_ended_it(stopped_by: str, change: str) -> None:
    assert longer(stopped_by) == change
