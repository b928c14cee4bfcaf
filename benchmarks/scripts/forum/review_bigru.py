"""Reviews, good or bad: words of several moods, "not" turns the next one round; padded and packed."""
import random
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)

GOOD = [f"good{i}" for i in range(12)]
BAD = [f"bad{i}" for i in range(12)]
PLAIN = [f"plain{i}" for i in range(40)]
VOCAB = {word: i + 1 for i, word in enumerate(["not", *GOOD, *BAD, *PLAIN])}  # 0 is padding


def write_review():
    mood, words = 0, []
    for _ in range(random.randint(1, 3)):
        words += random.choices(PLAIN, k=random.randint(1, 4))
        good = random.random() < 0.5
        turned = random.random() < 0.4
        words += (["not"] if turned else []) + [random.choice(GOOD if good else BAD)]
        mood += 1 if good != turned else -1
    words += random.choices(PLAIN, k=random.randint(0, 3))
    if mood == 0:
        return write_review()
    return torch.tensor([VOCAB[w] for w in words]), float(mood > 0)


class Sentiment(nn.Module):
    def __init__(self, dim=16, hidden=24):
        super().__init__()
        self.embed = nn.Embedding(len(VOCAB) + 1, dim, padding_idx=0)
        self.gru = nn.GRU(dim, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, 1)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.embed(ids), lengths, batch_first=True, enforce_sorted=False)
        states, last = self.gru(packed)
        text = torch.cat([last[0], last[1]], dim=1)
        return self.out(text).squeeze(1)


def batches(reviews, size):
    random.shuffle(reviews)
    for i in range(0, len(reviews), size):
        ids, moods = zip(*reviews[i : i + size])
        yield pad_sequence(ids, batch_first=True), torch.tensor([len(r) for r in ids]), torch.tensor(moods)


train_reviews = [write_review() for _ in range(1200)]
test_reviews = [write_review() for _ in range(400)]
model = Sentiment()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(6):
    model.train()
    total = 0.0
    for ids, lengths, moods in batches(train_reviews, 30):
        logits = model(ids, lengths)
        loss = criterion(logits, moods)
        model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
    print("epoch", epoch, "loss", total / 40)

model.eval()
hits = []
with torch.no_grad():
    for ids, lengths, moods in batches(test_reviews, 100):
        hits.append(((model(ids, lengths) > 0) == (moods > 0.5)).float())
print("score", torch.cat(hits).mean().item())
