"""Regression with residual blocks, warm-up and cosine, averaged weights, and the best epoch kept."""
import copy
import math
import sys

import numpy as np
import torch
from sklearn.datasets import make_friedman1
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        y = self.fc1(torch.relu(self.norm(x)))
        y = self.fc2(torch.relu(y))
        return x + y


class ResMLP(nn.Module):
    def __init__(self, n_in, width=64, depth=3):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(depth)])
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        return self.head(torch.relu(self.blocks(self.stem(x)))).squeeze(-1)


class ModelEMA:
    """Averages weights, and statistics of normalization too."""

    def __init__(self, model, decay):
        self.module = copy.deepcopy(model)
        self.module.eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        state = model.state_dict()
        for name, value in self.module.state_dict().items():
            if value.dtype.is_floating_point:
                value.mul_(self.decay).add_(state[name], alpha=1 - self.decay)


def learning_rate(step, total, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return 0.5 * peak * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


class Standardizer:
    def __init__(self, values):
        self.mean, self.std = values.mean(0), values.std(0)

    def __call__(self, values):
        return torch.as_tensor((values - self.mean) / self.std, dtype=torch.float32)

    def back(self, values):
        return values * self.std + self.mean


def r2(model, x, y, scale_y):
    model.eval()
    with torch.no_grad():
        guess = scale_y.back(model(x).numpy())
    return 1 - float(np.mean((guess - y) ** 2) / np.var(y))


def main(seed, epochs=10, batch_size=50, peak=4e-3):
    torch.manual_seed(seed)
    X, y = make_friedman1(2400, n_features=10, noise=1.0, random_state=seed)
    X = 5.0 + 3.0 * X * np.arange(1, 11)
    X_train, X_val, X_test = X[:1500], X[1500:1900], X[1900:]
    y_train, y_val, y_test = y[:1500], y[1500:1900], y[1900:]
    scale_x, scale_y = Standardizer(X_train), Standardizer(y_train)
    inputs, targets = scale_x(X_train), scale_y(y_train)

    model = ResMLP(10)
    ema = ModelEMA(model, decay=0.97)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, weight_decay=1e-2)
    criterion = nn.MSELoss()
    steps_per_epoch = len(inputs) // batch_size
    total = epochs * steps_per_epoch
    best, best_score, step = None, -math.inf, 0
    for epoch in range(epochs):
        model.train()
        for i, rows in enumerate(torch.randperm(len(inputs)).split(batch_size)):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, total, peak, warmup=2 * steps_per_epoch)
            loss = criterion(model(inputs[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            ema.update(model)
            step += 1
        score = r2(ema.module, scale_x(X_val), y_val, scale_y)
        if score > best_score:
            best_score = score
            best = copy.deepcopy(ema.module.state_dict())
        print(epoch, loss.item(), score)
    ema.module.load_state_dict(best)
    return r2(ema.module, scale_x(X_test), y_test, scale_y)


if __name__ == "__main__":
    print("score", main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
