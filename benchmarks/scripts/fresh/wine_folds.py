"""Cross-validation on the wines: a fresh network per fold, everything nested in one function."""
import sys

import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from torch import nn


def cross_validate(seed, folds=4, epochs=12, lr=0.05):
    bunch = load_wine()
    features = torch.tensor(bunch.data, dtype=torch.float32)
    classes = torch.tensor(bunch.target)

    def scaler(rows):
        mean, std = features[rows].mean(0), features[rows].std(0)
        return lambda those: (features[those] - mean) / std

    def new_net():
        net = nn.Sequential(
            nn.Linear(13, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3)
        )
        nn.init.xavier_normal_(net[0].weight)
        return net

    def weights(rows):
        counts = torch.bincount(classes[rows], minlength=3).float()
        return counts.sum() / (3 * counts)

    def train_fold(rows):
        scaled = scaler(rows)
        net = new_net()
        criterion = nn.CrossEntropyLoss(weight=weights(rows))
        opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
        sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)
        for _ in range(epochs):
            net.train()
            for ids in rows[torch.randperm(len(rows))].split(27):
                opt.zero_grad()
                loss = criterion(net(scaled(ids)), classes[ids])
                loss.backward()
                nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                opt.step()
            sched.step()
        return net, scaled

    def test_fold(net, scaled, rows):
        net.eval()
        with torch.no_grad():
            return (net(scaled(rows)).argmax(1) == classes[rows]).float().mean().item()

    scores = []
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for k, (fit_rows, test_rows) in enumerate(splitter.split(bunch.data, bunch.target)):
        net, scaled = train_fold(torch.from_numpy(fit_rows))
        scores.append(test_fold(net, scaled, torch.from_numpy(test_rows)))
        print(f"fold {k}: {scores[-1]:.3f}")
    return sum(scores) / len(scores)


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    print("score", cross_validate(seed))
