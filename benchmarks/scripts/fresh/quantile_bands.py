# Quantile regression: three quantiles at once, layers written by hand from parameters.
# Score: 1 - pinball loss / pinball loss of constant quantiles.
import copy
import math
import sys

import torch
from torch import nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
TAUS = torch.tensor([0.1, 0.5, 0.9])


class Dense(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(torch.empty(n_in, n_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight + self.bias


class QuantileNet(nn.Module):
    def __init__(self, n_in, width=48):
        super().__init__()
        self.lower = Dense(n_in, width)
        self.upper = Dense(width, width)
        self.head = Dense(width, len(TAUS))

    def forward(self, x):
        h = torch.tanh(self.lower(x))
        h = torch.tanh(self.upper(h))
        return self.head(h)


def pinball(pred, y):
    gap = y.unsqueeze(1) - pred
    return torch.maximum(TAUS * gap, (TAUS - 1) * gap).mean()


def draw(n):
    x = torch.rand(n, 4) * 2 - 1
    middle = torch.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2]
    spread = 0.1 + 0.4 * (x[:, 3] > 0).float()
    return x, middle + spread * torch.randn(n)


x, y = draw(1600)
xv, yv = draw(400)
xt, yt = draw(1000)
net = QuantileNet(4)
opt = torch.optim.NAdam(net.parameters(), lr=0.004)

best, best_state, bad_epochs, patience = float("inf"), None, 0, 6
for epoch in range(30):
    net.train()
    perm = torch.randperm(len(x))
    for chunk in perm.split(64):
        opt.zero_grad()
        loss = pinball(net(x[chunk]), y[chunk])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = pinball(net(xv), yv).item()
    if val < best:
        best, best_state, bad_epochs = val, copy.deepcopy(net.state_dict()), 0
    else:
        bad_epochs += 1
    if bad_epochs >= patience:
        print("stopped after", epoch, "epochs")
        break

net.load_state_dict(best_state)
with torch.no_grad():
    model_loss = pinball(net(xt), yt).item()
    constant_loss = pinball(torch.quantile(y, TAUS).expand(len(yt), -1), yt).item()
print("val", best, "test", model_loss, "constant", constant_loss)
print("score", 1 - model_loss / constant_loss)
