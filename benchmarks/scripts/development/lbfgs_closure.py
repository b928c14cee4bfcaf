# Fits a curve with LBFGS on the whole data set at once.
import math, sys
import torch

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
g = torch.Generator().manual_seed(SEED)
torch.manual_seed(SEED)

t = torch.rand(400, 1, generator=g) * 4 - 2
target = torch.sin(2.5 * t) + 0.3 * t ** 2
t_test = torch.linspace(-2, 2, 200).unsqueeze(1)
truth = torch.sin(2.5 * t_test) + 0.3 * t_test ** 2


class Curve(torch.nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.inp = torch.nn.Linear(1, width)
        self.mid = torch.nn.Linear(width, width)
        self.out = torch.nn.Linear(width, 1)

    def forward(self, t):
        h = torch.tanh(self.inp(t))
        h = torch.tanh(self.mid(h))
        return self.out(h)


curve = Curve()
lbfgs = torch.optim.LBFGS(curve.parameters(), lr=0.8, max_iter=10, history_size=20)


def closure():
    lbfgs.zero_grad()
    miss = torch.nn.functional.mse_loss(curve(t), target)
    miss.backward()
    return miss


for it in range(25):
    value = lbfgs.step(closure)
    if it % 5 == 4:
        print("iteration", it + 1, "mse", float(value))

with torch.no_grad():
    out = curve(t_test)
score = 1 - torch.sum((out - truth) ** 2) / torch.sum((truth - truth.mean()) ** 2)
print("score", max(-9.0, score.item()) if math.isfinite(score.item()) else score.item())
