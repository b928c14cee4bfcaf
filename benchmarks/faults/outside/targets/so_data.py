"""Data of programs that were asked about on Stack Overflow, drawn anew from what they tell."""

import numpy as np


def classes(x, y, **parts):
    """Return a table with classes."""
    return {"train": (x.astype("float32"), y.astype("int64")), **parts}


def values(x, y):
    """Return a table with values to predict, [N, targets]."""
    y = y if y.ndim == 2 else y[:, None]
    return {"train": (x.astype("float32"), y.astype("float32")), "task": "regression"}


def ones_or_zeros(n=2000, features=128, seed=0):
    """Samples that are all ones or all zeros, but for a little noise that tells them apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return classes(y[:, None] + 0.01 * rng.normal(size=(n, features)), y)


def corners(n=200, spread=0.05, seed=0, task="regression"):
    """Exclusive or: the corners of the unit square, seen again and again with a little noise."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, 2))
    y = x[:, 0] ^ x[:, 1]
    x = x + spread * rng.normal(size=x.shape)
    return values(x, y) if task == "regression" else classes(x, y)


def two_bands(n=200, seed=0):
    """Both coordinates between 0.2 and 0.4, or both between 0.5 and 0.7."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    low = np.where(y == 0, 0.2, 0.5)[:, None]
    return classes(low + 0.2 * rng.random((n, 2)), y)
