"""Embeddings of digits by triplets, the hardest of each batch; the score is that of the nearest
neighbour among digits that it was trained on."""
import sys

import torch
from sklearn.datasets import load_digits
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = torch.Generator().manual_seed(seed)
torch.manual_seed(seed)

x, y = load_digits(return_X_y=True)
x = torch.as_tensor(x / 16.0, dtype=torch.float32)
y = torch.as_tensor(y)
order = torch.randperm(len(x), generator=rng)
train_x, train_y = x[order[:600]], y[order[:600]]
test_x, test_y = x[order[600:]], y[order[600:]]
# noise and dead pixels: the nearest neighbours of the pixels are often wrong
noise = 0.2 * torch.randn(len(x), 64, generator=rng)
train_x, test_x = train_x + noise[:600], test_x + noise[600:]


def distances(a, b):
    squares = (a[:, None] - b[None]).pow(2).sum(-1)
    return (squares + 1e-8).sqrt()


class BatchHard(nn.Module):
    def __init__(self, margin):
        super().__init__()
        self.margin = margin

    def forward(self, embeddings, labels):
        d = distances(embeddings, embeddings)
        same = labels[:, None] == labels[None]
        positive = d.masked_fill(~same, 0.0).max(dim=1).values
        negative = d.masked_fill(same, float("inf")).min(dim=1).values
        return (positive - negative + self.margin).clamp(min=0).mean()


def balanced_batch(per_class=4):
    rows = [torch.nonzero(train_y == c)[:, 0] for c in range(10)]
    picked = torch.cat([r[torch.randperm(len(r), generator=rng)[:per_class]] for r in rows])
    return train_x[picked], train_y[picked]


net = nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 16))
criterion = BatchHard(margin=0.5)
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
for i in range(400):
    batch, labels = balanced_batch()
    loss = criterion(net(batch), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 100 == 0:
        print(i, loss.item())

net.eval()
with torch.inference_mode():
    nearest = distances(net(test_x), net(train_x)).argmin(dim=1)
print("score", (train_y[nearest] == test_y).float().mean().item())
