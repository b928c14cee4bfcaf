"""A teacher is trained, then a smaller student learns from its softened answers and few labels."""
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset

TEMPERATURE, ALPHA = 3.0, 0.8


def get_data(seed):
    X, y = make_classification(3000, 24, n_informative=10, n_classes=6, n_clusters_per_class=2, class_sep=1.7, random_state=seed)
    X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
    return X, torch.tensor(y)


def mlp(*sizes):
    layers = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        layers.append(nn.Linear(a, b))
        if i < len(sizes) - 2:
            layers += [nn.BatchNorm1d(b), nn.Mish()]
    return nn.Sequential(*layers)


def train_teacher(teacher, loader):
    opt = torch.optim.Adam(teacher.parameters(), lr=3e-3)
    for _ in range(6):
        teacher.train()
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(teacher(x), y).backward()
            opt.step()


def distill(teacher, student, loader):
    teacher.eval()
    for p in teacher.parameters():
        p.requires_grad_(False)
    opt = torch.optim.Adam(student.parameters(), lr=5e-3)
    for epoch in range(10):
        student.train()
        for x, y in loader:
            with torch.no_grad():
                soft = F.softmax(teacher(x) / TEMPERATURE, dim=1)
            logits = student(x)
            kd = F.kl_div(F.log_softmax(logits / TEMPERATURE, dim=1), soft, reduction="batchmean") * TEMPERATURE ** 2
            loss = ALPHA * kd + (1 - ALPHA) * F.cross_entropy(logits, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print("epoch", epoch, "loss", round(loss.item(), 4))


def accuracy(model, X, y):
    model.eval()
    with torch.no_grad():
        return (model(X).argmax(1) == y).float().mean().item()


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    X, y = get_data(seed)
    loader = DataLoader(TensorDataset(X[:2400], y[:2400]), batch_size=60, shuffle=True)
    teacher, student = mlp(24, 96, 96, 6), mlp(24, 24, 6)
    train_teacher(teacher, loader)
    print("teacher", accuracy(teacher, X[2400:], y[2400:]))
    distill(teacher, student, loader)
    print("score", accuracy(student, X[2400:], y[2400:]))


main()
