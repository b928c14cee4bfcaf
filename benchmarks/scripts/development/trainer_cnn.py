"""A little trainer of our own, with a module that says how to train itself."""
from __future__ import annotations

import sys
from typing import Any

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class BaseModule(nn.Module):
    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        raise NotImplementedError

    def configure_optimizers(self, total_steps: int):
        raise NotImplementedError


class DigitsCNN(BaseModule):
    def __init__(self, channels: int = 12, lr: float = 1e-2):
        super().__init__()
        self.lr = lr
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.BatchNorm2d(2 * channels), nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
        )
        self.head = nn.Linear(8 * channels, 10)
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(1))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return self.loss(self(x), y)

    def configure_optimizers(self, total_steps: int):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=self.lr, total_steps=total_steps)
        return optimizer, schedule


class Trainer:
    def __init__(self, max_epochs: int):
        self.max_epochs = max_epochs

    def fit(self, module: BaseModule, loader: DataLoader) -> None:
        optimizer, schedule = module.configure_optimizers(self.max_epochs * len(loader))
        for epoch in range(self.max_epochs):
            module.train()
            for batch_idx, batch in enumerate(loader):
                loss = module.training_step(batch, batch_idx)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
            print(f"epoch={epoch} loss={loss.item():.4f}")

    @torch.no_grad()
    def test(self, module: BaseModule, loader: DataLoader) -> float:
        module.eval()
        hits = [(module(x).argmax(-1) == y).float() for x, y in loader]
        return torch.cat(hits).mean().item()


def main(seed: int) -> None:
    torch.manual_seed(seed)
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1
    labels = torch.tensor(labels)
    a, b, c, d = train_test_split(images, labels, test_size=400, random_state=seed)
    train = DataLoader(TensorDataset(a, c), batch_size=64, shuffle=True, drop_last=True)
    test = DataLoader(TensorDataset(b, d), batch_size=20)
    trainer = Trainer(max_epochs=5)
    model = DigitsCNN()
    trainer.fit(model, train)
    print("score", trainer.test(model, test))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
