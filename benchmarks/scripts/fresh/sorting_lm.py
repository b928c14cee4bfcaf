"""A decoder-only language model on lines such as "dbca=abcd": the letters, then the letters sorted.

The score is the share of the sorted letters that it writes right.
"""
import math
import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
CHARS = "abcdefghijkl="
STOI = {c: i for i, c in enumerate(CHARS)}
LENGTH = 9


def strings(count):
    rows = []
    for _ in range(count):
        picks = torch.randint(0, 12, (4,)).tolist()
        text = [CHARS[i] for i in picks]
        rows.append([STOI[c] for c in [*text, "=", *sorted(text)]])
    return torch.tensor(rows)


class SortModel(nn.Module):
    def __init__(self, d_model=32, nhead=4, layers=2):
        super().__init__()
        self.token = nn.Embedding(len(CHARS), d_model)
        self.position = nn.Parameter(0.1 * torch.randn(LENGTH, d_model))
        layer = nn.TransformerEncoderLayer(
            d_model, nhead, 2 * d_model, dropout=0.0, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(d_model)
        self.to_chars = nn.Linear(d_model, len(CHARS))

    def forward(self, ids):
        size = ids.size(1)
        mask = nn.Transformer.generate_square_subsequent_mask(size)
        h = self.token(ids) * math.sqrt(self.token.embedding_dim) + self.position[:size]
        h = self.blocks(h, mask=mask, is_causal=True)
        return self.to_chars(self.norm(h))


data = strings(3000)
train, test = data[:2500], data[2500:]
model = SortModel()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.98), weight_decay=0.01)
total_steps = 8 * 50
warm_up = 20
scheduler = torch.optim.lr_scheduler.SequentialLR(
    optimizer,
    [
        torch.optim.lr_scheduler.LinearLR(optimizer, 0.05, total_iters=warm_up),
        torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=total_steps - warm_up),
    ],
    milestones=[warm_up],
)
ce = nn.CrossEntropyLoss()

for epoch in range(8):
    model.train()
    for batch in train[torch.randperm(len(train))].split(50):
        inputs, targets = batch[:, :-1], batch[:, 1:]
        logits = model(inputs)
        # only the sorted letters are scored: those before them cannot be told
        loss = ce(logits[:, 4:].reshape(-1, len(CHARS)), targets[:, 4:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        scheduler.step()
    print("epoch", epoch, "loss", loss.item())

model.eval()
known = test[:, :5]
with torch.no_grad():
    while known.size(1) < LENGTH:
        known = torch.cat([known, model(known)[:, -1:].argmax(-1)], dim=1)
print("score", (known[:, 5:] == test[:, 5:]).float().mean().item())
