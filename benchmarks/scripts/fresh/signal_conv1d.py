"""Which wave is it? 1-D convolutions on noisy signals."""
import math
import sys
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    seed: int = 0
    length: int = 64
    train_size: int = 1200
    test_size: int = 400
    batch_size: int = 40
    epochs: int = 6
    max_lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    noise: float = 0.45


def make_signals(n: int, cfg: Config):
    t = torch.linspace(0, 1, cfg.length).expand(n, -1)
    kind = torch.randint(0, 4, (n,))
    freq = torch.rand(n, 1) * 3 + 2
    phase = torch.rand(n, 1)
    turn = (freq * t + phase) % 1
    waves = torch.stack([
        torch.sin(2 * math.pi * turn),
        (turn < 0.5).float() * 2 - 1,
        turn * 2 - 1,
        4 * (turn - 0.5).abs() - 1,
    ], dim=1)
    signal = waves[torch.arange(n), kind]
    return (signal + cfg.noise * torch.randn(n, cfg.length)).unsqueeze(1), kind


def build_model() -> nn.Sequential:
    return nn.Sequential(OrderedDict([
        ("conv1", nn.Conv1d(1, 16, 7, padding=3, bias=False)),
        ("norm1", nn.BatchNorm1d(16)),
        ("act1", nn.ReLU()),
        ("pool1", nn.MaxPool1d(2)),
        ("conv2", nn.Conv1d(16, 32, 5, padding=2, bias=False)),
        ("norm2", nn.BatchNorm1d(32)),
        ("act2", nn.ReLU()),
        ("pool2", nn.AdaptiveAvgPool1d(4)),
        ("flatten", nn.Flatten()),
        ("fc", nn.Linear(128, 4)),
    ]))


def main(cfg: Config) -> float:
    torch.manual_seed(cfg.seed)
    x_train, y_train = make_signals(cfg.train_size, cfg)
    x_test, y_test = make_signals(cfg.test_size, cfg)
    model = build_model()
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(
        model.parameters(), lr=cfg.max_lr / 25, momentum=cfg.momentum, nesterov=True,
        weight_decay=cfg.weight_decay,
    )
    batches = cfg.train_size // cfg.batch_size
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=cfg.max_lr, total_steps=cfg.epochs * batches
    )
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for rows in torch.randperm(cfg.train_size).view(batches, cfg.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_fn(model(x_train[rows]), y_train[rows])
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / batches:.4f} lr {scheduler.get_last_lr()[0]:.4f}")
    model.eval()
    with torch.inference_mode():
        return (model(x_test).argmax(1) == y_test).float().mean().item()


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    print("score", main(Config(seed=seed)))
