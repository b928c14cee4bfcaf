"""An estimator with fit and predict_proba around a network, for binary tables."""
import sys

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn


class NetClassifier(BaseEstimator, ClassifierMixin):
    def __init__(self, hidden=(48, 24), lr=0.005, n_epochs=15, batch_size=64, alpha=1e-4, random_state=0):
        self.hidden = hidden
        self.lr = lr
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.alpha = alpha
        self.random_state = random_state

    def _make(self, n_features):
        widths, layers = [n_features, *self.hidden], []
        for i in range(len(widths) - 1):
            layers.append(nn.Linear(widths[i], widths[i + 1]))
            layers.append(nn.ReLU())
        layers.append(nn.Linear(widths[-1], 1))
        return nn.Sequential(*layers)

    def fit(self, X, y):
        torch.manual_seed(self.random_state)
        self.scaler_ = StandardScaler().fit(X)
        Xt = torch.from_numpy(self.scaler_.transform(X).astype(np.float32))
        yt = torch.from_numpy(y.astype(np.float32)).reshape(-1, 1)
        self.net_ = self._make(X.shape[1])
        self.loss_curve_ = []
        loss_fn = nn.BCEWithLogitsLoss()
        optimizer = torch.optim.Adam(self.net_.parameters(), lr=self.lr, weight_decay=self.alpha)
        for _ in range(self.n_epochs):
            order = torch.randperm(len(Xt))
            epoch_loss = 0.0
            for start in range(0, len(Xt), self.batch_size):
                rows = order[start:start + self.batch_size]
                optimizer.zero_grad()
                loss = loss_fn(self.net_(Xt[rows]), yt[rows])
                loss.backward()
                optimizer.step()
                epoch_loss += loss.item() * len(rows)
            self.loss_curve_.append(epoch_loss / len(Xt))
        return self

    def predict_proba(self, X):
        Xt = torch.from_numpy(self.scaler_.transform(X).astype(np.float32))
        with torch.no_grad():
            p = torch.sigmoid(self.net_(Xt)).numpy()
        return np.hstack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    X, y = make_classification(
        n_samples=2000, n_features=20, n_informative=8, n_clusters_per_class=4, class_sep=1.3, random_state=seed
    )
    X = X * np.logspace(0, 3, 20) + 50
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=seed)
    clf = NetClassifier(random_state=seed).fit(X_train, y_train)
    print(clf.loss_curve_)
    print("score", clf.score(X_test, y_test))
