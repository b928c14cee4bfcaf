"""Five networks trained side by side, each with its own optimizer; callbacks log and stop early."""
import sys
import torch
from torch import nn, optim
from sklearn.datasets import load_digits


class Callback:
    def on_epoch_end(self, state): ...


class Printer(Callback):
    def on_epoch_end(self, state):
        print("epoch {epoch}: loss {loss:.4f} val {val:.4f}".format(**state))


class EarlyStopping(Callback):
    def __init__(self, patience):
        self.patience, self.best, self.bad = patience, float("inf"), 0

    def on_epoch_end(self, state):
        if state["val"] < self.best - 1e-4:
            self.best, self.bad = state["val"], 0
        else:
            self.bad += 1
        state["stop"] = self.bad >= self.patience


class Member(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.l1 = nn.Linear(64, hidden)
        self.bn = nn.BatchNorm1d(hidden)
        self.l2 = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.l2(nn.functional.hardswish(self.bn(self.l1(x))))


def train(members, train_set, val_set, callbacks, epochs=8):
    (x, y), (vx, vy) = train_set, val_set
    optimizers = [optim.Adam(m.parameters(), lr=3e-3) for m in members]
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        total = 0.0
        for member, optimizer in zip(members, optimizers):
            member.train()
            for idx in torch.randperm(len(x)).split(64):
                optimizer.zero_grad()
                loss = criterion(member(x[idx]), y[idx])
                loss.backward()
                optimizer.step()
                total += loss.item()
        for member in members:
            member.eval()
        with torch.no_grad():
            val = criterion(torch.stack([m(vx) for m in members]).mean(0), vy).item()
        state = {"epoch": epoch, "loss": total, "val": val, "stop": False}
        for callback in callbacks:
            callback.on_epoch_end(state)
        if state["stop"]:
            break


if __name__ == "__main__":
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    data = load_digits()
    x, y = torch.tensor(data.data, dtype=torch.float32) / 16, torch.tensor(data.target)
    members = nn.ModuleList([Member(h) for h in (24, 32, 32, 40, 48)])
    train(members, (x[:1200], y[:1200]), (x[1200:1400], y[1200:1400]), [Printer(), EarlyStopping(3)])
    with torch.no_grad():
        votes = torch.stack([m(x[1400:]).softmax(1) for m in members]).mean(0)
    print("score", (votes.argmax(1) == y[1400:]).float().mean().item())
