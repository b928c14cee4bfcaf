"""Contrastive learning on digits: two noisy views of an image attract each other, all other images of
the batch repel. The score is the accuracy of a linear model on the frozen features."""
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import nn, optim

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
EPOCHS, BATCH, WARMUP, TEMPERATURE = 12, 128, 20, 0.2


def augment(images):
    n = len(images)
    shifted = torch.stack([
        torch.roll(img, (int(dy), int(dx)), (0, 1))
        for img, dy, dx in zip(images, torch.randint(-1, 2, (n,)), torch.randint(-1, 2, (n,)))
    ])
    keep = (torch.rand_like(shifted) > 0.15).float()
    return shifted * keep + 0.1 * torch.randn_like(shifted)


class Encoder(nn.Module):
    def __init__(self, features=32, projection=16):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 128), nn.GELU(), nn.Linear(128, features)
        )
        self.projector = nn.Sequential(nn.GELU(), nn.Linear(features, projection))

    def forward(self, x):
        return F.normalize(self.projector(self.backbone(x)), dim=-1)


def info_nce(a, b, temperature):
    logits = a @ b.t() / temperature
    target = torch.arange(len(a))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


def pretrain(encoder, images):
    steps = EPOCHS * (len(images) // BATCH)
    optimizer = optim.AdamW(encoder.parameters(), lr=4e-3, weight_decay=1e-3)

    def factor(step):
        if step < WARMUP:
            return (step + 1) / WARMUP
        return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (steps - WARMUP)))

    schedule = optim.lr_scheduler.LambdaLR(optimizer, factor)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(images))[:len(images) // BATCH * BATCH]
        for rows in order.view(-1, BATCH):
            first, second = augment(images[rows]), augment(images[rows])
            loss = info_nce(encoder(first), encoder(second), TEMPERATURE)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print("epoch", epoch, "contrastive loss", round(loss.item(), 3))


def main():
    torch.manual_seed(SEED)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32) / 8 - 1
    order = np.random.default_rng(SEED).permutation(len(images))
    train, test = order[:1400], order[1400:]
    encoder = Encoder()
    pretrain(encoder, images[train])
    encoder.eval()
    with torch.no_grad():
        z = encoder.backbone(images).numpy()
    few = train[:100]
    probe = LogisticRegression(max_iter=500).fit(z[few], digits.target[few])
    print("score", probe.score(z[test], digits.target[test]))


main()
