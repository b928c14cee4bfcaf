#!/usr/bin/env python3
"""Counts of events per region and weekday, a Poisson regression with embeddings.

The score is the share of the deviance that is explained, relative to the true rates.
"""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def generate(rng, n, region_effect):
    region = rng.integers(0, 20, n)
    weekday = rng.integers(0, 7, n)
    weather = rng.normal(size=(n, 3))
    log_rate = (
        region_effect[region] + 0.6 * np.cos(2 * np.pi * weekday / 7) + 0.5 * weather[:, 0] * (weekday > 4)
        - 0.3 * weather[:, 1]
    )
    counts = rng.poisson(np.exp(log_rate))
    return (
        torch.tensor(region), torch.tensor(weekday), torch.tensor(weather, dtype=torch.float32),
        torch.tensor(counts, dtype=torch.float32), torch.tensor(log_rate, dtype=torch.float32),
    )


class CountModel(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.region = nn.Embedding(20, 4)
        self.weekday = nn.Embedding(7, 3)
        self.hidden = nn.Linear(10, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, region, weekday, weather):
        x = torch.cat([self.region(region), self.weekday(weekday), weather], dim=-1)
        return self.out(nn.functional.elu(self.hidden(x))).squeeze(-1)


def run_epoch(model, loader, criterion, optimizer):
    model.train()
    losses = []
    for region, weekday, weather, counts, _ in loader:
        log_rate = model(region, weekday, weather)
        loss = criterion(log_rate, counts)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--hidden", type=int, default=32)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)

    effect = rng.normal(size=20) * 0.7
    train_set = TensorDataset(*generate(rng, 2000, effect))
    region, weekday, weather, counts, truth = generate(rng, 1000, effect)
    loader = DataLoader(train_set, batch_size=50, shuffle=True)
    model = CountModel(args.hidden)
    criterion = nn.PoissonNLLLoss(log_input=True)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        loss = run_epoch(model, loader, criterion, optimizer)
        if epoch % 5 == 4:
            print(f"[{epoch + 1}/{args.epochs}] loss={loss:.4f}")

    model.eval()
    with torch.no_grad():
        log_rate = model(region, weekday, weather)
    mean = train_set.tensors[3].mean().log().expand_as(truth)
    null, own, best = (criterion(p, counts).item() for p in (mean, log_rate, truth))
    print("score", (null - own) / (null - best))


if __name__ == "__main__":
    main()
