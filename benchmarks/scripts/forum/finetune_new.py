"""Pretrained on the digits 0 to 5 and saved; fine-tuned on a few of 6 to 9: first the head, then all."""
import io
import sys

import torch
from sklearn.datasets import load_digits
from torch import nn


def backbone():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 64), nn.ReLU(),
    )


class Classifier(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = backbone()
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        return self.fc(self.backbone(x))


def preprocess(pixels):
    return (pixels - 4.9) / 6.0


def loop(model, x, y, optimizer, epochs, batch):
    loss_fn = nn.CrossEntropyLoss()
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss = loss_fn(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
    return loss.item()


def pretrain(x, y):
    model = Classifier(6)
    last = loop(model, preprocess(x), y, torch.optim.Adam(model.parameters(), lr=3e-3), 5, 40)
    print("pretrained, loss", last)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    return file


def load(file):
    model = Classifier(6)
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state, strict=False)
    return model


def finetune(model, x, y):
    for p in model.parameters():
        p.requires_grad = False
    model.fc = nn.Linear(64, 4)
    head = torch.optim.Adam(model.fc.parameters(), lr=5e-3)
    print("head, loss", loop(model, x, y, head, 6, 10))
    for p in model.parameters():
        p.requires_grad = True
    every = torch.optim.Adam(
        [{"params": model.backbone.parameters(), "lr": 3e-4}, {"params": model.fc.parameters(), "lr": 1e-3}]
    )
    print("all, loss", loop(model, x, y, every, 6, 10))


def main():
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    digits = load_digits()
    x = torch.tensor(digits.images, dtype=torch.float32)[:, None]
    y = torch.tensor(digits.target)
    old, new = y < 6, y >= 6
    model = load(pretrain(x[old], y[old]))
    x, y = preprocess(x[new]), y[new] - 6
    few = torch.randperm(len(x))
    x, y = x[few], y[few]
    finetune(model, x[:100], y[:100])
    model.eval()
    with torch.no_grad():
        accuracy = (model(x[100:]).argmax(1) == y[100:]).float().mean().item()
    print("score", accuracy)


if __name__ == "__main__":
    main()
