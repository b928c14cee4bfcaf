"""Segmentation of the round shape in a picture of round and square ones: dice and cross-entropy."""
import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

SIDE = 20


def draw(rng):
    image = rng.integers(0, 90, size=(SIDE, SIDE, 3)).astype(np.uint8)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for kind in rng.permutation(["disc", "square", "cross"]):
        r, c, size = rng.integers(4, SIDE - 4), rng.integers(4, SIDE - 4), rng.integers(3, 5)
        color = rng.integers(120, 255, size=3)
        if kind == "disc":
            inside = (rows - r) ** 2 + (cols - c) ** 2 <= size**2
            color[0], color[2] = 230, 80
        elif kind == "square":
            inside = (abs(rows - r) <= size - 1) & (abs(cols - c) <= size - 1)
            color[0], color[2] = 80, 230
        else:
            inside = ((abs(rows - r) <= 1) & (abs(cols - c) <= size)) | ((abs(cols - c) <= 1) & (abs(rows - r) <= size))
            color[0], color[2] = 170, 170
        image[inside] = color
        mask[inside] = kind == "disc"
    return image, mask


class Shapes(Dataset):
    def __init__(self, n, seed, train):
        rng = np.random.default_rng(seed)
        self.items = [draw(rng) for _ in range(n)]
        self.train = train

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        image, mask = self.items[index]
        image, mask = image.astype(np.float32) / 255.0, mask.astype(np.float32)
        if self.train and torch.rand(()) < 0.5:
            image, mask = image[:, ::-1].copy(), mask[:, ::-1].copy()
        return torch.from_numpy(image).permute(2, 0, 1), torch.from_numpy(mask).unsqueeze(0)


def block(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))


class SegNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = block(3, 12), block(12, 24)
        self.up = block(24 + 12, 12)
        self.head = nn.Conv2d(12, 1, 1)

    def forward(self, x):
        skip = self.down1(x)
        deep = self.down2(F.max_pool2d(skip, 2))
        deep = F.interpolate(deep, scale_factor=2.0)
        return self.head(self.up(torch.cat([deep, skip], dim=1)))


class DiceLoss(nn.Module):
    def __init__(self, smooth=1.0):
        super().__init__()
        self.smooth = smooth

    def forward(self, probs, target):
        probs, target = probs.flatten(1), target.flatten(1)
        overlap = (probs * target).sum(1)
        dice = (2 * overlap + self.smooth) / (probs.sum(1) + target.sum(1) + self.smooth)
        return 1 - dice.mean()


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.dice, self.bce = DiceLoss(), nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.scheduler = None

    def step(self, images, masks):
        logits = self.model(images)
        probs = torch.sigmoid(logits)
        loss = self.dice(probs, masks) + self.bce(logits, masks)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def fit(self, loader, epochs):
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, epochs)
        for epoch in range(epochs):
            self.model.train()
            losses = [self.step(*batch) for batch in loader]
            self.scheduler.step()
            print(f"epoch {epoch}: loss {np.mean(losses):.4f}")

    @torch.no_grad()
    def test(self, loader):
        self.model.eval()
        scores = []
        for images, masks in loader:
            found = self.model(images) > 0
            masks = masks > 0.5
            both = (found & masks).flatten(1).sum(1)
            either = (found | masks).flatten(1).sum(1)
            scores.append((both + 1e-6) / (either + 1e-6))
        return torch.cat(scores).mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--epochs", type=int, default=5)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    train = DataLoader(Shapes(320, args.seed + 100, True), batch_size=24, shuffle=True)
    test = DataLoader(Shapes(100, args.seed + 200, False), batch_size=40)
    trainer = Trainer(SegNet(), args.lr)
    trainer.fit(train, args.epochs)
    print("score", trainer.test(test))
