"""Sequences of different lengths: which of two marks came first? GRU on packed sequences."""
import argparse

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("seed", type=int, nargs="?", default=0)
parser.add_argument("--epochs", type=int, default=8)
args = parser.parse_args()
torch.manual_seed(args.seed)


class Marks(Dataset):
    def __init__(self, size):
        self.items = []
        for _ in range(size):
            length = int(torch.randint(8, 20, ()))
            tokens = torch.randint(3, 12, (length,))
            first, second = torch.randperm(length)[:2].sort().values
            label = int(torch.randint(0, 2, ()))
            tokens[first], tokens[second] = 1 + label, 2 - label
            self.items.append((tokens, label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        tokens, label = self.items[i]
        return {"tokens": tokens, "label": label}


def collate(samples):
    tokens = [s["tokens"] for s in samples]
    return {
        "tokens": pad_sequence(tokens, batch_first=True),
        "lengths": torch.tensor([len(t) for t in tokens]),
        "label": torch.tensor([s["label"] for s in samples]),
    }


class SequenceClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 16, padding_idx=0)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, batch):
        packed = pack_padded_sequence(
            self.embed(batch["tokens"]), batch["lengths"], batch_first=True, enforce_sorted=False
        )
        _, h = self.gru(packed)
        return self.out(h[-1])


train = DataLoader(Marks(1500), batch_size=50, shuffle=True, collate_fn=collate)
valid = DataLoader(Marks(500), batch_size=100, collate_fn=collate)
model = SequenceClassifier()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)

for epoch in range(args.epochs):
    model.train()
    for batch in train:
        optimizer.zero_grad()
        logits = model(batch)
        loss = criterion(logits, batch["label"].float().unsqueeze(1))
        loss.backward()
        optimizer.step()
    model.eval()
    val_loss, hits = 0.0, 0
    with torch.no_grad():
        for batch in valid:
            logits = model(batch)
            val_loss += criterion(logits, batch["label"].float().unsqueeze(1)).item()
            hits += ((logits.squeeze(1) > 0) == batch["label"].bool()).sum().item()
    plateau.step(val_loss)
    print(f"epoch {epoch:2d} val loss {val_loss / len(valid):.4f} acc {hits / 500:.3f}")
print("score", hits / 500)
