"""Data sets as users load them, right and wrong."""

import numpy as np
from sklearn import datasets


def table(name):
    """Return the arrays of a data set that comes with scikit-learn; targets of unit size."""
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "diabetes":
        y = (y - y.mean()) / y.std()
    return x.astype("float32"), y.astype("float32" if name == "diabetes" else "int64")


def clean(name, seed=0):
    """The data set in a random order."""
    x, y = table(name)
    order = np.random.default_rng(seed).permutation(len(x))
    return {"train": (x[order], y[order])}


def shuffled_labels(name, share=1.0, seed=0):
    """Labels and features were shuffled apart."""
    x, y = table(name)
    rng = np.random.default_rng(seed)
    mixed = rng.random(len(y)) < share
    y[mixed] = rng.permutation(y[mixed])
    return {"train": (x, y)}


def rolled_labels(name):
    """An off-by-one in the reader: each sample has its predecessor's label."""
    x, y = table(name)
    order = np.random.default_rng(0).permutation(len(x))
    return {"train": (x[order], np.roll(y[order], 1))}


def corrupted_labels(name, share, seed=0):
    """A share of the training labels is wrong; the validation labels are right."""
    parts = split(*table(name), seed)
    x, y = parts["train"]
    rng = np.random.default_rng(seed + 1)
    wrong = rng.random(len(y)) < share
    y = np.where(wrong, (y + rng.integers(1, y.max() + 1, len(y))) % (y.max() + 1), y)
    return {**parts, "train": (x, y)}


def sorted_by_label(name):
    """The training samples stand class after class."""
    parts = split(*table(name), 0)
    x, y = parts["train"]
    order = np.argsort(y, kind="stable")
    return {**parts, "train": (x[order], y[order])}


def in_random_order(name):
    """What ``sorted_by_label`` should have been."""
    return split(*table(name), 0)


def only_train_scaled(name):
    """The training part was standardized, validation and test were forgotten."""
    parts = split(*table(name), 0)
    x, y = parts["train"]
    return {**parts, "train": ((x - x.mean(0)) / (x.std(0) + 1e-8), y)}


def all_scaled(name):
    """What ``only_train_scaled`` should have been."""
    parts = split(*table(name), 0)
    mean, std = parts["train"][0].mean(0), parts["train"][0].std(0) + 1e-8
    return {part: ((x - mean) / std, y) for part, (x, y) in parts.items()}


def split(x, y, seed):
    """Return train, val and test parts: 70, 15 and 15 %."""
    order = np.random.default_rng(seed).permutation(len(x))
    a, b = int(0.7 * len(x)), int(0.85 * len(x))
    places = {"train": order[:a], "val": order[a:b], "test": order[b:]}
    return {part: (x[index], y[index]) for part, index in places.items()}


def parabola(n=400, noise=0.3, scale=1.0, shift=0.0, seed=0):
    """y = 5 x² + noise, brought to mean 0 and deviation 1, then times ``scale`` plus ``shift``."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 1)).astype("float32")
    y = 5 * x**2 + noise * rng.normal(size=x.shape)
    y = scale * (y - y.mean()) / y.std() + shift
    return {"train": (x, y.astype("float32")), "task": "regression"}


def progression(scale=1.0, shift=0.0, seed=0):
    """The diabetes table with its target at mean 0 and deviation 1, or scaled otherwise."""
    x, y = table("diabetes")
    order = np.random.default_rng(seed).permutation(len(x))
    y = (scale * y + shift)[order, None].astype("float32")
    return {"train": (x[order], y), "task": "regression"}


def census(n=2000, seed=0):
    """A table like Adult: age, hours, gains (rarely not 0, then thousands), and 0/1 columns."""
    rng = np.random.default_rng(seed)
    age, hours = rng.integers(18, 80, n), rng.normal(40, 10, n).clip(5, 90)
    gain = np.where(rng.random(n) < 0.1, rng.exponential(8000, n), 0.0)
    weight = rng.normal(190000, 80000, n).clip(10000)
    schooling, flags = rng.integers(1, 17, n), rng.random((n, 6)) < 0.3
    score = 0.05 * (age - 40) + 0.06 * (hours - 40) + 0.35 * (schooling - 9) + gain / 6000
    score += 1.2 * flags[:, 0] - 1.0 * flags[:, 1] + 1.0 * (flags[:, 2] & (age > 35))
    y = (score + rng.normal(0, 0.8, n) > 0.5).astype("int64")
    columns = [age, hours, gain, weight, schooling, *flags.T]
    return {"train": (np.stack(columns, 1).astype("float32"), y)}


def rare(n=1500, share=0.06, gap=1.6, seed=0):
    """Two classes, one of them rare, that overlap."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype("int64")
    x = rng.normal(size=(n, 8)) + gap * y[:, None] * np.array([1, 1, -1, 0.5, 0, 0, 0, 0])
    return {"train": (x.astype("float32"), y)}
