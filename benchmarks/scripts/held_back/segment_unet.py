"""Finds bright blobs in noise: a two-level U-Net with a Dice loss beside the cross-entropy."""
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F


def blobs(n, size=16):
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    masks = torch.zeros(n, 1, size, size)
    for m in masks:
        for _ in range(int(torch.randint(1, 4, ()))):
            cy, cx = torch.randint(2, size - 2, (2,))
            r = torch.randint(2, 5, ())
            m[0][((yy - cy) ** 2 + (xx - cx) ** 2) < r ** 2] = 1.0
    images = 0.9 * masks + 0.7 * torch.randn_like(masks)
    return images, masks


class DoubleConv(nn.Module):
    def __init__(self, in_ch, out_ch):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.InstanceNorm2d(out_ch), nn.ReLU(inplace=True),
            nn.Conv2d(out_ch, out_ch, 3, padding=1), nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc = DoubleConv(1, 8)
        self.down = DoubleConv(8, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.fuse = DoubleConv(16, 8)
        self.outc = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.inc(x)
        b = self.down(F.max_pool2d(a, 2))
        return self.outc(self.fuse(torch.cat([a, self.up(b)], dim=1)))


def dice_loss(logits, masks):
    p = torch.sigmoid(logits)
    overlap = (p * masks).sum((1, 2, 3))
    return (1 - (2 * overlap + 1) / (p.sum((1, 2, 3)) + masks.sum((1, 2, 3)) + 1)).mean()


def iou(logits, masks):
    p = logits > 0
    m = masks > 0.5
    return ((p & m).sum((1, 2, 3)) / (p | m).sum((1, 2, 3)).clamp(min=1)).mean().item()


def main():
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    train_img, train_mask = blobs(240)
    val_img, val_mask = blobs(80)
    net = UNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3)
    for epoch in range(8):
        net.train()
        for ids in torch.randperm(240).split(12):
            logits = net(train_img[ids])
            loss = F.binary_cross_entropy_with_logits(logits, train_mask[ids]) + dice_loss(logits, train_mask[ids])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            score = iou(net(val_img), val_mask)
        print(f"epoch {epoch}: loss {loss.item():.4f}, IoU {score:.4f}")
    print("score", score)


main()
