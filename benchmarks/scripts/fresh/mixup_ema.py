"""Digits with mixup, label smoothing, weight-decay groups, and an exponential average that is scored."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def get_parser():
    p = argparse.ArgumentParser(description="mixup")
    p.add_argument("seed", type=int, nargs="?", default=0)
    p.add_argument("--epochs", type=int, default=7)
    p.add_argument("--batch-size", type=int, default=50)
    p.add_argument("--lr", type=float, default=0.1)
    p.add_argument("--momentum", type=float, default=0.9)
    p.add_argument("--wd", type=float, default=1e-3)
    p.add_argument("--alpha", type=float, default=0.2)
    p.add_argument("--smoothing", type=float, default=0.1)
    p.add_argument("--ema", type=float, default=0.97)
    return p


def mlp():
    def block(n_in, n_out, p):
        return nn.Sequential(nn.Linear(n_in, n_out), nn.LayerNorm(n_out), nn.Mish(), nn.Dropout(p))

    return nn.Sequential(block(64, 96, 0.2), block(96, 96, 0.2), nn.Linear(96, 10))


def mixup(x, y, alpha):
    lam = torch.distributions.Beta(alpha, alpha).sample().item()
    perm = torch.randperm(x.size(0))
    mixed = lam * x + (1 - lam) * x[perm]
    return mixed, y, y[perm], lam


def param_groups(model, wd):
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [dict(params=weights, weight_decay=wd), dict(params=others, weight_decay=0.0)]


def train_one_epoch(model, ema, x, y, optimizer, criterion, args):
    model.train()
    order = torch.randperm(len(x))
    meter = []
    for i in range(0, len(x), args.batch_size):
        rows = order[i:i + args.batch_size]
        mixed, ya, yb, lam = mixup(x[rows], y[rows], args.alpha)
        out = model(mixed)
        loss = lam * criterion(out, ya) + (1 - lam) * criterion(out, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema.update_parameters(model)
        meter.append(loss.detach())
    return torch.stack(meter).mean()


@torch.no_grad()
def accuracy(model, x, y):
    model.eval()
    return F.softmax(model(x), dim=1).argmax(dim=1).eq(y).float().mean().item()


def main():
    args = get_parser().parse_args()
    torch.manual_seed(args.seed)
    data, labels = load_digits(return_X_y=True)
    xa, xb, ya, yb = train_test_split(data / 8.0 - 1.0, labels, test_size=0.3, random_state=args.seed)
    xa, xb = torch.as_tensor(xa).float(), torch.as_tensor(xb).float()
    ya, yb = torch.as_tensor(ya), torch.as_tensor(yb)
    model = mlp()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(args.ema))
    criterion = nn.CrossEntropyLoss(label_smoothing=args.smoothing)
    optimizer = torch.optim.SGD(param_groups(model, args.wd), lr=args.lr, momentum=args.momentum)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[4, 6], gamma=0.2)
    for epoch in range(args.epochs):
        loss = train_one_epoch(model, ema, xa, ya, optimizer, criterion, args)
        scheduler.step()
        print(f"epoch {epoch} loss {loss:.3f} acc {accuracy(model, xb, yb):.3f}")
    print("score", accuracy(ema, xb, yb))


if __name__ == "__main__":
    main()
