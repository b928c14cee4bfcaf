"""Data of programs from GitHub, drawn anew."""

import numpy as np


def life(n=1500, size=8, seed=0):
    """Boards of the game of life [1, size, size], and what becomes of them, flat."""
    x = (np.random.default_rng(seed).random((n, size, size)) < 0.4).astype("float32")
    round_ = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    near = sum(
        round_[:, 1 + a : 1 + a + size, 1 + b : 1 + b + size]
        for a in (-1, 0, 1)
        for b in (-1, 0, 1)
        if a or b
    )
    y = ((near == 3) | ((x == 1) & (near == 2))).astype("float32")
    return {"train": (x[:, None], y.reshape(n, -1)), "task": "regression"}


def faces(n=1000, size=16, seed=0):
    """Grey pictures with two dark eyes and a mouth, and the places of all three in -1..1."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    middle = size / 2 + rng.normal(0, 1.2, (n, 2))
    gap = rng.uniform(2.2, 3.8, n)
    places = np.stack([
        middle + np.stack([-2.2 + 0 * gap, -gap], 1), middle + np.stack([-2.2 + 0 * gap, gap], 1),
        middle + np.stack([3.0 + 0 * gap, 0 * gap], 1),
    ], 1)  # fmt: skip
    x = np.full((n, size, size), 0.7)
    for k in range(3):
        r0, c0 = places[:, k, 0, None, None], places[:, k, 1, None, None]
        x -= 0.5 * np.exp(-((rows - r0) ** 2 + (columns - c0) ** 2) / 3)
    x += 0.05 * rng.normal(size=x.shape)
    y = (places.reshape(n, 6) - size / 2) / (size / 2)
    return {"train": (x.reshape(n, -1).astype("float32"), y.astype("float32")),
            "task": "regression"}  # fmt: skip


def prices(n=1200, seed=0):
    """Standardized facts about houses, and prices around a million."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 12))
    y = 1e6 + 3e5 * x[:, 0] + 1.5e5 * x[:, 1] * (x[:, 2] > 0) + 1e5 * x[:, 3:7].sum(1)
    y = y + 5e4 * rng.normal(size=n)
    return {"train": (x.astype("float32"), y[:, None].astype("float32")), "task": "regression"}


def reviews(n=1500, words=1000, seed=0):
    """Which of a thousand words a review has; a few of them tell praise from blame."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    often = rng.beta(0.4, 6.0, words)
    lean = np.zeros(words)
    lean[rng.permutation(words)[:200]] = rng.normal(0, 0.8, 200)
    shares = often * np.exp(np.where(y[:, None] == 1, 1, -1) * lean)
    x = rng.random((n, words)) < shares.clip(0, 0.95)
    return {"train": (x.astype("float32"), y.astype("int64"))}
