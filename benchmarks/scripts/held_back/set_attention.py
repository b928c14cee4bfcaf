"""Counts the distinct symbols of a set by attention pooling; batches are dicts from an iterable."""
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset


class Sets(IterableDataset):
    def __init__(self, steps, batch):
        self.steps, self.batch = steps, batch

    def __iter__(self):
        for _ in range(self.steps):
            kinds = torch.randint(1, 7, (self.batch, 1))
            symbols = (torch.rand(self.batch, 12) * kinds).long()
            offset = torch.randint(0, 10, (self.batch, 1))
            symbols = (symbols + offset) % 10
            distinct = nn.functional.one_hot(symbols, 10).amax(1).sum(1)
            yield {"input": symbols, "target": distinct - 1}


class SetModel(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.embed = nn.Embedding(10, dim)
        self.mix = nn.TransformerEncoderLayer(dim, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.queries = nn.Parameter(torch.randn(4, dim) * 0.3)
        self.pool = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.out = nn.Sequential(nn.Linear(4 * dim, 64), nn.ReLU(), nn.Linear(64, 6))

    def forward(self, input):
        items = self.mix(self.embed(input))
        q = self.queries.unsqueeze(0).expand(len(items), -1, -1)
        pooled, _ = self.pool(q, items, items)
        return self.out(pooled.flatten(1))


def to_device(batch, device):
    return {k: v.to(device) for k, v in batch.items()}


torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
device = "cpu"
loader = DataLoader(Sets(450, 64), batch_size=None)
model = SetModel().to(device)
optimizer = torch.optim.RAdam(model.parameters(), lr=4e-3)
criterion = nn.CrossEntropyLoss()
history = []
for batch in loader:
    batch = to_device(batch, device)
    logits = model(batch["input"])
    loss = criterion(logits, batch["target"])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    history.append(loss.item())
    if len(history) % 90 == 0:
        print(len(history), sum(history[-90:]) / 90)

model.eval()
hits = []
with torch.no_grad():
    for batch in DataLoader(Sets(5, 100), batch_size=None):
        hits.append((model(batch["input"]).argmax(1) == batch["target"]).float().mean())
print("score", torch.stack(hits).mean().item())
