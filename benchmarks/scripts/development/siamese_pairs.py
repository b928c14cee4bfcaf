"""Learns an embedding of digits from pairs: the same or not the same."""
import sys
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
torch.manual_seed(seed)

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
X = np.concatenate([X, rng.rand(len(X), 64).astype(np.float32) * 2], 1)  # half of it is noise
train_x, train_y, test_x, test_y = X[:1200], y[:1200], X[1200:], y[1200:]


def sample_pairs(size):
    a = rng.randint(0, len(train_x), size)
    same = rng.rand(size) < 0.5
    b = np.empty(size, dtype=int)
    for k in range(size):
        pool = np.flatnonzero((train_y == train_y[a[k]]) == same[k])
        b[k] = rng.choice(pool)
    return torch.from_numpy(train_x[a]), torch.from_numpy(train_x[b]), torch.from_numpy(same.astype(np.float32))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward(self, x):
        return self.body(x)


def contrastive(za, zb, same, margin=1.5):
    d = torch.sqrt(((za - zb) ** 2).sum(1) + 1e-8)
    return (same * d ** 2 + (1 - same) * F.relu(margin - d) ** 2).mean()


encoder = Encoder()
optimiser = torch.optim.Adam(encoder.parameters(), lr=2e-3)
for it in range(350):
    first, second, same = sample_pairs(64)
    optimiser.zero_grad()
    loss = contrastive(encoder(first), encoder(second), same)
    loss.backward()
    optimiser.step()
    if it % 70 == 0:
        print("iter", it, "loss", float(loss))

encoder.eval()
with torch.no_grad():
    gallery, query = encoder(torch.from_numpy(train_x)), encoder(torch.from_numpy(test_x))
near = torch.cdist(query, gallery).topk(5, largest=False).indices
votes = torch.from_numpy(train_y)[near].mode(1).values
print("score", (votes == torch.from_numpy(test_y)).float().mean().item())
