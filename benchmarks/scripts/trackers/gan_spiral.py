"""A GAN for points on an arc; the score compares energy distances with those of a Gaussian."""
import argparse
import copy

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


def real_points(n):
    angle = torch.rand(n) * 4.2
    radius = 1.0 + 0.25 * angle
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return points + 0.05 * torch.randn(n, 2)


class Generator(nn.Module):
    def __init__(self, nz, width):
        super().__init__()
        self.nz = nz
        self.main = nn.Sequential(
            nn.Linear(nz, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2)
        )

    def forward(self, z):
        return self.main(z)

    def sample(self, n):
        return self(torch.randn(n, self.nz))


class Discriminator(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(2, width), nn.LeakyReLU(0.2),
            spectral_norm(nn.Linear(width, width)), nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )

    def forward(self, x):
        return self.main(x).view(-1)


def energy(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


def main(opt):
    torch.manual_seed(opt.seed)
    netG, netD = Generator(opt.nz, opt.width), Discriminator(opt.width)
    averaged = copy.deepcopy(netG)
    optimizerG = torch.optim.Adam(netG.parameters(), lr=opt.lr, betas=(0.5, 0.99))
    optimizerD = torch.optim.Adam(netD.parameters(), lr=opt.lr, betas=(0.5, 0.99))
    criterion = nn.BCEWithLogitsLoss()
    real_label, fake_label = torch.ones(opt.batch), torch.zeros(opt.batch)

    for it in range(opt.iters):
        # the discriminator
        optimizerD.zero_grad()
        real, fake = real_points(opt.batch), netG.sample(opt.batch)
        errD = criterion(netD(real), real_label) + criterion(netD(fake.detach()), fake_label)
        errD.backward()
        optimizerD.step()
        # the generator
        optimizerG.zero_grad()
        output = netD(fake)
        errG = criterion(output, real_label)
        errG.backward()
        optimizerG.step()
        with torch.no_grad():
            for slow, fast in zip(averaged.parameters(), netG.parameters()):
                slow.mul_(0.99).add_(fast, alpha=0.01)
        if it % 200 == 0:
            print(f"[{it}/{opt.iters}] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f}")

    with torch.no_grad():
        made, real = averaged.sample(1000), real_points(1000)
    gaussian = real.mean(0) + torch.randn(1000, 2) @ torch.linalg.cholesky(torch.cov(real.T)).T
    return 1 - energy(made, real) / energy(gaussian, real)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--nz", type=int, default=4)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--iters", type=int, default=900)
    parser.add_argument("--lr", type=float, default=2e-3)
    print("score", main(parser.parse_args()))
