"""Deep residual MLP with activation checkpointing; an average of the weights is evaluated."""
import copy
import sys

import torch
from sklearn.datasets import make_classification
from torch import nn
from torch.utils.checkpoint import checkpoint

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(SEED)
features, classes = make_classification(
    2000, 30, n_informative=12, n_redundant=4, n_classes=5, n_clusters_per_class=2, class_sep=1.6, random_state=SEED
)
features = torch.as_tensor(features, dtype=torch.float32)
features = (features - features[:1500].mean(0)) / features[:1500].std(0)
classes = torch.as_tensor(classes)


class ResidualLayer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, 2 * dim)
        self.down = nn.Linear(2 * dim, dim)

    def forward(self, x):
        return x + self.down(torch.nn.functional.gelu(self.up(self.norm(x))))


class Deep(nn.Module):
    def __init__(self, dim=32, layers=5):
        super().__init__()
        self.embed = nn.Linear(30, dim)
        self.layers = nn.ModuleList([ResidualLayer(dim) for _ in range(layers)])
        self.classify = nn.Linear(dim, 5)

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = checkpoint(layer, x, use_reentrant=False) if self.training else layer(x)
        return self.classify(x)


@torch.no_grad()
def update_average(average, model, decay):
    for a, p in zip(average.parameters(), model.parameters()):
        a.lerp_(p, 1 - decay)


model = Deep()
average = copy.deepcopy(model).requires_grad_(False)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    model.train()
    for batch in torch.randperm(1500).split(50):
        optimizer.zero_grad()
        loss = criterion(model(features[batch]), classes[batch])
        loss.backward()
        optimizer.step()
        update_average(average, model, 0.95)
    print(epoch, loss.item())

average.eval()
with torch.no_grad():
    print("score", (average(features[1500:]).argmax(1) == classes[1500:]).float().mean().item())
