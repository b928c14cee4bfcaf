"""Programs from outside whose symptoms, or a lucky edit, once stood before the cause."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load
from trickrun.run.pace import budget

CODE = """
import torch


def prices():
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(300, 5, generator=draw) * 100
    y = x @ torch.tensor([[2.0], [-1.0], [0.5], [3.0], [1.0]]) + 0.02 * x[:, :1] * x[:, 1:2]
    return {"train": (x, 2e5 * y), "task": "regression"}


def xor():
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    return {"train": (x, y), "val": (x, y), "task": "regression"}
"""

UNSCALED = """
data: {kind: python, target: "outside:prices", normalize: none, scale_targets: none}
model: {kind: mlp, hidden: [32, 32]}
optimizer: {kind: adam, lr: 0.001}
train: {epochs: 30}
"""

PAIRS = """
data: {kind: iris, batch_size: 2, drop_last: true}
model: {kind: mlp, hidden: [32, 32]}
normalization: batch
optimizer: {kind: sgd, lr: 0.05, momentum: 0.9}
train: {epochs: 4}
"""

XOR = """
data:
  kind: python
  target: "outside:xor"
  normalize: none
  scale_targets: none
  batch_size: 4
  split: {test: 0}
model: {kind: mlp, hidden: [2], head_activation: sigmoid}
loss: mse
optimizer: {kind: sgd, lr: 0.01}
train: {epochs: 400}
"""

Diagnosed = Callable[[str], Verdict]


@pytest.fixture
def diagnosed(tmp_path: Path) -> Diagnosed:
    (tmp_path / "outside.py").write_text(CODE)

    def of(text: str) -> Verdict:
        path = tmp_path / "recipe.yaml"
        path.write_text(textwrap.dedent(text))
        return diagnose(load(path), confirm=True, pace=budget(300))[0]

    return of


def test_unscaled_inputs_and_targets_go_before_a_huge_learning_rate(diagnosed: Diagnosed) -> None:
    verdict = diagnosed(UNSCALED)
    first = verdict.findings[0]
    assert set(first.edit or {}) == {"data.normalize", "data.scale_targets"}
    assert first.code in ("TR01", "TR06")
    proven = verdict.result["tried"]["proven"]
    # An edit that ends at the constant answer of a diverged training helps nobody.
    assert not any(effect["helps"] for effect in proven.values() if effect["after"] < 0.05)


def test_batch_norm_on_pairs_is_the_cause(diagnosed: Diagnosed) -> None:
    assert diagnosed(PAIRS).findings[0].code == "TR48"


def test_targets_of_0_and_1_are_within_the_reach_of_a_sigmoid(diagnosed: Diagnosed) -> None:
    verdict = diagnosed(XOR)
    first = verdict.findings[0]
    assert (first.severity, first.edit is not None) == ("error", True)
    assert not any(finding.code == "TR28" for finding in verdict.findings)
    whys = " ".join(finding.why for finding in verdict.findings)
    assert "of accuracy" not in whys  # 4 validation samples of values have none
