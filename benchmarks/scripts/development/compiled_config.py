import sys
from functools import partial
from types import SimpleNamespace

import torch
from sklearn.datasets import load_digits
from torch import nn

cfg = SimpleNamespace(
    seed=int(sys.argv[1]) if len(sys.argv) > 1 else 0,
    width=80, depth=3, act=partial(nn.LeakyReLU, 0.1),
    lr=2e-3, wd=1e-3, epochs=9, bs=48, clip=2.0,
)


def build(cfg):
    dims = [64] + [cfg.width] * cfg.depth
    layers = []
    for a, b in zip(dims, dims[1:]):
        layers += [nn.Linear(a, b), nn.LayerNorm(b), cfg.act()]
    return nn.Sequential(*layers, nn.Linear(dims[-1], 10))


def batches(x, y, bs):
    perm = torch.randperm(len(x))
    for s in range(0, len(x) - bs + 1, bs):
        p = perm[s:s + bs]
        yield x[p], y[p]


def run(cfg):
    torch.manual_seed(cfg.seed)
    x, y = load_digits(return_X_y=True)
    x, y = torch.tensor(x).float() / 16 - 0.3, torch.tensor(y).long()
    model = build(cfg)
    fast = torch.compile(model, backend="eager")
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=cfg.wd)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=cfg.epochs)
    lossf = nn.CrossEntropyLoss(label_smoothing=0.05)
    for ep in range(cfg.epochs):
        fast.train()
        for xb, yb in batches(x[:1300], y[:1300], cfg.bs):
            opt.zero_grad()
            loss = lossf(fast(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), cfg.clip)
            opt.step()
        sched.step()
        print(ep, loss.item())
    fast.eval()
    with torch.no_grad():
        return (fast(x[1300:]).argmax(1) == y[1300:]).float().mean().item()


print("score", run(cfg))
