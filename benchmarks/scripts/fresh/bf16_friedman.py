"""A residual network for Friedman's function in bfloat16, gradients accumulated over micro batches."""
import sys
from typing import NamedTuple

import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts


class Split(NamedTuple):
    inputs: torch.Tensor
    targets: torch.Tensor


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 2 * width)
        self.shrink = nn.Linear(2 * width, width)

    def forward(self, x):
        return x + self.shrink(nn.functional.gelu(self.expand(self.norm(x))))


class Regressor(nn.Module):
    def __init__(self, width: int = 48, depth: int = 2):
        super().__init__()
        self.stem = nn.Linear(8, width)
        self.blocks = nn.ModuleList(Residual(width) for _ in range(depth))
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def splits(seed: int) -> tuple[Split, Split, float, float]:
    x, y = make_friedman1(1800, n_features=8, noise=0.5, random_state=seed)
    x = torch.tensor(x, dtype=torch.float32) * 2 - 1
    y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)
    mean, std = y[:1400].mean().item(), y[:1400].std().item()
    y = (y - mean) / std
    return Split(x[:1400], y[:1400]), Split(x[1400:], y[1400:]), mean, std


def train(net: nn.Module, data: Split, epochs: int = 6, micro: int = 20, accumulate: int = 2):
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.01)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=3)
    huber = nn.HuberLoss(delta=1.0)
    for epoch in range(epochs):
        net.train()
        optimizer.zero_grad()
        for k, rows in enumerate(torch.randperm(len(data.inputs)).split(micro), start=1):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                out = net(data.inputs[rows])
            loss = huber(out.float(), data.targets[rows])
            (loss / accumulate).backward()
            if k % accumulate == 0:
                nn.utils.clip_grad_norm_(net.parameters(), 2.0)
                optimizer.step()
                optimizer.zero_grad()
        scheduler.step()
        print(f"epoch {epoch:02d} loss {loss.item():.4f}")


def r2(net: nn.Module, data: Split) -> float:
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(data.inputs).float()
    return 1 - ((out - data.targets) ** 2).mean().item() / data.targets.var().item()


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    fit, held_out, mean, std = splits(seed)
    model = Regressor()
    train(model, fit)
    print(f"score {r2(model, held_out)}")
