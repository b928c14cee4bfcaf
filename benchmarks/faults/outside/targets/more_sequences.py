"""Sequences for the outside subjects: time series [N, T, F], and tokens [N, T] as numbers."""

import numpy as np


def waves(n=900, steps=24, noise=0.3, seed=0):
    """A sine, a square or a saw of any phase and period, in noise: which?"""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    turn = rng.uniform(0, 1, (n, 1)) + np.arange(steps) / rng.uniform(8, 14, (n, 1))
    forms = np.stack(
        [np.sin(2 * np.pi * turn), np.sign(np.sin(2 * np.pi * turn)), 2 * (turn % 1) - 1]
    )
    x = forms[y, np.arange(n)] + noise * rng.normal(size=(n, steps))
    return {"train": (x[:, :, None].astype("float32"), y), "task": "classification"}


def motion(n=1000, steps=24, seed=0):
    """Three axes of an accelerometer: sitting, walking, running or falling."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    t = np.arange(steps)
    rate = np.array([0.0, 0.6, 1.3, 0.0])[y] * rng.uniform(0.9, 1.1, n)
    size = np.array([0.0, 0.7, 1.2, 0.0])[y]
    swing = size[:, None] * np.sin(rate[:, None] * t + rng.uniform(0, 6, (n, 1)))
    x = 0.5 * rng.normal(size=(n, steps, 3))
    x[:, :, 0] += swing
    x[:, :, 1] += 0.6 * np.roll(swing, 2, 1)
    start = rng.integers(4, steps - 4, n)
    fall = (y == 3)[:, None] & (abs(t - start[:, None]) < 2)
    x[:, :, 2] += 2.5 * fall
    return {"train": (x.astype("float32"), y), "task": "classification"}


def forecast(n=900, steps=20, noise=0.1, unit=1.0, level=0.0, seed=0):
    """The next value of a sum of two waves; ``unit`` and ``level`` are those of the target."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 300, (n, 1))
    t = start + np.arange(steps + 1)
    series = np.sin(0.45 * t) + 0.5 * np.sin(1.1 * t + 1)
    x = series[:, :steps, None] + noise * rng.normal(size=(n, steps, 1))
    y = unit * series[:, steps:] + level
    return {"train": (x.astype("float32"), y.astype("float32")), "task": "regression"}


def weather(n=1200, steps=16, ahead=2, seed=0):
    """Warmth some hours ahead from four noisy instruments: much of it cannot be told."""
    rng = np.random.default_rng(seed)
    length = n + steps + ahead
    warm, wet = np.zeros(length), np.zeros(length)
    for t in range(1, length):
        wet[t] = 0.8 * wet[t - 1] + 0.6 * rng.normal()
        warm[t] = 0.85 * warm[t - 1] - 0.3 * wet[t - 1] + 0.5 * rng.normal()
    seen = np.column_stack([warm, wet, rng.normal(size=length), np.sin(np.arange(length) / 4)])
    x = np.stack([seen[i : i + steps] for i in range(n)])
    y = warm[steps + ahead - 1 : steps + ahead - 1 + n] / warm.std()
    return {"train": (x.astype("float32"), y[:, None].astype("float32")), "task": "regression"}


def sums(n=1200, steps=12, seed=0):
    """Two values of a sequence of steps: where it ends, and how far up it ever was."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, steps, 1))
    path = x[:, :, 0].cumsum(1)
    y = np.column_stack([path[:, -1], path.max(1)]) / path[:, -1].std()
    return {"train": (x.astype("float32"), y.astype("float32")), "task": "regression"}


def which_first(n=1600, steps=12, vocabulary=12, seed=0):
    """Tokens with one 1 and one 2 among others: which of the two comes first?"""
    rng = np.random.default_rng(seed)
    x = rng.integers(3, vocabulary, (n, steps))
    y = np.arange(n) % 2
    for place in range(n):
        a, b = np.sort(rng.choice(steps, 2, replace=False))
        x[place, a], x[place, b] = (1, 2) if y[place] == 0 else (2, 1)
    return {"train": (x.astype("float32"), y), "task": "classification"}


def after_mark(n=2000, steps=10, answers=5, seed=0):
    """Tokens with one mark (0): the token that stands right after it is the class."""
    rng = np.random.default_rng(seed)
    x = 1 + rng.integers(0, answers, (n, steps))
    place = rng.integers(0, steps - 1, n)
    x[np.arange(n), place] = 0
    y = x[np.arange(n), place + 1] - 1
    return {"train": (x.astype("float32"), y), "task": "classification"}


def of_any_length(n=1600, steps=16, kinds=3, seed=0):
    """Tokens 1 to ``kinds`` up to a length of their own, then 0: which is most frequent?"""
    rng = np.random.default_rng(seed)
    length = rng.integers(3, steps + 1, n)
    y = np.arange(n) % kinds
    lots = np.full((n, kinds), 0.5 / (kinds - 1))
    lots[np.arange(n), y] = 0.5
    x = 1 + (rng.random((n, steps, 1)) > lots.cumsum(1)[:, None]).sum(2).clip(0, kinds - 1)
    x[np.arange(steps) >= length[:, None]] = 0
    return {"train": (x.astype("float32"), y), "task": "classification"}


def brackets(n=1600, steps=10, seed=0):
    """Brackets, half of them closed in order: does each sequence close?"""
    rng = np.random.default_rng(seed)
    x, y = np.empty((n, steps), int), np.arange(n) % 2
    for place in range(n):
        while True:
            row = rng.permutation(np.arange(steps) % 2)
            level = np.cumsum(1 - 2 * row)
            if (level.min() >= 0) == y[place]:
                break
        x[place] = row
    return {"train": (x.astype("float32"), y), "task": "classification"}


def visits(n=1500, steps=8, shops=20, seed=0):
    """The last shops of a customer, as numbers, and what kind of thing is bought next."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, shops)
    x = rng.integers(0, shops, (n, steps))
    counts = np.stack([(kind[x] == k).sum(1) for k in range(4)], 1)
    y = (counts + rng.gumbel(0, 0.4, counts.shape)).argmax(1)
    return {"train": (x.astype("float32"), y), "task": "classification"}


def brackets_as_series(**args):
    """``brackets`` as a series [N, T, 1] of -1 and 1."""
    x, y = brackets(**args)["train"]
    return {"train": (2 * x[:, :, None] - 1, y), "task": "classification"}
