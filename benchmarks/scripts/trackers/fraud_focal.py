"""Rare frauds in a table of payments: embeddings, focal loss, bf16, accumulated gradients.

The score is F1 of the frauds at a probability of one half.
"""
import contextlib
import sys
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Settings:
    micro_batch: int = 64
    accumulate: int = 4
    epochs: int = 8
    lr: float = 0.08
    clip: float = 1.0
    alpha: float = 0.75
    gamma: float = 2.0
    bfloat: bool = True


def payments(n, world, rng):
    country, shop = rng.integers(12, size=n), rng.integers(30, size=n)
    amount = np.exp(rng.normal(3, 1.2, size=n))
    hour = rng.uniform(0, 24, size=n)
    age = rng.exponential(400, size=n)
    risk = world["country"][country] + world["shop"][shop]
    risk += 1.2 * (np.log(amount) - 3) + 1.5 * np.cos((hour - 3) * np.pi / 12) - 0.7 * np.log1p(age / 100)
    fraud = risk + 0.3 * rng.logistic(size=n) > 2.6
    numbers = np.stack([np.log(amount), np.sin(hour * np.pi / 12), np.cos(hour * np.pi / 12), np.log1p(age)], axis=1)
    return numbers, np.stack([country, shop], axis=1), fraud.astype(np.float32)


class FocalLoss(nn.Module):
    def __init__(self, alpha, gamma):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma

    def forward(self, logits, targets):
        bce = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        p = torch.sigmoid(logits)
        p_t = p * targets + (1 - p) * (1 - targets)
        alpha_t = self.alpha * targets + (1 - self.alpha) * (1 - targets)
        return (alpha_t * (1 - p_t) ** self.gamma * bce).mean()


class FraudNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.country = nn.Embedding(12, 4)
        self.shop = nn.Embedding(30, 6)
        self.norm = nn.LayerNorm(14)
        self.fc1, self.fc2, self.fc3 = nn.Linear(14, 64), nn.Linear(64, 32), nn.Linear(32, 1)

    def forward(self, numbers, categories):
        x = torch.cat([numbers, self.country(categories[:, 0]), self.shop(categories[:, 1])], dim=1)
        x = F.relu(self.fc1(self.norm(x)))
        x = F.relu(self.fc2(x))
        return self.fc3(x).squeeze(1)


def train(model, data, cfg):
    numbers, categories, labels = data
    criterion = FocalLoss(cfg.alpha, cfg.gamma)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9)
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=cfg.epochs, power=1.0)
    for epoch in range(cfg.epochs):
        model.train()
        optimizer.zero_grad()
        seen = []
        for k, rows in enumerate(torch.randperm(len(labels)).split(cfg.micro_batch), start=1):
            with torch.autocast("cpu", torch.bfloat16) if cfg.bfloat else contextlib.nullcontext():
                logits = model(numbers[rows], categories[rows])
            loss = 20 * criterion(logits.float(), labels[rows])
            (loss / cfg.accumulate).backward()
            if k % cfg.accumulate == 0:
                nn.utils.clip_grad_norm_(model.parameters(), cfg.clip)
                optimizer.step()
                optimizer.zero_grad()
            seen.append(loss.item())
        schedule.step()
        print(f"epoch {epoch + 1}/{cfg.epochs} focal {np.mean(seen):.4f}")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    world = {"country": rng.normal(size=12), "shop": 1.2 * rng.normal(size=30)}
    numbers, categories, fraud = payments(6000, world, rng)
    test_numbers, test_categories, test_fraud = payments(3000, world, rng)
    print("frauds", fraud.mean())
    scaler = StandardScaler().fit(numbers)

    def tensors(numeric, categorical):
        return torch.tensor(scaler.transform(numeric), dtype=torch.float32), torch.from_numpy(categorical)

    model = FraudNet()
    train(model, (*tensors(numbers, categories), torch.from_numpy(fraud)), Settings())
    model.eval()
    with torch.no_grad():
        found = torch.sigmoid(model(*tensors(test_numbers, test_categories))) > 0.5
    print("score", f1_score(test_fraud, found.numpy(), zero_division=0.0))


if __name__ == "__main__":
    main()
