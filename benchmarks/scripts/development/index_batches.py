import sys
import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
torch.manual_seed(seed)

# house prices: rooms, area in square feet, age, distance in metres, noise
n = 1500
rooms = rng.integers(1, 8, n)
area = rooms * 300 + rng.normal(0, 150, n)
age = rng.uniform(0, 80, n)
dist = rng.uniform(100, 20000, n)
price = 0.5 * area + 80 * rooms - 2 * age - 0.02 * dist + 200 * np.sin(dist / 4000) + rng.normal(0, 30, n)

x = np.stack([rooms, area, age, dist], 1).astype("float32")
y = price.astype("float32")
mu, sd = x[:1200].mean(0), x[:1200].std(0)
x = (x - mu) / sd
y = (y - y[:1200].mean()) / y[:1200].std()
xtr, xva = torch.from_numpy(x[:1200]), torch.from_numpy(x[1200:])
ytr, yva = torch.from_numpy(y[:1200]), torch.from_numpy(y[1200:])

model = nn.Sequential(
    nn.Linear(4, 64), nn.ReLU(),
    nn.Linear(64, 64), nn.ReLU(),
    nn.Linear(64, 1),
)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
bs = 50
for epoch in range(25):
    perm = torch.randperm(len(xtr))
    for k in range(0, len(xtr), bs):
        idx = perm[k:k + bs]
        xb, yb = xtr[idx], ytr[idx]
        pred = model(xb).squeeze(1)
        loss = ((pred - yb) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())

with torch.inference_mode():
    err = ((model(xva).squeeze(1) - yva) ** 2).sum()
r2 = 1 - err / ((yva - yva.mean()) ** 2).sum()
print("score", float(r2))
