"""Re-identification with the hardest triplets of batches of P identities and K views."""
import sys
from collections import defaultdict

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

IDS, NUISANCE, VISIBLE = 40, 6, 48


class PKSampler(Sampler):
    def __init__(self, labels, p, k, batches, generator):
        self.where = defaultdict(list)
        for i, label in enumerate(labels.tolist()):
            self.where[label].append(i)
        self.p, self.k, self.batches, self.generator = p, k, batches, generator

    def __len__(self):
        return self.batches

    def __iter__(self):
        ids = list(self.where)
        for _ in range(self.batches):
            batch = []
            for j in torch.randperm(len(ids), generator=self.generator)[:self.p].tolist():
                rows = self.where[ids[j]]
                picked = torch.randperm(len(rows), generator=self.generator)[:self.k]
                batch += [rows[i] for i in picked.tolist()]
            yield batch


def pairwise(e):
    square = (e[:, None] - e[None]).pow(2).sum(-1)
    return square.clamp(min=1e-12).sqrt()


def batch_hard(embeddings, labels, margin=0.3):
    distance = pairwise(embeddings)
    same = labels[:, None] == labels[None]
    hardest_positive = (distance * same).max(dim=1).values
    hardest_negative = (distance + 1e3 * same).min(dim=1).values
    return torch.relu(hardest_positive - hardest_negative + margin).mean()


class Embedder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(VISIBLE, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, dim))

    def forward(self, x):
        return nn.functional.normalize(self.layers(x), dim=1)


def views(identity, per_id, mixing, rng):
    labels = np.repeat(np.arange(len(identity)), per_id)
    hidden = np.concatenate([identity[labels], 1.5 * rng.normal(size=(len(labels), NUISANCE))], axis=1)
    x = np.tanh(0.3 * hidden @ mixing) + 0.03 * rng.normal(size=(len(labels), VISIBLE))
    return torch.tensor(x, dtype=torch.float32), torch.from_numpy(labels)


def recall_at_1(net, gallery, gallery_labels, query, query_labels):
    net.eval()
    with torch.no_grad():
        nearest = torch.cdist(net(query), net(gallery)).argmin(dim=1)
    return (gallery_labels[nearest] == query_labels).float().mean().item()


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)
identity = rng.normal(size=(IDS, 6))
mixing = rng.normal(size=(6 + NUISANCE, VISIBLE))
x, y = views(identity, 20, mixing, rng)
gallery, gallery_y = views(identity, 2, mixing, rng)
query, query_y = views(identity, 10, mixing, rng)

sampler = PKSampler(y, p=12, k=4, batches=40, generator=torch.Generator().manual_seed(seed))
loader = DataLoader(TensorDataset(x, y), batch_sampler=sampler)
net = Embedder()
print("before", recall_at_1(net, gallery, gallery_y, query, query_y))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-5)
for epoch in range(12):
    net.train()
    total = 0.0
    for views_, ids in loader:
        loss = batch_hard(net(views_), ids)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.4f}")
print("score", recall_at_1(net, gallery, gallery_y, query, query_y))
