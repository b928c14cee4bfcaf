# -*- coding: utf-8 -*-
"""Sequence tagging: within each bracket or not? A bidirectional LSTM, padding ignored, callbacks."""
import sys

import torch
import torch.nn as nn
import torch.optim as optim
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, OPEN, CLOSE, WORDS = 0, 1, 2, 12
IGNORE = -100


class Callback:
    def on_epoch_end(self, trainer, logs):
        pass


class PrintLogs(Callback):
    def on_epoch_end(self, trainer, logs):
        print(" ".join(f"{k}={v:.4f}" for k, v in logs.items()))


class ReduceOnPlateau(Callback):
    def __init__(self, monitor="val_loss", factor=0.5, patience=1):
        self.monitor, self.factor, self.patience = monitor, factor, patience
        self.best, self.wait = float("inf"), 0

    def on_epoch_end(self, trainer, logs):
        if logs[self.monitor] < self.best:
            self.best, self.wait = logs[self.monitor], 0
            return
        self.wait += 1
        if self.wait > self.patience:
            self.wait = 0
            for group in trainer.optimizer.param_groups:
                group["lr"] *= self.factor


class Trainer:
    def __init__(self, model, optimizer, criterion, callbacks=()):
        self.model = model
        self.optimizer = optimizer
        self.criterion = criterion
        self.callbacks = list(callbacks)

    def loss(self, tokens, lengths, tags):
        scores = self.model(tokens, lengths)
        return self.criterion(scores.transpose(1, 2), tags), scores

    def fit(self, train, valid, epochs, batch_size):
        for epoch in range(epochs):
            self.model.train()
            total = 0.
            starts = torch.arange(0, len(train), batch_size)
            for start in starts[torch.randperm(len(starts))]:
                tokens, lengths, tags = collate(train[start:start + batch_size])
                self.optimizer.zero_grad()
                loss, _ = self.loss(tokens, lengths, tags)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            logs = {"epoch": epoch, "loss": total / len(starts), **self.evaluate(valid)}
            for callback in self.callbacks:
                callback.on_epoch_end(self, logs)
        return logs

    def evaluate(self, items):
        self.model.eval()
        tokens, lengths, tags = collate(items)
        with torch.no_grad():
            loss, scores = self.loss(tokens, lengths, tags)
        real = tags != IGNORE
        per_class = [(scores.argmax(-1)[real & (tags == c)] == c).float().mean() for c in range(3)]
        return {"val_loss": loss.item(), "val_acc": sum(per_class).item() / 3}


class BiLSTMTagger(nn.Module):
    def __init__(self, emb=16, hidden=24, tags=3):
        super(BiLSTMTagger, self).__init__()
        self.emb = nn.Embedding(WORDS, emb, padding_idx=PAD)
        self.lstm = nn.LSTM(emb, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(2 * hidden, tags)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.emb(tokens), lengths, batch_first=True, enforce_sorted=False)
        out, _ = self.lstm(packed)
        out, _ = pad_packed_sequence(out, batch_first=True)
        return self.fc(self.drop(out))


def sentence():
    length = int(torch.randint(8, 16, ()))
    words = torch.randint(3, WORDS, (length,))
    a, b = torch.randperm(length)[:2].sort().values.tolist()
    words[a], words[b] = OPEN, CLOSE
    tags = torch.zeros(length, dtype=torch.long)
    # inside: 1 before the middle of the bracket, 2 from there on
    tags[a:b + 1] = 2
    tags[a:(a + b) // 2 + 1] = 1
    return words, tags


def collate(items):
    lengths = torch.tensor([len(w) for w, _ in items])
    tokens = pad_sequence([w for w, _ in items], batch_first=True, padding_value=PAD)
    tags = pad_sequence([t for _, t in items], batch_first=True, padding_value=IGNORE)
    return tokens, lengths, tags


if __name__ == "__main__":
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    train, valid = [sentence() for _ in range(1000)], [sentence() for _ in range(300)]
    net = BiLSTMTagger()
    trainer = Trainer(
        net,
        optim.NAdam(net.parameters(), lr=0.008),
        nn.CrossEntropyLoss(ignore_index=IGNORE),
        [ReduceOnPlateau(), PrintLogs()],
    )
    history = trainer.fit(train, valid, epochs=4, batch_size=40)
    print("score", history["val_acc"])
