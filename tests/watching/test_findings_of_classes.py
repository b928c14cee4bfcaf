"""Rare classes that a loss hardly hears of, and their healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, comes_first, found
from tests.watching.tasks import CLASSES, trained

RARE = CLASSES + (
    "y = (x[:, 0] + x[:, 1] + {noise} * torch.randn(512) > 2.7).long()\n"
    "model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, {classes}))\n"
)
NOISY = RARE.format(noise=0.8, classes=2)
LOSS = "F.cross_entropy(model(x[i]), y[i]{more})"
YES = "F.binary_cross_entropy_with_logits(model(x[i]){one}, y[i].float(){more})"
SAMPLED = "i = torch.multinomial(y * 14.0 + 1, 64)"


def program(task: str, loss: str, before: str = "", lr: float = 0.02) -> str:
    return trained(task, loss, steps=150, before=before, lr=lr, batch=64)


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        (NOISY, LOSS.format(more="")),
        (RARE.format(noise=0.8, classes=1), YES.format(one="[:, 0]", more="")),
        (NOISY, "-F.log_softmax(model(x[i]), 1)[torch.arange(64), y[i]].mean()"),
    ],
)
def test_a_rare_class_that_is_missed(tmp_path: Path, task: str, loss: str) -> None:
    comes_first(tmp_path, program(task, loss, lr=3e-3), "TR07", loss)


@pytest.mark.parametrize(
    ("task", "loss", "before"),
    [
        (NOISY, LOSS.format(more=", weight=torch.tensor([1.0, 15.0])"), ""),
        (NOISY, LOSS.format(more=""), SAMPLED),
        (NOISY + "x[:, 0] += 4.0 * y\n", LOSS.format(more=""), ""),
        (NOISY, changed(LOSS.format(more=""), ("y[i]", "(y[i] + (x[i, 3] > 0))")), ""),
    ],
    ids=["weighted", "drawn equally often", "learned", "no class is rare"],
)
def test_rare_classes_that_are_heard(tmp_path: Path, task: str, loss: str, before: str) -> None:
    assert "TR07" not in {one.code for one in found(tmp_path, program(task, loss, before))}


def test_several_labels_are_mostly_no(tmp_path: Path) -> None:
    task = NOISY + (
        "y = (x[:, :8] + 0.6 * torch.randn(512, 8) > 2.0).float()\n"
        "model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 8))\n"
    )
    text = program(task, YES.format(one="", more=""))
    assert "TR07" not in {one.code for one in found(tmp_path, text)}
