"""Sounds of a machine, healthy or failing: a CNN over the mel bands, then an LSTM over time.

In a failing machine the pitch of the hum falls, in a healthy one it rises.
"""
import sys

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

BANDS, FRAMES = 16, 20


class Spectrograms(Dataset):
    def __init__(self, count, rng):
        self.labels = rng.integers(0, 2, count)
        self.data = np.stack([self.record(rng, label) for label in self.labels])

    @staticmethod
    def record(rng, label):
        start = rng.uniform(4, 11)
        change = np.clip((np.arange(FRAMES) - rng.integers(4, 12)) / 3, 0, 1) * rng.uniform(2, 4)
        track = start - change if label else start + change
        power = np.exp(-((np.arange(BANDS)[:, None] - track) ** 2)) + rng.uniform(0.02, 0.5, (BANDS, FRAMES))
        decibel = 90 + 20 * np.log10(power)
        decibel = (decibel - 78.0) / 8.0
        return decibel.astype(np.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return torch.from_numpy(self.data[i]).unsqueeze(0), int(self.labels[i])


class CnnLstm(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d((2, 1)),
            nn.Conv2d(6, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d((2, 1)),
        )
        self.lstm = nn.LSTM(8 * BANDS // 4, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, x):
        maps = self.conv(x)
        steps = maps.permute(0, 3, 1, 2).flatten(2)
        out, _ = self.lstm(steps)
        return self.head(out[:, -1])


def train(model, loader, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.CrossEntropyLoss()
    model.train()
    for epoch in range(epochs):
        seen = 0.0
        for x, y in loader:
            loss = loss_fn(model(x), y)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            seen += loss.item()
        print(f"epoch {epoch}: {seen / len(loader):.4f}")


def test(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return right / total


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    train_set, test_set = Spectrograms(600, rng), Spectrograms(300, rng)
    net = CnnLstm()
    train(net, DataLoader(train_set, batch_size=20, shuffle=True), epochs=6, lr=5e-3)
    print("score", test(net, DataLoader(test_set, batch_size=50)))
