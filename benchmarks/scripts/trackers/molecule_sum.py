"""Message passing on batches of random graphs: a property of the whole graph is predicted."""
import sys

import numpy as np
import torch
from torch import nn

TYPES = 5


def random_graph(rng):
    n = int(rng.integers(8, 15))
    atoms = rng.integers(TYPES, size=n)
    edges = {(int(rng.integers(i)), i) for i in range(1, n)}
    for _ in range(int(rng.integers(2, 8))):
        i, j = sorted(rng.choice(n, 2, replace=False))
        edges.add((int(i), int(j)))
    polarity = np.array([0.0, 1.0, -1.0, 0.5, 2.0])[atoms]
    value = sum(polarity[i] * polarity[j] for i, j in edges) / len(edges) + 0.5 * polarity.mean()
    return atoms, np.array(sorted(edges)), value


class Batch:
    """Several graphs as one, with the number of its graph for each node."""

    def __init__(self, graphs):
        nodes, source, target, graph, shift = [], [], [], [], 0
        for k, (atoms, edges, _) in enumerate(graphs):
            nodes.append(atoms)
            source += [edges[:, 0] + shift, edges[:, 1] + shift]
            target += [edges[:, 1] + shift, edges[:, 0] + shift]
            graph.append(np.full(len(atoms), k))
            shift += len(atoms)
        self.atoms = torch.from_numpy(np.concatenate(nodes))
        self.edges = torch.from_numpy(np.stack([np.concatenate(source), np.concatenate(target)]))
        self.graph = torch.from_numpy(np.concatenate(graph))
        self.y = torch.tensor([value for _, _, value in graphs], dtype=torch.float32)


class GraphLayer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.message = nn.Linear(2 * width, width)
        self.update = nn.Linear(2 * width, width)

    def forward(self, h, edges):
        source, target = edges
        message = torch.relu(self.message(torch.cat([h[source], h[target]], dim=1)))
        received = torch.zeros_like(h).index_add(0, target, message)
        degree = torch.zeros(len(h)).index_add(0, target, torch.ones(len(target)))
        received = received / degree.clamp(min=1).unsqueeze(1)
        return torch.relu(self.update(torch.cat([h, received], dim=1)))


class GraphNet(nn.Module):
    def __init__(self, width=40, depth=3):
        super().__init__()
        self.embed = nn.Embedding(TYPES, width)
        self.layers = nn.ModuleList([GraphLayer(width) for _ in range(depth)])
        self.readout = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, batch):
        h = self.embed(batch.atoms)
        for layer in self.layers:
            h = h + layer(h, batch.edges)
        n = int(batch.graph.max()) + 1
        pooled = torch.zeros(n, h.shape[1]).index_add(0, batch.graph, h)
        sizes = torch.bincount(batch.graph, minlength=n).unsqueeze(1)
        return self.readout(pooled / sizes).squeeze(-1)


def batches(graphs, size, order):
    for start in range(0, len(order), size):
        yield Batch([graphs[i] for i in order[start:start + size]])


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
graphs = [random_graph(rng) for _ in range(1500)]
train, test = graphs[:1200], graphs[1200:]
mean = np.mean([value for _, _, value in train])
std = np.std([value for _, _, value in train])
train = [(a, e, (value - mean) / std) for a, e, value in train]

model = GraphNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)
loss_fn = nn.MSELoss()
for epoch in range(9):
    model.train()
    losses = []
    for batch in batches(train, 32, rng.permutation(len(train))):
        optimizer.zero_grad()
        loss = loss_fn(model(batch), batch.y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    print(epoch, np.mean(losses))

model.eval()
whole = Batch(test)
with torch.no_grad():
    prediction = model(whole).view(-1) * std + mean
residual = ((prediction - whole.y) ** 2).mean() / whole.y.var()
print("score", 1 - residual.item())
