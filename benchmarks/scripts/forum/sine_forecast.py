"""Electric load, eight hours ahead, with a GRU over windows; the network takes time first. Score: r2."""
from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Config:
    seed: int = 0
    window: int = 24
    horizon: int = 8
    hidden: int = 24
    batch_size: int = 40
    lr: float = 5e-3
    epochs: int = 5


def load_curve(seed: int, hours: int = 2400) -> Tensor:
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    day = np.sin(2 * np.pi * t / 24 + 0.3 * np.sin(2 * np.pi * t / 500))
    other = np.sin(2 * np.pi * t / 17.3 + 1) * (1 + 0.3 * np.sin(2 * np.pi * t / 300))
    return torch.tensor(500 + 120 * day + 90 * other + rng.normal(0, 15, hours), dtype=torch.float32)


class Windows(Dataset):
    def __init__(self, series: Tensor, config: Config):
        self.series, self.window, self.horizon = series, config.window, config.horizon

    def __len__(self) -> int:
        return len(self.series) - self.window - self.horizon + 1

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        end = i + self.window
        return self.series[i:end].unsqueeze(-1), self.series[end + self.horizon - 1]


class Forecaster(nn.Module):
    def __init__(self, hidden: int):
        super().__init__()
        self.gru = nn.GRU(1, hidden)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        steps = x.transpose(0, 1)
        out, _ = self.gru(steps)
        return self.linear(out[-1]).squeeze(-1)


def run(config: Config) -> float:
    torch.manual_seed(config.seed)
    series = load_curve(config.seed)
    mean, std = series[:1800].mean(), series[:1800].std()
    series = (series - mean) / std
    train = DataLoader(Windows(series[:1800], config), config.batch_size, shuffle=True)
    test = DataLoader(Windows(series[1800:], config), 200)
    model = Forecaster(config.hidden)
    optimizer = torch.optim.Adam(model.parameters(), config.lr)
    for epoch in range(config.epochs):
        epoch_loss = 0.0
        for x, y in train:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item() / len(train)
        print(f"epoch {epoch} mse {epoch_loss:.4f}")
    with torch.no_grad():
        pairs = [(model(x), y) for x, y in test]
    p, y = torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs])
    return 1 - ((p - y) ** 2).mean().item() / y.var().item()


if __name__ == "__main__":
    print("score", run(Config(seed=int(sys.argv[1]) if len(sys.argv) > 1 else 0)))
