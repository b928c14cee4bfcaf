"""A network with binary hidden units, trained by a straight-through estimator of our own."""
import sys
import torch
from sklearn.datasets import make_moons
from torch import nn


class Binarize(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype) * 2 - 1

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x.abs() < 1).to(grad.dtype)


class BinaryNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.lin1 = nn.Linear(2, hidden)
        self.lin2 = nn.Linear(hidden, hidden)
        self.lin3 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.tanh(self.lin1(x))
        x = Binarize.apply(self.lin2(x))
        return self.lin3(x)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    x, y = make_moons(1200, noise=0.15, random_state=seed)
    x = torch.tensor(x, dtype=torch.float)
    y = torch.tensor(y, dtype=torch.float).unsqueeze(-1)
    x = (x - x.mean(0)) / x.std(0)
    model = BinaryNet()
    bce = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(30):
        for xb, yb in zip(x[:900].split(45), y[:900].split(45)):
            out = model(xb)
            loss = bce(out, yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
    print("last loss", loss.item())
    with torch.no_grad():
        acc = ((model(x[900:]) > 0) == (y[900:] > 0)).float().mean()
    print("score", acc.item())


if __name__ == "__main__":
    main()
