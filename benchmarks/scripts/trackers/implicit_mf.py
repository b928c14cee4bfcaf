"""Recommendations from implicit feedback: matrix factorization with sampled negatives."""
import sys

import numpy as np
import torch
import torch.nn as nn

N_USERS, N_ITEMS, TRUE_DIM = 300, 200, 4


def make_likes(rng):
    u = rng.normal(size=(N_USERS, TRUE_DIM))
    v = rng.normal(size=(N_ITEMS, TRUE_DIM))
    affinity = u @ v.T + 0.7 * rng.normal(size=N_ITEMS) + 0.5 * rng.gumbel(size=(N_USERS, N_ITEMS))
    threshold = np.quantile(affinity, 0.8, axis=1, keepdims=True)
    return affinity > threshold


class Interactions(torch.utils.data.Dataset):
    """Positive pairs, and for each of them `k` negative ones that are drawn again every epoch."""

    def __init__(self, train, k, rng):
        self.train, self.k, self.rng = train, k, rng
        self.pairs = np.argwhere(train)
        self.resample()

    def resample(self):
        rows = []
        for user, item in self.pairs:
            rows.append((user, item, 1.0))
            for _ in range(self.k):
                other = self.rng.integers(N_ITEMS)
                while self.train[user, other]:
                    other = self.rng.integers(N_ITEMS)
                rows.append((user, other, 0.0))
        rows = np.array(rows)
        self.users = torch.from_numpy(rows[:, 0]).long()
        self.items = torch.from_numpy(rows[:, 1]).long()
        self.labels = torch.from_numpy(rows[:, 2]).float()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.users[i], self.items[i], self.labels[i]


class MF(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.user = nn.Embedding(N_USERS, dim)
        self.item = nn.Embedding(N_ITEMS, dim)
        self.item_bias = nn.Embedding(N_ITEMS, 1)
        nn.init.normal_(self.user.weight, std=0.1)
        nn.init.normal_(self.item.weight, std=0.1)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, users, items):
        dot = (self.user(users) * self.item(items)).sum(-1)
        return dot + self.item_bias(items).squeeze(-1)


def auc(model, likes, train):
    with torch.no_grad():
        users = torch.arange(N_USERS).repeat_interleave(N_ITEMS)
        items = torch.arange(N_ITEMS).repeat(N_USERS)
        scores = model(users, items).view(N_USERS, N_ITEMS).numpy()
    areas = []
    for user in range(N_USERS):
        held_out = scores[user, likes[user] & ~train[user]]
        never = scores[user, ~likes[user]]
        if len(held_out):
            areas.append((held_out[:, None] > never[None, :]).mean())
    return float(np.mean(areas))


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
likes = make_likes(rng)
train = likes & (rng.random(likes.shape) < 0.75)

dataset = Interactions(train, k=2, rng=rng)
model = MF()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(
    list(model.user.parameters()) + list(model.item.parameters()) + list(model.item_bias.parameters()),
    lr=0.02,
    weight_decay=1e-5,
)
for epoch in range(5):
    order = torch.randperm(len(dataset))
    history = []
    for rows in order.split(512):
        users, items, labels = dataset[rows]
        optimizer.zero_grad()
        loss = criterion(model(users, items), labels)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    print("epoch %d: %.4f, auc %.3f" % (epoch, np.mean(history), auc(model, likes, train)))
    dataset.resample()

print("score", 2 * auc(model, likes, train) - 1)
