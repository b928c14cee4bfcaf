"""Data of programs that were asked about, drawn anew from what is told about them."""

import numpy as np
from sklearn.datasets import load_digits


def classes(x, y):
    """Return a table with classes."""
    return {"train": (x.astype("float32"), y.astype("int64"))}


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


def changes(n=300, seed=0):
    """Two measurements; the target is a change, as often below zero as above."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return values(x, 0.8 * x[:, 0] - 0.5 * x[:, 1] + 0.3 * x[:, 0] * x[:, 1])


def tags(n=2000, seed=0):
    """Counts of twenty words, and three tags of which a sample may have any number."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(20, 0.3), 3)
    y = rng.random((n, 3)) < 0.5
    rates = 1.0 + 25 * y @ topics
    return values(rng.poisson(rates), y)


def weighted_sum(n=2000, bound=100.0, seed=0):
    """2 a + b + c / 2 + 2.2 of numbers up to ``bound``."""
    rng = np.random.default_rng(seed)
    x = bound * rng.random((n, 3))
    return values(x, x @ [2.0, 1.0, 0.5] + 2.2)


def digits_as_bytes():
    """Pictures of digits whose pixels go from 0 to 255, flat."""
    x, y = load_digits(return_X_y=True)
    return classes(np.minimum(16 * x, 255), y)


def digits_in_parts(inputs_alike=True, seed=0):
    """Pictures of digits [1, 8, 8], scaled to 0..1; or so in training alone."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = x[order].reshape(-1, 1, 8, 8).astype("float32"), y[order].astype("int64")
    parts = {}
    for part, a, b in (("train", 0, 1250), ("val", 1250, 1520), ("test", 1520, 1797)):
        scale = 255 if part == "train" or inputs_alike else 1
        parts[part] = (x[a:b] * 16 / scale, y[a:b])
    return {**parts, "labels": [str(digit) for digit in range(10)]}


def square(n=50, high=5.0, noise=1.0, seed=0):
    """5 x² and the cube of normal noise, on a grid from 0 to ``high``."""
    x = np.linspace(0, high, n)
    noise = noise * np.random.default_rng(seed).normal(size=n) ** 3
    return values(x[:, None], 5 * x**2 + noise)


def fourth_power(n=400, high=100.0):
    """x⁴ from -high to high."""
    x = np.linspace(-high, high, n)
    return values(x[:, None], x**4)


def incomes(n=2000, seed=0):
    """Fourteen columns as of a census, texts as numbers: final weights in hundred thousands, gains
    that are mostly zero; the class is a high income, a quarter of all."""
    rng = np.random.default_rng(seed)
    age, hours = rng.integers(17, 80, n), rng.normal(40, 12, n).clip(1, 99)
    weight = rng.lognormal(12.0, 0.5, n)
    schooling = rng.integers(1, 17, n)
    gain = np.where(rng.random(n) < 0.08, rng.exponential(9000, n), 0)
    loss = np.where(rng.random(n) < 0.05, rng.exponential(1800, n), 0)
    codes = [rng.integers(0, k, n) for k in (8, 16, 7, 14, 6, 5, 2, 41)]
    score = 0.04 * (age - 40) + 0.05 * (hours - 40) + 0.4 * (schooling - 9) + gain / 4000
    score = score + 1.0 * (codes[6] == 1) - 0.15 * codes[2] + rng.normal(0, 0.7, n)
    x = np.stack([age, codes[0], weight, codes[1], schooling, *codes[2:7], gain, loss, hours,
                  codes[7]], 1)  # fmt: skip
    return classes(x, score > np.quantile(score, 0.75))


def passengers(n=900, seed=0):
    """Ten columns of a passenger list, texts replaced by their numbers: names up to 1300, tickets
    up to 900, fares up to some hundreds."""
    rng = np.random.default_rng(seed)
    grade, sex, age = rng.integers(1, 4, n), rng.integers(0, 2, n), rng.normal(30, 13, n).clip(1)
    siblings, parents = rng.poisson(0.5, n), rng.poisson(0.4, n)
    fare = rng.lognormal(2.9, 0.9, n) * (4 - grade)
    name, ticket = rng.integers(0, 1307, n), rng.integers(0, 929, n)
    cabin, port = rng.integers(0, 187, n), rng.integers(0, 3, n)
    score = -2.6 * sex - 0.9 * (grade - 2) - 0.03 * (age - 30) + 1.3 + rng.normal(0, 0.8, n)
    x = np.stack([grade, name, sex, age, siblings, parents, ticket, fare, cabin, port], 1)
    return classes(x, score > 0)


def packets(n=1200, seed=0):
    """Eleven numbers of network packets: addresses and ports up to 65535, lengths, flags; the class
    is an attack."""
    rng = np.random.default_rng(seed)
    ports, lengths = rng.integers(0, 65536, (n, 4)), rng.integers(40, 1500, (n, 3))
    flags, wait = rng.integers(0, 2, (n, 3)), rng.exponential(1.0, (n, 1))
    score = flags[:, 0] + flags[:, 1] - 0.8 * flags[:, 2] - wait[:, 0]
    score = score + (lengths[:, 0] - 770) / 500 + (lengths[:, 1] < 300)
    return classes(np.concatenate([ports, lengths, flags, wait], 1), score > 0.5)


def line(n=150, high=50.0, seed=0):
    """About 1.6 x + 8, for x from 0 to ``high``."""
    rng = np.random.default_rng(seed)
    x = high * rng.random((n, 1))
    return values(x, 1.6 * x[:, 0] + 8 + rng.normal(0, 2, n))


def sums(n=1000, features=5, seed=0):
    """Uniform numbers, and whether their sum is above the middle."""
    x = np.random.default_rng(seed).random((n, features))
    return classes(x, x.sum(1) > features / 2)


def threshold(n=1500, seed=0):
    """One measurement around 50, and whether it is above 50, as 0 or 1."""
    x = np.random.default_rng(seed).normal(50, 12, (n, 1))
    return values(x, x[:, 0] > 50)


def three_groups(n=600, shares=(0.58, 0.28, 0.14), seed=0):
    """Four measurements in the hundreds, and three groups of unequal size."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=shares)
    middles = np.array([[420, 180, 900, 60], [380, 260, 700, 90], [520, 240, 800, 140]])
    return classes(middles[y] + rng.normal(size=(n, 4)) * [40, 30, 90, 18], y)


def patients(n=700, seed=0):
    """Eight measurements of patients in their own units; a third has the illness."""
    rng = np.random.default_rng(seed)
    x = np.stack([
        rng.poisson(3.5, n), rng.normal(120, 32, n), rng.normal(69, 15, n), rng.normal(28, 9, n),
        rng.exponential(90, n), rng.normal(32, 7, n), rng.exponential(0.45, n),
        21 + rng.exponential(12, n),
    ], 1)  # fmt: skip
    score = 0.05 * (x[:, 1] - 120) + 0.11 * (x[:, 5] - 32) + 0.04 * (x[:, 7] - 33) + x[:, 6]
    score = score + 0.1 * x[:, 0] + rng.normal(0, 0.6, n)
    return classes(x, score > np.quantile(score, 0.65))


def itself(n=1500, features=12, hidden=3, seed=0):
    """Standardized measurements that a few unknown causes make; the target is the input."""
    rng = np.random.default_rng(seed)
    x = np.tanh(rng.normal(size=(n, hidden)) @ rng.normal(size=(hidden, features)))
    x = (x - x.mean(0)) / x.std(0)
    return values(x, x)


def slope(n=120, seed=0):
    """3 x - 1 for x from -1 to 1."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 1))
    return values(x, 3 * x[:, 0] - 1 + 0.1 * rng.normal(size=n))


def thousands(n=400, seed=0):
    """Inputs and targets in the thousands: about 3 a + 2 b."""
    rng = np.random.default_rng(seed)
    x = 1000 * rng.random((n, 2))
    return values(x, 3 * x[:, 0] + 2 * x[:, 1] + 20 * rng.normal(size=n))


def sensors(n=800, features=20, seed=0):
    """Sensors on scales from hundredths to thousands; the target is a smooth function of them."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, features))
    y = np.sin(z[:, 0]) + z[:, 1] * z[:, 2] / 2 + 0.5 * z[:, 3:8].sum(1)
    return values(100 + z * np.logspace(-1, 3, features), y)


def rooms(n=120, seed=0):
    """A price of 10 a room and 5 more, for 1 to 10 rooms on a scale from -1 to 1."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 11, (n, 1)) / 5.5 - 1
    return values(x, 10 * x[:, 0] + 5 + 0.3 * rng.normal(size=n))


def percent(n=300, seed=0):
    """A curve of one measurement up to 200; the target goes from 0 to 100."""
    x = 200 * np.random.default_rng(seed).random((n, 1))
    return values(x, 50 + 50 * np.sin(x[:, 0] / 40))


def joints(n=1500, features=28, seed=0):
    """Sensors between -1 and 1, and six angles between -1 and 1."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, features))
    return values(x, np.tanh(x @ rng.normal(0, 0.45, (features, 6))))


def waves(n=1200, length=40, features=1, seed=0):
    """Noisy waves of two frequencies, one a class, at any phase: [features, length]."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    at = np.arange(length)[None, None]
    phase = 2 * np.pi * rng.random((n, features, 1))
    x = np.sin(phase + at * np.where(y == 0, 0.5, 0.8)[:, None, None])
    return classes(x + 0.5 * rng.normal(size=x.shape), y)


def shots(n=800, size=24, seed=0):
    """Grey pictures in 0..1: a bright spot, or a bright ring, somewhere in noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    rows, columns = np.mgrid[:size, :size]
    where = rng.uniform(0.3 * size, 0.7 * size, (2, n, 1, 1))
    away = np.hypot(rows - where[0], columns - where[1])
    shape = np.where(y[:, None, None] == 0, away < 3.5, abs(away - 5) < 1)
    x = 0.3 + 0.5 * shape + 0.15 * rng.normal(size=shape.shape)
    return classes(x.clip(0, 1)[:, None], y)


def temperatures(n=500, seed=0):
    """Yesterday's value near 122 and today's, which is much the same."""
    rng = np.random.default_rng(seed)
    x = 122 + np.cumsum(rng.normal(0, 0.3, n + 1))
    return values(x[:-1, None], x[1:])


def cubic(n=300, high=10.0, seed=0):
    """2 x³ + 7 x² - 8 x + 120 for x from -high to high."""
    x = np.random.default_rng(seed).uniform(-high, high, (n, 1))
    return values(x, (2 * x**3 + 7 * x**2 - 8 * x + 120)[:, 0])


def tens(n=200, seed=0):
    """Ten times x, for x from 1 to 10."""
    x = np.random.default_rng(seed).uniform(1, 10, (n, 1))
    return values(x, 10 * x[:, 0])


def counted(n=200, seed=0):
    """x² + 3 of a standardized x that was counted from 0 to 99."""
    x = np.random.default_rng(seed).integers(0, 100, n).astype(float)
    return values(((x - 49.5) / 28.9)[:, None], x**2 + 3)


def double_minus_one(n=200, seed=0):
    """2 x - 1 for x from -1 to 5."""
    x = np.random.default_rng(seed).uniform(-1, 5, (n, 1))
    return values(x, 2 * x[:, 0] - 1)


def valley(n=300, seed=0):
    """(x - 0.5)² for x from 0 to 1."""
    x = np.random.default_rng(seed).random((n, 1))
    return values(x, (x[:, 0] - 0.5) ** 2)


def swing(n=300, seed=0):
    """A sine with a little noise, for x from -3 to 3."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, (n, 1))
    return values(x, np.sin(x[:, 0]) + 0.1 * rng.normal(size=n))


def cubes(n=500, high=4000, seed=0):
    """d³ for whole d up to ``high``."""
    x = np.random.default_rng(seed).integers(1, high, (n, 1)).astype(float)
    return values(x, x[:, 0] ** 3)


def votes(n=600, features=100, seed=0):
    """Three bits among a hundred decide by majority."""
    x = np.random.default_rng(seed).integers(0, 2, (n, features))
    return classes(x, x[:, :3].sum(1) > 1)


def signs(n=1500, length=12, seed=0):
    """Short sequences of numbers [length, 2]; the class is the sign of their sum."""
    x = np.random.default_rng(seed).normal(size=(n, length, 2))
    return classes(x, x[:, :, 0].sum(1) > 0)


def groups_on_a_line(n=900, seed=0):
    """Three overlapping clouds of points in a plane, as scikit-learn's blobs are."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    middles = np.array([[-4.0, 3.0], [2.0, -2.0], [5.0, 4.0]])
    return classes(middles[y] + 1.6 * rng.normal(size=(n, 2)), y)
