"""Regression with an uncertainty: Gaussian likelihood, and Monte Carlo dropout at the end."""
import sys
import torch
import torch.nn as nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

def friedman(n):
    x = torch.rand(n, 8)
    y = 10 * torch.sin(torch.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, (y + torch.randn(n))[:, None]

x, y = friedman(1200)
xt, yt = friedman(400)
ym, ys = y.mean(), y.std()
y = (y - ym) / ys

class Probabilistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 100), nn.SiLU(), nn.Dropout(0.1), nn.Linear(100, 100), nn.SiLU(), nn.Dropout(0.1))
        self.mean = nn.Linear(100, 1)
        self.var = nn.Linear(100, 1)

    def forward(self, x):
        h = self.net(x)
        return self.mean(h), nn.functional.softplus(self.var(h)) + 1e-3

model = Probabilistic()
nll = nn.GaussianNLLLoss()
opt = torch.optim.NAdam(model.parameters(), lr=2e-3)
for epoch in range(25):
    p = torch.randperm(len(x))
    for b in range(len(x) // 48):
        sel = p[b * 48:(b + 1) * 48]
        mean, var = model(x[sel])
        loss = nll(mean, y[sel], var)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 8 == 0:
        print("epoch", epoch, "nll", loss.item())

# dropout stays on: the spread of 30 predictions is the model's uncertainty
model.train()
with torch.no_grad():
    draws = torch.stack([model(xt)[0] for _ in range(30)]) * ys + ym
pred, spread = draws.mean(0), draws.std(0)
print("mean spread", spread.mean().item())
print("score", (1 - (pred - yt).square().sum() / (yt - yt.mean()).square().sum()).item())
