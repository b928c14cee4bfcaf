"""How many bonds between two kinds of atoms, none, one or more? Graph convolutions on padded graphs."""
import sys
from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F

NODES, KINDS = 12, 4


class Graphs(NamedTuple):
    kinds: torch.Tensor
    adjacency: torch.Tensor
    mask: torch.Tensor
    label: torch.Tensor


def molecule():
    """Atoms on a ring or on a chain, with side atoms."""
    core = int(torch.randint(4, 8, ()))
    size = int(torch.randint(core + 1, NODES + 1, ()))
    ring = bool(torch.rand(()) < 0.5)
    edges = [(i, i + 1) for i in range(core - 1)] + ([(0, core - 1)] if ring else [])
    edges += [(i, int(torch.randint(0, core, ()))) for i in range(core, size)]
    kinds = torch.randint(1, KINDS, (NODES,))
    kinds[size:] = 0
    a = torch.zeros(NODES, NODES)
    for i, j in edges:
        a[i, j] = a[j, i] = 1.0
    bonds = sum({int(kinds[i]), int(kinds[j])} == {1, 3} for i, j in edges)
    return kinds, a, torch.arange(NODES) < size, torch.tensor(min(bonds, 2))


def draw(count):
    return Graphs(*(torch.stack(part) for part in zip(*(molecule() for _ in range(count)))))


def normalized(a):
    a = a + torch.eye(NODES)
    degree = a.sum(-1)
    return a * degree.rsqrt().unsqueeze(-1) * degree.rsqrt().unsqueeze(-2)


class Convolution(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear, self.own = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, h, a):
        return self.linear(a @ h) + self.own(h)


class GraphNet(nn.Module):
    def __init__(self, dim=32, depth=3):
        super().__init__()
        self.atoms = nn.Embedding(KINDS, dim, padding_idx=0)
        self.convs = nn.ModuleList([Convolution(dim) for _ in range(depth)])
        self.attend = nn.Linear(dim, 1)
        self.head = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, 3))

    def forward(self, graphs):
        degree = graphs.adjacency.sum(-1, keepdim=True)
        a = normalized(graphs.adjacency)
        h = self.atoms(graphs.kinds) + 0.5 * degree
        for conv in self.convs:
            h = F.relu(conv(h, a))
        scores = self.attend(h).masked_fill(~graphs.mask.unsqueeze(-1), -1e9)
        weights = scores.softmax(dim=1)
        total = (h * graphs.mask.unsqueeze(-1)).sum(1) / NODES
        return self.head(torch.cat([(weights * h).sum(1), total], 1))


def pick(graphs, rows):
    return Graphs(*(part[rows] for part in graphs))


def fit(model, graphs, epochs=12):
    optimizer = torch.optim.NAdam(model.parameters(), lr=5e-3)
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(graphs.label)).split(40):
            batch = pick(graphs, rows)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch), batch.label)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch} loss {total / len(graphs.label):.3f}")


def main(seed):
    torch.manual_seed(seed)
    train, test = draw(1200), draw(400)
    model = GraphNet()
    fit(model, train)
    model.eval()
    with torch.no_grad():
        print("score", (model(test).argmax(1) == test.label).float().mean().item())


main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
