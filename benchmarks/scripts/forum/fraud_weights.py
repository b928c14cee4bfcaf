"""Payments: honest, two rare kinds of fraud; weighted by class. Score: balanced accuracy, 0 by chance."""
import sys

import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class FraudModel:
    """An estimator: fit and predict."""

    def __init__(self, n_features, n_classes, hidden=64, lr=3e-3, epochs=8):
        self.net = nn.Sequential(
            nn.Linear(n_features, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, n_classes),
        )
        self.n_classes, self.lr, self.epochs = n_classes, lr, epochs

    def fit(self, x, y):
        self.mean, self.std = x.mean(0), x.std(0)
        counts = np.bincount(y, minlength=self.n_classes)
        weights = len(y) / (self.n_classes * counts)
        criterion = nn.CrossEntropyLoss(weight=torch.tensor(weights, dtype=torch.float32))
        optimizer = torch.optim.RMSprop(self.net.parameters(), lr=self.lr, weight_decay=1e-4)
        data = TensorDataset(self.prepare(x), torch.tensor(y))
        loader = DataLoader(data, batch_size=64, shuffle=True)
        self.net.train()
        for epoch in range(self.epochs):
            for xb, yb in loader:
                loss = criterion(self.net(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            print("epoch", epoch, "last loss", round(loss.item(), 4))
        return self

    def prepare(self, x):
        return torch.tensor((x - self.mean) / self.std, dtype=torch.float32)

    @torch.no_grad()
    def predict(self, x):
        self.net.eval()
        return self.net(self.prepare(x)).argmax(dim=1).numpy()


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    x, y = make_classification(
        6000, 12, n_informative=6, n_redundant=2, n_classes=3, weights=[0.92, 0.05],
        class_sep=1.6, flip_y=0.005, random_state=seed,
    )
    x = 50 + 30 * x
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.4, stratify=y, random_state=seed)
    model = FraudModel(12, 3).fit(x_train, y_train)
    accuracy = balanced_accuracy_score(y_test, model.predict(x_test))
    print("score", (accuracy - 1 / 3) * 1.5)
