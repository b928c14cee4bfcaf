"""Denoising diffusion of points in seven clusters, with averaged weights.

The score is 1 minus the energy distance of the samples, over that of a Gaussian's samples.
"""
import copy
import math
import sys

import torch
from sklearn.datasets import make_blobs
from torch import nn


class Schedule:
    def __init__(self, steps=60, low=1e-3, high=0.2):
        self.steps = steps
        self.beta = torch.linspace(low, high, steps)
        self.alpha = 1 - self.beta
        self.alpha_bar = torch.cumprod(self.alpha, 0)

    def add_noise(self, x0, noise, t):
        a = self.alpha_bar[t].unsqueeze(1)
        return a.sqrt() * x0 + (1 - a).sqrt() * noise


class Denoiser(nn.Module):
    def __init__(self, width=96, frequencies=8):
        super().__init__()
        self.register_buffer("freq", torch.exp(torch.linspace(0, math.log(20), frequencies)))
        self.time = nn.Linear(2 * frequencies, width)
        self.inp = nn.Linear(2, width)
        self.mid = nn.Linear(width, width)
        self.mid2 = nn.Linear(width, width)
        self.out = nn.Linear(width, 2)

    def forward(self, x, t):
        angle = t[:, None] * self.freq[None]
        emb = self.time(torch.cat([angle.sin(), angle.cos()], dim=1))
        h = nn.functional.silu(self.inp(x) + emb)
        h = nn.functional.silu(self.mid(h) + emb)
        h = nn.functional.silu(self.mid2(h))
        return self.out(h)


class EMA:
    def __init__(self, model, decay=0.98):
        self.decay = decay
        self.shadow = copy.deepcopy(model).eval()

    @torch.no_grad()
    def update(self, model):
        for s, p in zip(self.shadow.parameters(), model.parameters()):
            s.lerp_(p, 1 - self.decay)


@torch.no_grad()
def generate(model, schedule, n):
    x = torch.randn(n, 2)
    for i in reversed(range(schedule.steps)):
        t = torch.full((n,), i / schedule.steps)
        eps = model(x, t)
        coef = schedule.beta[i] / (1 - schedule.alpha_bar[i]).sqrt()
        x = (x - coef * eps) / schedule.alpha[i].sqrt()
        if i > 0:
            x = x + schedule.beta[i].sqrt() * torch.randn_like(x)
    return x


def energy_distance(a, b):
    return 2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    places = [(0, 0), (60, 0), (60, 50), (0, 50), (30, 25), (100, 80), (-30, 90)]
    points, _ = make_blobs(4000, centers=places, cluster_std=2.0, random_state=seed)
    raw = torch.tensor(points, dtype=torch.float32)
    center, scale = raw.mean(0), raw.std(0)
    data = (raw - center) / scale

    schedule = Schedule()
    model = Denoiser()
    ema = EMA(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 - k / 1100)
    for step in range(1100):
        x0 = data[torch.randint(0, len(data), (128,))]
        t = torch.randint(0, schedule.steps, (len(x0),))
        noise = torch.randn_like(x0)
        predicted = model(schedule.add_noise(x0, noise, t), t / schedule.steps)
        loss = nn.functional.mse_loss(predicted, noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        decay.step()
        ema.update(model)
        if step % 200 == 0:
            print("step", step, "loss", round(loss.item(), 4))

    samples = generate(ema.shadow, schedule, 1000) * scale + center
    target = raw[:1000]
    gaussian = torch.randn(1000, 2) * scale + center
    print("score", 1 - (energy_distance(samples, target) / energy_distance(gaussian, target)).item())


if __name__ == "__main__":
    main()
