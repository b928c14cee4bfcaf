"""Prices of houses from a table; the newest sales, of larger houses, are the test. Score: r2."""
import argparse
import copy

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn


def sales(n, rng):
    year = np.sort(rng.uniform(1990, 2020, n))
    area = rng.normal(90 + 1.2 * (year - 1990), 20, n).clip(30)
    rooms = np.round(area / 25 + rng.normal(0, 0.7, n)).clip(1)
    distance = rng.exponential(6, n)
    garden = rng.uniform(0, 800, n)
    price = (
        2200 * area * np.exp(-distance / 15)
        + 60 * garden
        + 12_000 * np.sin(rooms)
        + 20_000 * (area > 100)
        + rng.normal(0, 8000, n)
    )
    table = np.stack([area, rooms, distance, garden], 1)
    return table, price


def get_args():
    ap = argparse.ArgumentParser()
    ap.add_argument("seed", nargs="?", type=int, default=0)
    ap.add_argument("--hidden", type=int, default=48)
    ap.add_argument("--lr", type=float, default=0.02)
    ap.add_argument("--weight-decay", type=float, default=1e-5)
    ap.add_argument("--epochs", type=int, default=30)
    ap.add_argument("--patience", type=int, default=8)
    return ap.parse_args()


def main(args):
    rng = np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    table, price = sales(2000, rng)
    new = np.arange(2000) >= 1600
    val = ~new & (rng.random(2000) < 0.15)
    old = ~new & ~val
    scaler_x, scaler_y = StandardScaler().fit(table[old]), StandardScaler().fit(price[old, None])

    def rows(mask):
        x = torch.tensor(scaler_x.transform(table[mask]), dtype=torch.float32)
        y = torch.tensor(scaler_y.transform(price[mask, None]), dtype=torch.float32)
        return x, y

    (x_train, y_train), (x_val, y_val) = rows(old), rows(val)
    x_test, _ = rows(new)
    model = nn.Sequential(
        nn.Linear(4, args.hidden), nn.ReLU(),
        nn.Linear(args.hidden, args.hidden), nn.ReLU(),
        nn.Linear(args.hidden, 1),
    )
    optimizer = torch.optim.SGD(
        model.parameters(), lr=args.lr, momentum=0.9, weight_decay=args.weight_decay
    )
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.2, patience=1)
    mse = nn.MSELoss()
    best, best_state, waited = float("inf"), copy.deepcopy(model.state_dict()), 0
    for epoch in range(args.epochs):
        model.train()
        for rows_of_batch in torch.randperm(len(x_train)).split(32):
            optimizer.zero_grad()
            loss = mse(model(x_train[rows_of_batch]), y_train[rows_of_batch])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val_loss = mse(model(x_val), y_val).item()
        plateau.step(val_loss)
        if val_loss < best:
            best, best_state, waited = val_loss, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited > args.patience:
                break
    print("stopped after", epoch + 1, "epochs; best validation loss", best)
    model.load_state_dict(best_state)
    with torch.no_grad():
        predicted = scaler_y.inverse_transform(model(x_test).numpy())
    print("score", 1 - np.mean((price[new] - predicted[:, 0]) ** 2) / price[new].var())


if __name__ == "__main__":
    main(get_args())
