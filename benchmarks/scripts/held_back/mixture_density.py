"""A mixture density network with a likelihood written by hand; the score is how much better than one
Gaussian it tells the held-out values."""
import sys
import torch
import torch.nn as nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
K = 3


def sample(n):
    x = torch.rand(n, 1) * 4 - 2
    branch = torch.randint(0, 2, (n, 1)) * 2 - 1
    y = branch * (0.5 + x.abs()) + 0.15 * torch.randn(n, 1) * (1 + x.abs())
    return x, y


class MDN(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh())
        self.pi = nn.Linear(40, K)
        self.mu = nn.Linear(40, K)
        self.log_sigma = nn.Linear(40, K)

    def forward(self, x):
        h = self.shared(x)
        pi = torch.softmax(self.pi(h), dim=1)
        sigma = torch.exp(self.log_sigma(h)) + 1e-3
        return pi, self.mu(h), sigma


def mdn_loss(pi, mu, sigma, y):
    density = torch.exp(-0.5 * ((y - mu) / sigma) ** 2) / (sigma * 2.5066)
    return -torch.log((pi * density).sum(dim=1) + 1e-10).mean()


x, y = sample(1500)
xv, yv = sample(500)
mdn = MDN()
optimizer = torch.optim.Adam(mdn.parameters(), lr=5e-3)
for epoch in range(25):
    order = torch.randperm(len(x))
    for i in range(0, len(x), 75):
        sel = order[i:i + 75]
        pi, mu, sigma = mdn(x[sel])
        loss = mdn_loss(pi, mu, sigma, y[sel])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
mdn.eval()
with torch.no_grad():
    nll = mdn_loss(*mdn(xv), yv).item()
single = 0.5 * torch.log(2 * torch.pi * y.var()).item() + 0.5
print("score", single - nll)
