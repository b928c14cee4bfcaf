"""Recipes and user code that a diagnosis is tried on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from trickrun.recipe.load import Loaded, load

BLOBS = """
data: {kind: synthetic, family: blobs, n: 300, features: 4, classes: 3, noise: 0.3, batch_size: 32}
model: {kind: mlp, hidden: [16]}
optimizer: {kind: adam, lr: 1e-2}
train: {epochs: 8}
"""

CODE = """
import torch
from torch import nn
from torch.nn import functional as F


def step(model, batch, loss, optimizer, mistake=""):
    x, y = batch
    if mistake != "not cleared":
        optimizer.zero_grad()
    if mistake == "eval mode":
        model.eval()
    if mistake == "shuffled":
        y = y.roll(1, 0)
    if mistake == "no inputs":
        x = torch.zeros_like(x)
    value = loss(model(x), y)
    (-value if mistake == "ascends" else value).backward()
    if mistake != "no update":
        optimizer.step()
    return value


class Net(nn.Module):
    def __init__(self, inputs, outputs, mistake=""):
        super().__init__()
        self.mistake = mistake
        self.layer, self.head = nn.Linear(inputs[0], 16), nn.Linear(16, outputs)
        if mistake == "frozen":
            self.layer.requires_grad_(False)
        if mistake in ("all frozen", "bias trains"):
            self.requires_grad_(False)
        self.head.bias.requires_grad_(mistake != "all frozen")

    def forward(self, x):
        hidden = torch.relu(self.layer(x * 0 if self.mistake == "blind" else x))
        if self.mistake == "softmax inside":
            hidden = hidden.softmax(1)
        if self.mistake == "drops":
            hidden = F.dropout(hidden, 0.5, training=True)
        out = self.head(hidden)
        return torch.softmax(out, 0) if self.mistake == "batch axis" else out


def loss(prediction, target, mistake=""):
    if mistake == "softmax":
        prediction = prediction.softmax(1)
    value = F.cross_entropy(prediction, target)
    return -value if mistake == "flipped" else value


def shuffled_labels():
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(300, 4, generator=draw)
    return {"train": (x, torch.randint(3, (300,), generator=draw)), "task": "classification"}
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Loaded]:
    """Load a recipe beside the user code ``mine``, with changes path=value."""
    (tmp_path / "mine.py").write_text(CODE)

    def made(*changes: str, text: str = BLOBS) -> Loaded:
        path = tmp_path / "recipe.yaml"
        path.write_text(textwrap.dedent(text))
        return load(path, changes)

    return made
