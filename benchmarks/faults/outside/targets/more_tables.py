"""Tables for the outside subjects, drawn by seeded code."""

import numpy as np
from sklearn import datasets


def classes(x, y, labels=()):
    """Return a data set of classes, its samples in a random order."""
    order = np.random.default_rng(99).permutation(len(x))
    found = {"train": (np.asarray(x, "float32")[order], np.asarray(y)[order].astype("int64"))}
    return {**found, "task": "classification", **({"labels": labels} if labels else {})}


def values(x, y):
    """Return a data set of values, its samples in a random order."""
    order = np.random.default_rng(99).permutation(len(x))
    x, y = np.asarray(x, "float32")[order], np.asarray(y, "float32")[order]
    return {"train": (x, y if y.ndim == 2 else y[:, None]), "task": "regression"}


def parted(found, train=0.7):
    """Return a data set's samples as training and validation part."""
    x, y = found["train"]
    a = int(train * len(x))
    return {**found, "train": (x[:a], y[:a]), "val": (x[a:], y[a:])}


def transactions(n=3000, share=0.05, gap=1.4, seed=0):
    """Card payments, a few of them fraud: amounts with a long tail, and anonymous components."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    amount = rng.lognormal(3 + 0.8 * y, 1.0)
    hour = rng.uniform(0, 24, n)
    parts = rng.standard_t(5, (n, 8))
    parts[:, :4] += gap * y[:, None] * np.array([1.0, -1.0, 0.8, 0.6])
    return classes(np.column_stack([np.log1p(amount), hour, parts]), y)


def fewer_of_some(n=2400, kinds=6, keep=0.02, seed=0):
    """Measurements of six kinds of part; three kinds are nearly gone from the training part."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % kinds
    middle = rng.normal(0, 1.1, (kinds, 9))
    x = middle[y] + rng.normal(size=(n, 9))
    found = parted(classes(x, y))
    x, y = found["train"]
    stays = (y < kinds // 2) | (rng.random(len(y)) < keep)
    return {**found, "train": (x[stays], y[stays])}


def houses(n=1200, noise=0.15, unit=1.0, seed=0):
    """Prices of houses by size, rooms, age, distance and quarter, with interactions."""
    rng = np.random.default_rng(seed)
    size, age = rng.gamma(6, 20, n), rng.uniform(0, 90, n)
    rooms = np.clip(np.round(size / 30 + rng.normal(0, 0.7, n)), 1, 9)
    away, quarter = rng.exponential(6, n), rng.integers(0, 5, n)
    worth = np.array([0.0, 0.3, -0.2, 0.5, 0.1])[quarter]
    level = 0.008 * size + 0.05 * rooms - 0.004 * age - 0.05 * away + worth
    level += 0.3 * (age > 70) * (away < 3) + noise * rng.normal(size=n)
    x = np.column_stack([size, age, rooms, away, np.eye(5)[quarter]])
    return values(x, unit * np.exp(level - level.mean()))


def loads(n=768, noise=0.05, seed=0):
    """Heating and cooling load of buildings: two values of eight shape parameters."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 8))
    heat = 2 * x[:, 0] * x[:, 1] + np.maximum(x[:, 2], 0) * 2 + x[:, 3]
    cold = x[:, 0] - 1.5 * x[:, 2] * x[:, 4] + np.sin(2 * x[:, 5])
    y = np.column_stack([heat, cold])
    return values(x, y / y.std(0) - (y / y.std(0)).mean(0) + noise * rng.normal(size=y.shape))


def arm(n=1500, noise=0.02, seed=0):
    """Where a robot arm of three joints has its hand: x and y from the angles."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-1.5, 1.5, (n, 3))
    sums = angles.cumsum(1)
    reach = np.array([1.0, 0.7, 0.4])
    y = np.column_stack([(np.cos(sums) * reach).sum(1), (np.sin(sums) * reach).sum(1)])
    return values(angles, y + noise * rng.normal(size=y.shape))


def ratings(n=1600, noise=0.7, seed=0):
    """Wines with a rating of 0 to 5, given with much noise: classes in an order."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 11))
    taste = x[:, 0] - 0.8 * x[:, 1] + 0.5 * x[:, 2] * x[:, 3] + noise * rng.normal(size=n)
    return classes(x, np.clip(np.round(taste + 2.5), 0, 5))


def words(n=2000, kinds=20, vocabulary=400, length=30, mislabelled=0.0, seed=0):
    """Counts of words in short reports of many topics; nearly all are 0.

    Args:
        mislabelled: the share of the training labels that were replaced by the next topic's.
    """
    rng = np.random.default_rng(seed)
    common = rng.dirichlet(np.full(vocabulary, 0.3))
    topic = rng.dirichlet(np.full(vocabulary, 0.05), kinds)
    share = rng.dirichlet(np.full(kinds, 5.0))
    y = rng.choice(kinds, n, p=share)
    y[: 2 * kinds] = np.arange(2 * kinds) % kinds
    x = np.stack([rng.multinomial(length, 0.6 * common + 0.4 * topic[k]) for k in y])
    found = parted(classes(x, y))
    x, y = found["train"]
    wrong = rng.random(len(y)) < mislabelled
    return {**found, "train": (x, np.where(wrong, (y + 1) % kinds, y))}


def copied_with_other_class(n=1500, share=0.0, seed=0):
    """Four kinds of beans; a share of the training samples stands there again as another kind."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    x = rng.normal(0, 1.5, (4, 6))[y] + 0.8 * rng.normal(size=(n, 6))
    found = parted(classes(x, y))
    x, y = found["train"]
    again = np.concatenate([np.flatnonzero(rng.random(len(y)) < share) for _ in range(3)])
    x, y = np.concatenate([x, x[again]]), np.concatenate([y, (y[again] + 1) % 4])
    order = rng.permutation(len(x))
    return {**found, "train": (x[order], y[order])}


def few_and_wide(n=160, features=120, useful=5, noise=0.5, seed=0):
    """A target that few of many features tell: more features than training samples."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    y = x[:, :useful] @ rng.uniform(0.5, 1.5, useful)
    return values(x, (y + noise * rng.normal(size=n)) / y.std())


def churn(n=2000, noise=1.0, seed=0):
    """Customers who leave or stay: months, fees, calls, contract."""
    rng = np.random.default_rng(seed)
    months, fee = rng.integers(1, 72, n), rng.uniform(20, 120, n)
    calls, contract = rng.poisson(1.2, n), rng.integers(0, 3, n)
    score = 1.2 - 0.05 * months + 0.02 * fee + 0.5 * calls - 1.0 * contract
    y = score + noise * rng.logistic(size=n) > 0.3
    return classes(np.column_stack([months, fee, calls, np.eye(3)[contract]]), y)


def weak_signal(n=1500, share=0.3, seed=0):
    """A value of which the features tell only ``share`` of the variance."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8))
    told = x[:, 0] + 0.7 * np.sin(2 * x[:, 1]) + 0.5 * x[:, 2] * (x[:, 3] > 0)
    told = (told - told.mean()) / told.std()
    return values(x, np.sqrt(share) * told + np.sqrt(1 - share) * rng.normal(size=n))


def overlapping(n=1600, kinds=3, gap=1.2, features=5, seed=0):
    """Classes whose clouds overlap, so that no network tells all samples apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % kinds
    middle = gap * np.eye(kinds, features)
    return classes(middle[y] + rng.normal(size=(n, features)), y)


def mushrooms(n=1500, seed=0):
    """Mushrooms by 0/1 columns of their smell, colour and cap: poisonous by a few rules."""
    rng = np.random.default_rng(seed)
    smell, colour, cap = rng.integers(0, 6, n), rng.integers(0, 8, n), rng.integers(0, 4, n)
    y = (smell < 2) | ((colour == 3) & (cap != 1)) | ((smell == 4) & (cap == 2))
    return classes(np.column_stack([np.eye(6)[smell], np.eye(8)[colour], np.eye(4)[cap]]), y)


def with_constants(n=900, kinds=4, seed=0):
    """Readings of 12 sensors, three of which were never connected and always give the same."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % kinds
    x = rng.normal(0, 1.3, (kinds, 12))[y] + rng.normal(size=(n, 12))
    x[:, [2, 7]], x[:, 10] = 0.0, 5.0
    return classes(x, y)


def with_repeats(n=1400, seed=0):
    """Games of few possible positions, so that many samples stand there several times."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-1, 2, (n, 6))
    return classes(x, (x[:, :3].sum(1) > 0) | (x[:, 3] * x[:, 4] < 0))


def settings(n=1000, noise=0.05, seed=0):
    """Strength of concrete by its parts and its age: a value that grows with the logarithm."""
    rng = np.random.default_rng(seed)
    cement, water = rng.uniform(100, 540, n), rng.uniform(120, 250, n)
    slag, ash, age = rng.uniform(0, 350, n), rng.uniform(0, 200, n), rng.choice([3, 7, 28, 90], n)
    y = 60 * (cement + 0.5 * slag + 0.3 * ash) / water / 4 * np.log1p(age) / 3
    y = y + noise * y.std() * rng.normal(size=n)
    return values(np.column_stack([cement, water, slag, ash, age]), y)


def outliers(n=900, share=0.05, seed=0):
    """Fuel use of cars, a few of them typed in wrongly by a factor of ten."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    y = 1.2 * x[:, 0] - 0.8 * x[:, 1] ** 2 + 0.6 * x[:, 2] * x[:, 3]
    y = (y - y.mean()) / y.std() + 0.1 * rng.normal(size=n)
    found = parted(values(x, y))
    x, y = found["train"]
    wrong = rng.random(y.shape) < share
    return {**found, "train": (x, np.where(wrong, 10 * y, y))}


def made(name, n=1000, classify=None, seed=0, **args):
    """One of scikit-learn's generators, for example made("friedman3"); values at unit size.

    Args:
        classify: whether it gives classes; None: by the type of its targets.
    """
    x, y = getattr(datasets, f"make_{name}")(n_samples=n, random_state=seed, **args)[:2]
    y = np.asarray(y)
    if classify or (classify is None and y.dtype.kind in "iu"):
        return classes(x, np.unique(y, return_inverse=True)[1])
    return values(x, (y - y.mean(0)) / y.std(0))


def toy(name, scale="standard", seed=0):
    """One of scikit-learn's small tables, scaled by the user; values at unit size."""
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    low, high = x.min(0), x.max(0)
    x = (x - x.mean(0)) / (x.std(0) + 1e-9) if scale == "standard" else (x - low) / (high - low)
    if y.dtype.kind in "iu":
        return classes(x, y)
    return values(x, (y - y.mean(0)) / y.std(0))


def one_hot_targets(n=1200, kinds=5, seed=0):
    """Classes as rows of 0 and 1, to be fitted as values: a right, if old, way to classify."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % kinds
    x = rng.normal(0, 1.4, (kinds, 7))[y] + 0.6 * rng.normal(size=(n, 7))
    return values(x, np.eye(kinds)[y])


def bits(n=1500, width=10, watched=3, seed=0):
    """Parity of a few of ten bits, as 0 and 1."""
    x = np.random.default_rng(seed).integers(0, 2, (n, width))
    return classes(x, x[:, :watched].sum(1) % 2)


def bike_hours(n=1500, seed=0):
    """Bikes that are lent in an hour: counts by hour, warmth, wind and day, skewed to the right."""
    rng = np.random.default_rng(seed)
    hour, warm = rng.uniform(0, 24, n), rng.normal(15, 8, n)
    wind, free = rng.gamma(2, 5, n), rng.random(n) < 0.3
    busy = np.exp(-((hour - 8) ** 2) / 6) + 1.3 * np.exp(-((hour - 17.5) ** 2) / 8)
    level = 3 + np.where(free, 0.6 * np.exp(-((hour - 14) ** 2) / 20) * 2, 2 * busy)
    level += 0.06 * warm - 0.02 * wind
    x = [np.sin(hour * np.pi / 12), np.cos(hour * np.pi / 12), warm, wind, free]
    return values(np.column_stack(x), rng.poisson(np.exp(level)))


def logarithms(n=1500, seed=0):
    """The logarithm of ``bike_hours`` plus one, at unit size."""
    x, y = bike_hours(n, seed)["train"]
    y = np.log1p(y)
    return values(x, (y - y.mean()) / y.std())


def one_curve(n=700, noise=0.05, seed=0):
    """A value that goes up, down and up again over one feature between 0 and 1."""
    x = np.random.default_rng(seed).uniform(0, 1, (n, 1))
    y = np.sin(7 * x) + noise * np.random.default_rng(seed + 1).normal(size=x.shape)
    return values(x, (y - y.mean()) / y.std())


def rates(n=1000, noise=0.3, seed=0):
    """The share of seeds that sprout, between 0 and 1, by warmth, water and depth."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    level = 1.5 * x[:, 0] - x[:, 1] ** 2 + 0.8 * x[:, 2] + noise * rng.normal(size=n)
    return values(x, 1 / (1 + np.exp(-level)))


def waiting(n=1100, noise=0.25, seed=0):
    """Minutes until a taxi comes: positive, with a long tail."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.uniform(0, 24, n), rng.gamma(2, 2, n), rng.integers(0, 2, n)])
    level = 0.6 + 0.5 * np.cos(x[:, 0] * np.pi / 12) + 0.15 * x[:, 1] + 0.4 * x[:, 2]
    return values(x, np.exp(level + noise * rng.normal(size=n)))


def banknotes(n=1300, seed=0):
    """Four statistics of a banknote's wavelets: forged or not, with some overlap."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.normal(0, [2.0, 4.0, 3.0, 1.5], (n, 4))
    x[:, 0] += np.where(y, -1.9, 2.3)
    x[:, 1] += np.where(y, -1.0, 4.3) + 0.5 * x[:, 2]
    return classes(x, y)


def sonar(n=208, bands=60, seed=0):
    """Energies of 60 bands between 0 and 1 of few echoes: rock or metal, with overlap."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    band = np.arange(bands)
    top = np.where(y, 20, 27)[:, None] + 4 * rng.normal(size=(n, 1))
    x = np.exp(-((band - top) ** 2) / 150) * rng.uniform(0.5, 1, (n, 1))
    return classes((x + 0.12 * rng.normal(size=x.shape)).clip(0, 1), y)


def prices_in_many_units(n=900, seed=0):
    """Columns from thousandths to millions in one table, and a value of all of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    y = x[:, 0] + x[:, 1] * x[:, 2] - 0.5 * x[:, 3] + 0.3 * np.abs(x[:, 4])
    y = (y - y.mean()) / y.std() + 0.15 * rng.normal(size=n)
    return values(x * [1e-3, 1, 1e2, 1e4, 1e6, 1] + [0, 5, 300, 2e4, 5e6, 0], y)


def tastes(n=1500, users=30, things=25, seed=0):
    """Who likes what, as two one-hot vectors, and the stars that were given."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(users, 2)), rng.normal(size=(things, 2))
    who, what = rng.integers(0, users, n), rng.integers(0, things, n)
    stars = (a[who] * b[what]).sum(1) + 0.4 * rng.normal(size=users)[who]
    stars = stars + 0.3 * rng.normal(size=n)
    x = np.column_stack([np.eye(users)[who], np.eye(things)[what]])
    return values(x, (stars - stars.mean()) / stars.std())


def spam_shares(n=1600, seed=0):
    """Shares of 40 words in percent, most of them 0, and the longest run of capitals."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    often = np.stack([rng.gamma(0.3, 1, 40), rng.gamma(0.3, 1, 40)])
    x = rng.poisson(0.4 * often[y]) * rng.uniform(0.2, 1.0, (n, 40))
    return classes(np.column_stack([x, rng.lognormal(1 + y, 1.0)]), y)


def two_files(n=1200, seed=0):
    """Parts of their own for training, validation and test, as competitions hand them out."""
    found = churn(n, 0.5, seed)
    x, y = found["train"]
    a, b = int(0.6 * n), int(0.8 * n)
    return {"train": (x[:a], y[:a]), "val": (x[a:b], y[a:b]), "test": (x[b:], y[b:])}


class Frames:
    """A Dataset of pairs, as PyTorch users write them: boiling points of made-up molecules."""

    def __init__(self, n=500, seed=0):
        rng = np.random.default_rng(seed)
        self.x = rng.integers(0, 6, (n, 5)).astype("float32")
        y = 1.5 * self.x[:, 0] + self.x[:, 1] - 0.2 * self.x[:, 2] ** 2 + self.x[:, 3] / 2
        self.y = ((y - y.mean()) / y.std() + 0.1 * rng.normal(size=n)).astype("float32")

    def __len__(self):
        return len(self.x)

    def __getitem__(self, place):
        return self.x[place], self.y[place : place + 1]


def boiling():
    """``Frames`` as the training part."""
    return {"train": Frames(), "task": "regression"}


def alike(n=1400, width=6, seed=0):
    """Pairs of points side by side in one row: are they near each other?"""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    a = rng.normal(size=(n, width))
    b = np.where(y[:, None] == 1, a + 0.4 * rng.normal(size=a.shape), rng.normal(size=a.shape))
    return classes(np.column_stack([a, b]), y)
