"""Commands as words: which of two devices is named first, and what shall happen to it."""
import random
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader

DEVICES = ["lamp", "heater", "radio", "door"]
VERBS = ["start", "stop"]
FILLER = "please could you the a in my now kitchen hall then also maybe quickly and".split()
VOCAB = {w: i for i, w in enumerate(DEVICES + VERBS + FILLER)}
LENGTH = 12


def sentence(rnd):
    words = [rnd.choice(FILLER) for _ in range(LENGTH)]
    first, second, verb = sorted(rnd.sample(range(LENGTH), 2)) + [None]
    a, b = rnd.sample(range(len(DEVICES)), 2)
    words[first], words[second] = DEVICES[a], DEVICES[b]
    verb = rnd.choice([i for i in range(LENGTH) if i not in (first, second)])
    v = rnd.randrange(2)
    words[verb] = VERBS[v]
    return [VOCAB[w] for w in words], a * 2 + v


class IntentLSTM(nn.Module):
    def __init__(self, n_hidden=32, n_class=2 * len(DEVICES)):
        super().__init__()
        self.n_hidden = n_hidden
        self.embedding = nn.Embedding(len(VOCAB), 24)
        self.lstm = nn.LSTM(24, n_hidden, bidirectional=True, batch_first=True)
        self.out = nn.Linear(2 * n_hidden, n_class)

    def forward(self, ids):
        x = F.dropout(self.embedding(ids), 0.3, self.training)
        output, (h_n, _) = self.lstm(x)
        final = h_n.transpose(0, 1).reshape(-1, 2 * self.n_hidden)
        return self.out(final)


def collate(batch):
    ids, labels = zip(*batch)
    return torch.tensor(ids), torch.tensor(labels)


def train_epoch(net, loader, optimizer, loss_fn):
    net.train()
    losses = []
    for ids, labels in loader:
        optimizer.zero_grad()
        logits = net(ids)
        loss = loss_fn(logits, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@torch.no_grad()
def test(net, loader):
    net.eval()
    hits = [(net(ids).argmax(1) == labels).float() for ids, labels in loader]
    return torch.cat(hits).mean().item()


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    rnd = random.Random(seed)
    torch.manual_seed(seed)
    data = [sentence(rnd) for _ in range(2400)]
    train_loader = DataLoader(data[:2000], batch_size=40, shuffle=True, collate_fn=collate)
    test_loader = DataLoader(data[2000:], batch_size=100, collate_fn=collate)
    net = IntentLSTM()
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    for epoch in range(1, 4):
        loss = train_epoch(net, train_loader, optimizer, loss_fn)
        print("epoch", epoch, "loss", loss, "test", test(net, test_loader))
    print("score", test(net, test_loader))


main()
