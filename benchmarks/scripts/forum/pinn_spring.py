"""A damped spring, x'' + 2 c x' + k x = 0, from its equation and its start alone.

Score: the share of the true curve's variance that the network explains.
"""
import math
import sys

import torch
from torch import nn

C, K, END = 0.4, 4.0, 4.0


def true_position(t):
    w = math.sqrt(K - C**2)
    return torch.exp(-C * t) * (torch.cos(w * t) + C / w * torch.sin(w * t))


class Spring(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(1, width), nn.Linear(width, width), nn.Linear(width, 1)])

    def forward(self, t):
        h = t / END * 2 - 1
        for layer in self.layers[:-1]:
            h = torch.tanh(layer(h))
        return self.layers[-1](h)


def derivative(y, t):
    return torch.autograd.grad(y, t, grad_outputs=torch.ones_like(y), create_graph=True)[0]


def residual(model, t):
    x = model(t)
    v = derivative(x, t)
    a = derivative(v, t)
    return a + 2 * C * v + K * x


def main(seed):
    torch.manual_seed(seed)
    model = Spring()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.998)
    zero = torch.zeros(1, 1, requires_grad=True)
    for it in range(1000):
        t = (END * torch.rand(64, 1)).requires_grad_()
        physics = residual(model, t).pow(2).mean()
        x0 = model(zero)
        start = (x0 - 1).pow(2).mean() + derivative(x0, zero).pow(2).mean()
        loss = physics + 20 * start
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if it % 200 == 0:
            print(it, f"equation {physics.item():.4f} start {start.item():.4f}")
    grid = torch.linspace(0, END, 200)[:, None]
    with torch.no_grad():
        truth = true_position(grid)
        error = (model(grid) - truth).pow(2).mean() / truth.var()
    print("score", 1 - error.item())


main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
