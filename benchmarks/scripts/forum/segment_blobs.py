"""A little U-Net that finds bright discs among rings and noise; an average of its weights is
scored, by the overlap (dice)."""
import copy
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

SIZE = 20
ROWS, COLUMNS = torch.meshgrid(torch.arange(SIZE).float(), torch.arange(SIZE).float(), indexing="ij")


def scene(gen):
    image = 0.35 * torch.randn(SIZE, SIZE, generator=gen)
    mask = torch.zeros(SIZE, SIZE)
    # the discs are in the upper half, the rings anywhere
    for kind in ("disc", "ring", "ring"):
        place = torch.rand(3, generator=gen)
        top = 3 + place[0] * (5 if kind == "disc" else 14)
        left, radius = 3 + place[1] * 14, 2 + place[2]
        away = ((ROWS - top) ** 2 + (COLUMNS - left) ** 2).sqrt()
        if kind == "disc":
            image += (away < radius).float()
            mask[away < radius] = 1.0
        else:
            image += ((away - radius).abs() < 0.8).float()
    return image, mask


def stack(count, gen):
    images, masks = zip(*(scene(gen) for _ in range(count)))
    return torch.stack(images).unsqueeze(1), torch.stack(masks).unsqueeze(1)


def conv(n_in, n_out):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.down1, self.down2 = conv(1, c), conv(c, 2 * c)
        self.up = nn.ConvTranspose2d(2 * c, c, 2, stride=2)
        self.join = conv(2 * c, c)
        self.last = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        x = self.join(torch.cat([a, self.up(b)], dim=1))
        return self.last(x)


def dice(p, y):
    return (2 * (p * y).sum((1, 2, 3)) + 1) / (p.sum((1, 2, 3)) + y.sum((1, 2, 3)) + 1)


def objective(logits, y):
    bce = F.binary_cross_entropy_with_logits(logits, y, pos_weight=torch.tensor(3.0))
    return bce + 1 - dice(logits.sigmoid(), y).mean()


def flipped(images, masks):
    if torch.rand(()) < 0.5:
        images, masks = images.flip(-1), masks.flip(-1)
    return images, masks


class Average:
    def __init__(self, model, decay):
        self.model, self.decay = copy.deepcopy(model), decay

    @torch.no_grad()
    def update(self, model):
        for mine, other in zip(self.model.parameters(), model.parameters()):
            mine.lerp_(other, 1 - self.decay)
        for mine, other in zip(self.model.buffers(), model.buffers()):
            mine.copy_(other)


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
gen = torch.Generator().manual_seed(seed)
train_x, train_y = stack(300, gen)
test_x, test_y = stack(100, gen)
model = UNet()
average = Average(model, decay=0.9)
accumulate = 5
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-4)
for epoch in range(8):
    model.train()
    optimizer.zero_grad()
    for number, rows in enumerate(torch.randperm(300).split(6)):
        images, masks = flipped(train_x[rows], train_y[rows])
        loss = objective(model(images), masks)
        (loss / accumulate).backward()
        if number % accumulate == accumulate - 1:
            optimizer.step()
            optimizer.zero_grad()
            average.update(model)
    print("epoch", epoch, "loss", loss.item())

average.model.eval()
with torch.no_grad():
    found = (average.model(test_x) > 0).float()
print("score", dice(found, test_y).mean().item())
