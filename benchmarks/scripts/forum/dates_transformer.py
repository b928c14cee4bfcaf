"""Dates such as "7 mar 85" written as "85-03-07" by an encoder and a decoder.

The score is the share of the characters that greedy decoding gets right.
"""
import math
import sys

import torch
import torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
g = torch.Generator().manual_seed(seed)
torch.manual_seed(seed)

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
PAD, BOS = "_", "^"
CHARS = [PAD, BOS, *sorted(set("".join(MONTHS)) | set("0123456789- "))]
INDEX = {c: i for i, c in enumerate(CHARS)}
SOURCE_LENGTH, TARGET_LENGTH = 9, 8


def pair():
    day, month, year = (int(torch.randint(1, n + 1, (), generator=g)) for n in (28, 12, 99))
    source = f"{day} {MONTHS[month - 1]} {year:02d}".ljust(SOURCE_LENGTH, PAD)
    target = BOS + f"{year:02d}-{month:02d}-{day:02d}"
    return [INDEX[c] for c in source], [INDEX[c] for c in target]


def dataset(count):
    sources, targets = zip(*(pair() for _ in range(count)))
    return torch.tensor(sources), torch.tensor(targets)


class Positions(nn.Module):
    def __init__(self, dim, length=32):
        super().__init__()
        at = torch.arange(length)[:, None] * torch.exp(torch.arange(0, dim, 2) * (-math.log(1000.0) / dim))
        self.register_buffer("table", torch.stack([at.sin(), at.cos()], dim=2).flatten(1))

    def forward(self, x):
        return x + self.table[: x.size(1)]


class Translator(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.dim = dim
        self.embed = nn.Embedding(len(CHARS), dim)
        self.positions = Positions(dim)
        self.body = nn.Transformer(
            dim, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=64,
            dropout=0.0, batch_first=True, norm_first=True,
        )
        self.generator = nn.Linear(dim, len(CHARS))

    def forward(self, source, target):
        s = self.positions(self.embed(source) * math.sqrt(self.dim))
        t = self.positions(self.embed(target) * math.sqrt(self.dim))
        causal = self.body.generate_square_subsequent_mask(target.size(1))
        padding = source == INDEX[PAD]
        h = self.body(s, t, tgt_mask=causal, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        return self.generator(h)


def greedy(model, source):
    known = torch.full((len(source), 1), INDEX[BOS])
    for _ in range(TARGET_LENGTH):
        known = torch.cat([known, model(source, known)[:, -1].argmax(-1, keepdim=True)], 1)
    return known[:, 1:]


train_source, train_target = dataset(2000)
test_source, test_target = dataset(200)
model = Translator()
for p in model.body.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.98))
warm_up, steps = 30, 320
scheduler = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: min((step + 1) / warm_up, (steps - step) / (steps - warm_up))
)
cross_entropy = nn.CrossEntropyLoss(label_smoothing=0.05)
done = 0
while done < steps:
    for rows in torch.randperm(2000).split(50):
        target = train_target[rows]
        scores = model(train_source[rows], target[:, :-1])
        loss = cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        done += 1
    print("steps", done, "loss", loss.item())

model.eval()
with torch.no_grad():
    right = greedy(model, test_source) == test_target[:, 1:]
print("score", right.float().mean().item())
