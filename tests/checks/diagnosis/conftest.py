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
import copy

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
    if mistake == "a copy":
        model = copy.deepcopy(model)
    value = loss(model(x), y)
    factor = {"ascends": -1.0, "scaled down": 1e-4, "scaled up": 1e4}.get(mistake, 1.0)
    (factor * value).backward()
    if mistake == "own update climbs":
        with torch.no_grad():
            for p in model.parameters():
                p.add_(p.grad, alpha=0.01)
    elif mistake == "climbs after the step":
        before = [p.detach().clone() for p in model.parameters()]
        optimizer.step()
        with torch.no_grad():
            for p, b in zip(model.parameters(), before):
                p.add_(p - b, alpha=-2.0)
    elif mistake == "head only":
        with torch.no_grad():
            for p in list(model.parameters())[-2:]:
                p.add_(p.grad, alpha=-0.01)
    elif mistake != "no update":
        optimizer.step()
    if mistake == "own schedule":
        optimizer.param_groups[0]["lr"] *= 0.9
    return value.detach()


calls = 0


def right_step(model, batch, loss, optimizer, kind):
    global calls
    x, y = batch
    calls += 1
    if kind == "accumulates 8":
        (loss(model(x), y) / 8).backward()
        if calls % 8 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss(model(x), y).detach()
    optimizer.zero_grad()
    if kind == "mixup":
        other = x.roll(1, 0), y.roll(1, 0)
        out = model(0.7 * x + 0.3 * other[0])
        value = 0.7 * loss(out, y) + 0.3 * loss(out, other[1])
    else:
        value = loss(model(x), y)
    value.backward()
    weights = list(model.parameters())
    if kind == "sharpness aware":
        with torch.no_grad():
            size = torch.stack([p.grad.norm() for p in weights]).norm()
            moved = [0.05 * p.grad / size for p in weights]
            for p, m in zip(weights, moved):
                p.add_(m)
        optimizer.zero_grad()
        loss(model(x), y).backward()
        with torch.no_grad():
            for p, m in zip(weights, moved):
                p.sub_(m)
    if kind == "clips":
        nn.utils.clip_grad_norm_(weights, 1e-3)
    if kind == "noise":
        for p in weights:
            p.grad.add_(torch.randn_like(p), alpha=0.01)
    if kind == "penalty":
        (1e-3 * sum(p.abs().sum() for p in weights)).backward()
    optimizer.step()
    return value.detach()


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
        if self.mistake == "cut off":
            out = out.detach()
        return torch.softmax(out, 0) if self.mistake == "batch axis" else out


def loss(prediction, target, mistake=""):
    if mistake == "softmax":
        prediction = prediction.softmax(1)
    if mistake == "constant":
        prediction = prediction * 0
    if mistake == "rounded":
        prediction = prediction.argmax(1, keepdim=True) == torch.arange(3)
        prediction = prediction.float()
    if mistake == "no target":
        target = torch.zeros_like(target)
    if mistake == "mispaired":
        target = target.flip(0)
    if mistake == "log of zero":
        p = prediction.softmax(1)
        hot = F.one_hot(target, 3)
        return -(hot * p.log() + (1 - hot) * (1 - p).log()).sum(1)
    value = F.cross_entropy(prediction, target)
    return -value if mistake == "flipped" else value


def right_loss(prediction, target, kind):
    logs = prediction.log_softmax(1)
    picked = logs.gather(1, target[:, None]).squeeze(1)
    hot = F.one_hot(target, prediction.shape[1]).float()
    if kind == "focal":
        return -((1 - picked.exp()) ** 2) * picked
    if kind == "smoothed":
        return F.cross_entropy(prediction, target, label_smoothing=0.2)
    if kind == "with penalties":
        return -picked + 0.01 * prediction.square().sum(1)
    if kind == "weighted":
        weight = torch.linspace(0.1, 1.0, prediction.shape[1])
        return F.cross_entropy(prediction, target, weight=weight)
    if kind == "robust":
        return (1 - picked.exp() ** 0.7) / 0.7
    if kind == "hinge":
        return F.multi_margin_loss(prediction, target, reduction="none")
    if kind == "binary":
        return F.binary_cross_entropy_with_logits(prediction, hot, reduction="none").mean(1)
    if kind == "of probabilities":
        return -prediction.gather(1, target[:, None]).squeeze(1).log()
    return (prediction - hot).square().mean(1)


def right_value_loss(prediction, target, kind):
    off = prediction - target
    if kind == "huber":
        return F.huber_loss(prediction, target, reduction="none").mean(1)
    if kind == "log cosh":
        return (off + F.softplus(-2 * off)).mean(1)
    if kind == "quantile":
        return torch.maximum(0.7 * -off, -0.3 * -off).mean(1)
    return off.abs().mean(1) if kind == "absolute" else off.square().mean(1)


def root_of_zero(prediction, target):
    return (prediction - target).square().mean().sqrt()


def of_logarithms(prediction, target):
    return (prediction - (target.abs() * 100 + 1).log()).square().mean(1)


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
