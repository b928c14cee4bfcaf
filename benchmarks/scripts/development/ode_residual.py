# Physics-informed network: u'' + u = 0, u(0) = 0, u'(0) = 1, that is sin(t).
import sys
import torch
import torch.nn as nn
from torch.autograd import grad

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

class U(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(1, 32)
        self.b = nn.Linear(32, 32)
        self.c = nn.Linear(32, 1)
    def forward(self, t):
        return self.c(torch.tanh(self.b(torch.tanh(self.a(t)))))

def derivative(out, t):
    return grad(out, t, torch.ones_like(out), create_graph=True)[0]

u = U()
opt = torch.optim.Adam(u.parameters(), lr=4e-3)
start = torch.zeros(1, 1, requires_grad=True)
for it in range(1200):
    t = (torch.rand(64, 1) * 5).requires_grad_(True)
    opt.zero_grad()
    out = u(t)
    second = derivative(derivative(out, t), t)
    residual = (second + out).pow(2).mean()
    u0 = u(start)
    initial = u0.pow(2).mean() + (derivative(u0, start) - 1).pow(2).mean()
    loss = residual + 5 * initial
    loss.backward()
    opt.step()
    if it % 300 == 0:
        print(it, loss.item())

t = torch.linspace(0, 5, 200)[:, None]
true = torch.sin(t)
with torch.no_grad():
    miss = u(t) - true
print("score", 1 - (miss.pow(2).sum() / (true - true.mean()).pow(2).sum()).item())
