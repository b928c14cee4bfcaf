"""Pictures with a left and a right mark: where they are, and which of three kinds they are of.

The score is the mean of the positions' r2 and of the kinds' accuracy.
"""
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SIDE = 16
KINDS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]], [[1, 1, 1], [1, 0, 1], [1, 1, 1]], [[1, 0, 1], [0, 1, 0], [1, 0, 1]]])


def picture(rng):
    image = rng.integers(0, 70, size=(SIDE, SIDE))
    kind = rng.integers(3)
    points = []
    for column in (rng.integers(1, 6), rng.integers(9, 14)):
        row = rng.integers(1, SIDE - 1)
        image[row - 1:row + 2, column - 1:column + 2] += 170 * KINDS[kind]
        points += [column, row]
    return image, points, kind


def load(n, seed):
    rng = np.random.default_rng(seed)
    images, points, kinds = map(np.array, zip(*[picture(rng) for _ in range(n)]))
    images = torch.from_numpy(images).float().unsqueeze(1) / 255
    points = torch.from_numpy(points).float() / (SIDE - 1)
    return images, points, torch.from_numpy(kinds)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(16), nn.BatchNorm2d(32)
        self.fc = nn.Linear(32 * 4 * 4, 96)
        self.position = nn.Linear(96, 4)
        self.kind = nn.Linear(96, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.relu(self.fc(x.flatten(1)))
        return self.position(x), self.kind(x)


def mirror(images, points):
    """Flip half of the pictures; the left mark becomes the right one."""
    flip = torch.rand(len(images)) < 0.5
    images = torch.where(flip.view(-1, 1, 1, 1), images.flip(3), images)
    mirrored = points.clone()
    mirrored[:, [0, 2]] = 1 - points[:, [0, 2]]
    mirrored = mirrored[:, [2, 3, 0, 1]]
    return images, torch.where(flip.view(-1, 1), mirrored, points)


def compute_loss(outputs, points, kinds):
    position, kind = outputs
    losses = {
        "position": F.smooth_l1_loss(position, points, beta=0.1),
        "kind": F.cross_entropy(kind, kinds),
    }
    total = 10 * losses["position"] + losses["kind"]
    return total, losses


def main(seed=0):
    torch.manual_seed(seed)
    train_images, train_points, train_kinds = load(1200, 1000 + seed)
    images, points, kinds = load(300, 2000 + seed)
    net = Net()
    optimizer = torch.optim.NAdam(net.parameters(), lr=2e-3)
    for epoch in range(7):
        net.train()
        for rows in torch.randperm(len(train_images)).split(50):
            x, p = mirror(train_images[rows], train_points[rows])
            total, parts = compute_loss(net(x), p, train_kinds[rows])
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        print(epoch, {name: round(value.item(), 4) for name, value in parts.items()})
    net.eval()
    with torch.no_grad():
        position, kind = net(images)
    r2 = 1 - ((position - points) ** 2).mean(0) / points.var(0)
    accuracy = (kind.argmax(1) == kinds).float().mean()
    print("score", (r2.mean().item() + accuracy.item()) / 2)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
