"""Density estimation with affine coupling layers; the gain over a Gaussian, in 1 - exp(-nats)."""
import argparse
import math

import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import nn, optim


class Coupling(nn.Module):
    def __init__(self, dims, hidden, flip):
        super().__init__()
        self.flip = flip
        half = dims // 2
        self.net = nn.Sequential(
            nn.Linear(half, hidden), nn.LeakyReLU(0.1),
            nn.Linear(hidden, hidden), nn.LeakyReLU(0.1),
            nn.Linear(hidden, dims),
        )
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        if self.flip:
            a, b = b, a
        shift, log_scale = self.net(a).chunk(2, dim=1)
        log_scale = 2 * torch.tanh(log_scale / 2)
        b = (b - shift) * torch.exp(-log_scale)
        out = torch.cat([b, a] if self.flip else [a, b], dim=1)
        return out, -log_scale.sum(dim=1)


class Flow(nn.Module):
    def __init__(self, dims=4, hidden=40, layers=4):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(dims, hidden, flip=bool(k % 2)) for k in range(layers))

    def forward(self, x):
        log_det = torch.zeros(len(x))
        for layer in self.layers:
            x, ld = layer(x)
            log_det = log_det + ld
        return x, log_det


def sample(n, rng):
    left, _ = make_moons(n, noise=0.06, random_state=int(rng.integers(1 << 30)))
    right, _ = make_moons(n, noise=0.06, random_state=int(rng.integers(1 << 30)))
    x = np.concatenate([left, right[rng.permutation(n)]], axis=1)
    return torch.tensor(x @ np.array([[1, .3, 0, 0], [0, 1, .3, 0], [0, 0, 1, .3], [0, 0, 0, 1]]), dtype=torch.float32)


def nll(flow, x):
    z, log_det = flow(x)
    log_prob = -0.5 * (z ** 2).sum(dim=1) - 0.5 * z.shape[1] * math.log(2 * math.pi)
    return -(log_prob + log_det).mean()


def gaussian_nll(train, test):
    fitted = torch.distributions.MultivariateNormal(train.mean(0), torch.cov(train.T))
    return -fitted.log_prob(test).mean().item()


def true_nll(flow, x):
    with torch.no_grad():
        z, log_det = flow(x)
        normal = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
        return -(normal + log_det).mean().item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("seed", type=int, nargs="?", default=0)
    p.add_argument("--steps", type=int, default=350)
    p.add_argument("--lr", type=float, default=6e-3)
    opt = p.parse_args()
    rng = np.random.default_rng(opt.seed)
    torch.manual_seed(opt.seed)
    train, test = sample(4000, rng), sample(1000, rng)
    mean, std = train.mean(0), train.std(0)
    train, test = (train - mean) / std, (test - mean) / std

    flow = Flow()
    optimizer = optim.Adam(flow.parameters(), lr=opt.lr)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=opt.lr, total_steps=opt.steps)
    for step in range(opt.steps):
        batch = train[torch.randint(len(train), (128,))]
        loss = nll(flow, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % 100 == 0:
            print(f"{step:4d}  nll {loss.item():.3f}")
    gain = gaussian_nll(train, test) - true_nll(flow, test)
    print("score", 1 - math.exp(-max(gain, -5.0)))


if __name__ == "__main__":
    main()
