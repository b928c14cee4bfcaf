"""A transformer that tags the tokens of sequences of different lengths.

Each token's tag depends on itself and on the first token of its sequence.
"""
import argparse
import math

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

PAD, VOCAB, TAGS, LONGEST = 0, 13, 4, 14


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=5000):
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        div = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div)
        pe[0, :, 1::2] = torch.cos(position * div)
        self.register_buffer("pe", pe)

    def forward(self, x):
        return x + self.pe[:, :x.size(1)]


class Tagger(nn.Module):
    def __init__(self, d_model=48, heads=4, layers=2):
        super().__init__()
        self.d_model = d_model
        self.embed = nn.Embedding(VOCAB, d_model, padding_idx=PAD)
        nn.init.normal_(self.embed.weight, std=d_model ** -0.5)
        self.position = PositionalEncoding(d_model)
        layer = nn.TransformerEncoderLayer(d_model, heads, 96, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.decode = nn.Linear(d_model, TAGS + 1)

    def forward(self, tokens):
        mask = tokens == PAD
        x = self.position(self.embed(tokens) * math.sqrt(self.d_model))
        x = self.encoder(x, src_key_padding_mask=mask)
        return self.decode(x)


def make(n, generator):
    sentences, tags = [], []
    for _ in range(n):
        size = int(torch.randint(3, LONGEST, (1,), generator=generator))
        s = torch.randint(1, VOCAB, (size,), generator=generator)
        sentences.append(s)
        tags.append(1 + 2 * (s % 2) + (s[0] > VOCAB // 2).long())
    filler = torch.zeros(LONGEST, dtype=torch.long)
    return (pad_sequence([*sentences, filler], batch_first=True)[:n],
            pad_sequence([*tags, filler], batch_first=True)[:n])


def noam(step, warmup):
    step = max(step, 1)
    return min(step / warmup, (warmup / step) ** 0.5)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        guess = model(x)[..., 1:].argmax(-1) + 1
    real = y != PAD
    return (guess == y)[real].float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=60)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    g = torch.Generator().manual_seed(args.seed)
    x_train, y_train = make(1700, g)
    x_test, y_test = make(400, g)

    model = Tagger()
    criterion = nn.CrossEntropyLoss(ignore_index=PAD)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.98))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: noam(k, args.warmup))
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(x_train)).split(64):
            logits = model(x_train[rows])
            loss = criterion(logits.reshape(-1, TAGS + 1), y_train[rows].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        print(f"{epoch}: {total / len(x_train):.3f} {accuracy(model, x_test, y_test):.3f}")
    print("score", accuracy(model, x_test, y_test))
