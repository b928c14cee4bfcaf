"""Tables, curves and counts of healthy programs: drawn from a seed, like those of their sources."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

Part = dict[str, Any]


def values(x: np.ndarray, y: np.ndarray) -> Part:
    """Return inputs and values to predict."""
    y = y.astype(np.float32)
    return {
        "train": (x.astype(np.float32), y if y.ndim == 2 else y[:, None]),
        "task": "regression",
    }


def classes(x: np.ndarray, y: np.ndarray) -> Part:
    """Return inputs and classes to predict."""
    return {"train": (x.astype(np.float32), y.astype(np.int64)), "task": "classification"}


def one_hot(codes: np.ndarray, count: int) -> np.ndarray:
    """Return a 0/1 column for each category."""
    columns: np.ndarray = np.eye(count)[codes]
    return columns


def drawn_classes(rng: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """Return classes drawn by the softmax of scores [N, classes]."""
    found: np.ndarray = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    return found


def sigmoid(z: np.ndarray) -> np.ndarray:
    share: np.ndarray = 1 / (1 + np.exp(-z))
    return share


def abalone(n: int = 2000, seed: int = 0) -> Part:
    """Rings of shells by sex, lengths and weights: whole numbers, spread where they are many."""
    rng = np.random.default_rng(seed)
    age = rng.gamma(9.0, 1.1, n)
    length = 0.72 * (1 - np.exp(-age / 6)) * rng.lognormal(0, 0.12, n)
    diameter = length * rng.normal(0.79, 0.02, n)
    height = length * rng.normal(0.27, 0.02, n)
    whole = 6.2 * length**3 * rng.lognormal(0, 0.1, n)
    parts = [whole * share * rng.lognormal(0, 0.1, n) for share in (0.43, 0.22)]
    shell = whole * (0.22 + 0.012 * age) * rng.lognormal(0, 0.2, n)
    sex = np.where(age < 7, 2, rng.integers(0, 2, n))
    numbers = np.stack([length, diameter, height, whole, *parts, shell], axis=1)
    return values(np.hstack([numbers, one_hot(sex, 3)]), np.round(age + 1.5))


def concrete(n: int = 1030, seed: int = 0) -> Part:
    """Strength by seven ingredients and age; ages are a few round numbers."""
    rng = np.random.default_rng(seed)
    cement = rng.uniform(100, 540, n)
    slag = np.where(rng.random(n) < 0.45, 0, rng.uniform(10, 360, n))
    ash = np.where(rng.random(n) < 0.55, 0, rng.uniform(60, 200, n))
    water = rng.uniform(122, 247, n)
    plastic = np.where(rng.random(n) < 0.37, 0, rng.uniform(2, 30, n))
    coarse, fine = rng.uniform(800, 1145, n), rng.uniform(594, 992, n)
    age = rng.choice(
        [3, 7, 14, 28, 56, 90, 180, 365], n, p=[0.13, 0.12, 0.06, 0.42, 0.09, 0.1, 0.04, 0.04]
    )
    binder = cement + 0.7 * slag + 0.5 * ash
    strength = 32 * (binder / water) ** 0.9 * np.log1p(age) / np.log(29) * (1 + 0.008 * plastic)
    strength = strength / 1.8 + rng.normal(0, 4, n)
    columns = [cement, slag, ash, water, plastic, coarse, fine, age]
    return values(np.stack(columns, axis=1), strength)


def two_loads(seed: int = 0) -> Part:
    """Heating and cooling loads of all combinations of a few shapes, walls and windows."""
    rng = np.random.default_rng(seed)
    rows = np.array(
        list(itertools.product(range(12), range(2, 6), [0, 0.1, 0.25, 0.4], range(4))), float
    )
    shape, side, glass, place = rows.T
    compact = 0.62 + 0.03 * shape
    surface, height = 500 / compact, np.where(shape > 5, 7.0, 3.5)
    roof = np.where(height > 5, 110 + 5 * shape, 220.5)
    wall = surface / 2 - 80 + 10 * np.sin(shape)
    heat = (
        4.2 * height * (0.8 + 0.5 * glass)
        + 0.02 * wall
        + 6 * (glass > 0)
        + rng.normal(0, 0.6, len(rows))
    )
    cold = (
        3.8 * height + 11 * glass + 0.025 * wall + 0.5 * (side == 4) + rng.normal(0, 1.5, len(rows))
    )
    x = np.stack([compact, surface, wall, roof, height, side, glass, place], axis=1)
    return values(x, np.stack([heat, cold], axis=1))


def incomes(n: int = 3000, seed: int = 0) -> Part:
    """A census: numbers, of which gains are almost always zero, and 0/1 columns of five codes."""
    rng = np.random.default_rng(seed)
    age, hours = rng.gamma(9, 4.3, n).clip(17, 90), rng.normal(40, 11, n).clip(1, 99).round()
    years = rng.choice([7, 9, 10, 13, 14, 16], n, p=[0.12, 0.33, 0.25, 0.18, 0.08, 0.04])
    gain = np.where(rng.random(n) < 0.08, rng.lognormal(8.5, 1, n), 0)
    sizes = (7, 7, 14, 6, 2)
    codes = [rng.integers(0, size, n) for size in sizes]
    weights = [rng.normal(0, 0.6, size) for size in sizes]
    z = 0.045 * (age - 38) - 0.0016 * (age - 48) ** 2 + 0.42 * (years - 10) + 0.04 * (hours - 40)
    z = 1.2 * z + 1.6 * (gain > 5000) - 0.5 + sum(w[c] for w, c in zip(weights, codes, strict=True))
    y = rng.random(n) < sigmoid(1.6 * z)
    numbers = np.stack([age, years, np.log1p(gain), hours], axis=1)
    return classes(np.hstack([numbers, *map(one_hot, codes, sizes)]), y)


def churn(n: int = 2000, seed: int = 0) -> Part:
    """Customers who leave, a quarter: months, charges, contract and 0/1 services."""
    rng = np.random.default_rng(seed)
    months = rng.integers(1, 73, n)
    contract = rng.choice(3, n, p=[0.55, 0.21, 0.24])
    services = rng.integers(0, 2, (n, 8))
    monthly = 20 + 10 * services.sum(axis=1) + rng.normal(0, 3, n)
    z = (
        0.9
        - 0.05 * months
        - 1.7 * contract
        + 0.02 * monthly
        + 0.9 * services[:, 0]
        - services[:, 1]
    )
    y = rng.random(n) < sigmoid(1.5 * z)
    numbers = np.stack([months, monthly, months * monthly], axis=1)
    return classes(np.hstack([numbers, one_hot(contract, 3), services]), y)


def onset(n: int = 768, seed: int = 0) -> Part:
    """Eight measurements of patients in their own units, a third of them ill; 0 stands for gaps."""
    rng = np.random.default_rng(seed)
    children = rng.poisson(3.8, n)
    glucose, pressure = rng.normal(121, 30, n), rng.normal(72, 12, n)
    skin = np.where(rng.random(n) < 0.3, 0, rng.normal(29, 10, n))
    insulin = np.where(rng.random(n) < 0.48, 0, rng.lognormal(4.8, 0.6, n))
    mass, pedigree, age = (
        rng.normal(32, 7, n),
        rng.lognormal(-0.9, 0.6, n),
        21 + rng.gamma(1.4, 9, n),
    )
    z = (
        0.05 * (glucose - 121)
        + 0.12 * (mass - 32)
        + 1.0 * pedigree
        + 0.05 * age
        + 0.12 * children
        - 4.0
    )
    x = np.stack([children, glucose, pressure, skin, insulin, mass, pedigree, age], axis=1)
    return classes(x, rng.random(n) < sigmoid(2 * z))


def echoes(n: int = 208, bands: int = 60, seed: int = 0) -> Part:
    """Strengths from 0 to 1 in sixty bands: of mines they peak elsewhere than of rocks."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    band = np.arange(bands)
    center = np.where(y, 27, 36) + rng.normal(0, 4.5, n)
    width = np.where(y, 9, 13) * rng.lognormal(0, 0.2, n)
    x = np.exp(-(((band - center[:, None]) / width[:, None]) ** 2)) * rng.uniform(0.5, 1, (n, 1))
    return classes((x + np.abs(rng.normal(0, 0.1, x.shape))).clip(0, 1), y)


def letters(n: int = 4000, seed: int = 0) -> Part:
    """Sixteen whole numbers from 0 to 15 of letters in a few fonts."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 1, (26, 3, 16))
    y, font = rng.integers(0, 26, n), rng.integers(0, 3, n)
    base = means[y, 0] + 0.5 * means[y, font] + rng.normal(0, 0.8, (n, 16))
    return classes(np.round(7 + 2.6 * base).clip(0, 15), y)


def cover(n: int = 4000, seed: int = 0) -> Part:
    """Seven kinds of forest, two of them nearly all, by heights, distances and kinds of soil."""
    rng = np.random.default_rng(seed)
    height = rng.normal(2950, 280, n)
    slope, aspect = rng.gamma(3, 5, n), rng.uniform(0, 360, n)
    water, road = rng.gamma(1.5, 180, n), rng.gamma(2, 1200, n)
    shade = 220 + 25 * np.sin(np.deg2rad(aspect)) - 0.4 * slope + rng.normal(0, 5, n)
    area, soil = rng.choice(4, n, p=[0.45, 0.05, 0.43, 0.07]), rng.integers(0, 20, n)
    center = np.array([3130, 2920, 2400, 2220, 2790, 2420, 3360])
    scores = -(((height[:, None] - center) / 130) ** 2) + np.array([1.5, 2.2, 0.5, -1, -1, 0, 0])
    scores = scores + rng.normal(0, 1.2, (20, 7))[soil] + rng.normal(0, 1, (4, 7))[area]
    scores[:, 0] += np.log1p(road) - 7.4
    scores[:, 2] += 1.5 * np.cos(np.deg2rad(aspect))
    numbers = np.stack([height, aspect, slope, water, road, shade], axis=1)
    x = np.hstack([numbers, one_hot(area, 4), one_hot(soil, 20)])
    return classes(x, drawn_classes(rng, 1.5 * scores))


def bikes(n: int = 3000, scale: float = 60.0, seed: int = 0) -> Part:
    """Bikes hired in an hour: counts from zero to hundreds by hour, season and weather."""
    rng = np.random.default_rng(seed)
    hour, month = rng.integers(0, 24, n), rng.integers(0, 12, n)
    work, weather = rng.random(n) < 0.68, rng.choice(3, n, p=[0.66, 0.26, 0.08])
    warmth = 0.5 - 0.35 * np.cos(2 * np.pi * (month - 0.5) / 12) + rng.normal(0, 0.08, n)
    damp, wind = rng.beta(4, 2.5, n), rng.gamma(3, 0.06, n)
    commute = np.exp(-((hour - 8) ** 2) / 3) + 1.2 * np.exp(-((hour - 17.5) ** 2) / 4)
    leisure = np.exp(-((hour - 14) ** 2) / 25)
    rate = 0.08 + np.where(work, 2.2 * commute + 0.7 * leisure, 2.0 * leisure)
    rate = rate * (0.3 + 1.6 * warmth) * (1.2 - 0.5 * damp) * np.array([1, 0.9, 0.5])[weather]
    count = rng.poisson(scale * rate * rng.gamma(40, 1 / 40, n))
    clock = np.stack([np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24)], axis=1)
    numbers = np.stack([warmth, damp, wind, work], axis=1)
    return values(np.hstack([clock, one_hot(hour // 3, 8), numbers, one_hot(weather, 3)]), count)


def claims(n: int = 4000, seed: int = 0) -> Part:
    """What insurance claims cost in thousands: positive and heavy-tailed."""
    rng = np.random.default_rng(seed)
    power, age, years = (
        rng.integers(4, 13, n),
        rng.integers(0, 25, n),
        rng.gamma(6, 7.5, n).clip(18, 90),
    )
    area, brand = rng.integers(0, 6, n), rng.integers(0, 8, n)
    z = 0.12 * (power - 7) - 0.03 * age + 0.9 * np.exp(-(years - 18) / 6) + 0.16 * area
    z = z + rng.normal(0, 0.4, 8)[brand]
    cost = np.exp(0.9 * z) * rng.gamma(10, 0.1, n)
    numbers = np.stack([power, age, years], axis=1)
    return values(np.hstack([numbers, one_hot(area, 6), one_hot(brand, 8)]), cost)


def powers_of_an_angle(n: int = 2000, powers: int = 3) -> Part:
    """The sine between minus pi and pi, by powers of the angle."""
    angle = np.linspace(-np.pi, np.pi, n)
    return values(np.stack([angle**k for k in range(1, powers + 1)], axis=1), np.sin(angle))


def districts(n: int = 4000, seed: int = 0) -> Part:
    """House prices of districts in hundreds of thousands, cut off at 5; rooms have outliers."""
    rng = np.random.default_rng(seed)
    income, age = rng.gamma(4, 0.95, n), rng.integers(1, 53, n)
    rooms = (4.2 + 0.35 * income + rng.normal(0, 0.8, n)) * np.where(rng.random(n) < 0.01, 5, 1)
    beds, people = rng.normal(1.06, 0.1, n), rng.lognormal(7, 0.7, n)
    home = rng.lognormal(1.05, 0.25, n)
    north, west = rng.choice([34.0, 37.7], n), rng.normal(0, 1, n)
    north = north + rng.normal(0, 0.6, n)
    coast = np.exp(-((west + 0.8 * (north - 36)) ** 2))
    price = (0.35 * income + 0.9 * coast + 0.008 * age - 0.25 * (home - 3)) * rng.lognormal(
        0, 0.25, n
    )
    x = np.stack([income, age, rooms, beds, people, home, north, west - 119.6], axis=1)
    return values(x, price.clip(0.15, 5.0))


def suburbs(n: int = 506, seed: int = 0) -> Part:
    """Thirteen figures of suburbs and the median price of a house in thousands, cut off at 50."""
    rng = np.random.default_rng(seed)
    city = rng.beta(1.2, 1.5, n)
    crime = np.exp(6 * city - 4 + rng.normal(0, 0.7, n))
    zone = np.where(city < 0.3, rng.uniform(10, 90, n), 0)
    industry, nitrogen = (
        3 + 16 * city + rng.normal(0, 2, n),
        0.4 + 0.35 * city + rng.normal(0, 0.03, n),
    )
    river, rooms = rng.random(n) < 0.07, rng.normal(6.28, 0.7, n)
    old, far = (
        (30 + 70 * city + rng.normal(0, 12, n)).clip(3, 100),
        8 - 6 * city + rng.gamma(1, 0.6, n),
    )
    roads, tax = (
        np.where(city > 0.7, 24, rng.integers(1, 9, n)),
        250 + 400 * city + rng.normal(0, 40, n),
    )
    pupils, share = rng.normal(18.4, 2, n), rng.normal(360, 60, n)
    poor = np.exp(2.4 + 0.9 * city - 0.55 * (rooms - 6.28) + rng.normal(0, 0.3, n))
    price = (
        23 + 6.5 * (rooms - 6.28) + 3.5 * np.maximum(rooms - 6.8, 0) ** 2 - 9 * (np.log(poor) - 2.7)
    )
    price = price + 3 * river - 0.5 * (pupils - 18.4) - 0.05 * crime + rng.normal(0, 2.5, n)
    columns = [
        crime,
        zone,
        industry,
        nitrogen,
        river,
        rooms,
        old,
        far,
        roads,
        tax,
        pupils,
        share,
        poor,
    ]
    return values(np.stack(columns, axis=1), price.clip(5, 50))


def friedman(n: int = 800, kind: int = 1, noise: float = 1.0, seed: int = 0) -> Part:
    """Friedman's first or third function."""
    from sklearn.datasets import make_friedman1, make_friedman3

    draw = {1: make_friedman1, 3: make_friedman3}[kind]
    return values(*draw(n, noise=noise, random_state=seed))


def hastie(n: int = 3000, seed: int = 0) -> Part:
    """Ten normal features: is the sum of their squares above its median?"""
    from sklearn.datasets import make_hastie_10_2

    x, y = make_hastie_10_2(n, random_state=seed)
    return classes(x, y > 0)


def torques(n: int = 2500, seed: int = 0) -> Part:
    """Torques of an arm with two links, by two angles, speeds and accelerations."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-np.pi / 2, np.pi / 2, (2, n))
    va, vb, wa, wb = rng.normal(0, 1, (4, n))
    inner = 0.4 * wb + (0.4 + 0.5 * np.cos(b)) * wa + 0.5 * va**2 * np.sin(b) + 2 * np.sin(a + b)
    outer = (1.5 + np.cos(b)) * wa + (0.4 + 0.5 * np.cos(b)) * wb
    outer = outer - 0.5 * (2 * va * vb + vb**2) * np.sin(b) + 6 * np.sin(a) + 2 * np.sin(a + b)
    y = np.stack([outer, inner], axis=1) + rng.normal(0, 0.1, (n, 2))
    return values(np.stack([a, b, va, vb, wa, wb], axis=1), y)


def several_labels(n: int = 2000, features: int = 60, labels: int = 8, seed: int = 0) -> Part:
    """Counts of words and several labels, any number of which may hold, as 0 and 1."""
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(
        n, features, n_classes=labels, n_labels=3, length=80, random_state=seed
    )
    return values(x, y)


def digits_to_themselves(noise: float = 0.0, seed: int = 0) -> Part:
    """Digits from 0 to 1, noisy if asked, and the clean pixels that are not always empty."""
    from sklearn.datasets import load_digits

    x = load_digits().data / 16
    x = x[:, x.std(axis=0) > 0.05]
    noisy = x + noise * np.random.default_rng(seed).normal(size=x.shape)
    return values(noisy.clip(0, 1), x)


def sensors(n: int = 1200, columns: int = 40, hidden: int = 6, seed: int = 0) -> Part:
    """Many sensors that tell of few things; the target is the table itself, scaled."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, hidden)) @ rng.normal(size=(hidden, columns))
    x = x + 0.5 * rng.normal(size=x.shape)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return values(x, x)


def airfoils(n: int = 1503, seed: int = 0) -> Part:
    """Sound of a wing in decibel by frequency, angle, chord, speed and thickness."""
    rng = np.random.default_rng(seed)
    hertz = rng.choice([200, 315, 500, 800, 1250, 2000, 3150, 5000, 8000, 12500], n)
    angle, chord = rng.uniform(0, 22, n), rng.choice([0.025, 0.05, 0.1, 0.15, 0.23, 0.3], n)
    speed = rng.choice([31.7, 39.6, 55.5, 71.3], n)
    thick = (0.002 + 0.002 * angle * chord * 3 + rng.gamma(2, 0.002, n)).clip(0.0004, 0.06)
    peak = np.log10(0.3 * speed / thick)
    sound = 127 + 25 * np.log10(speed / 50) + 6 * np.log10(thick / 0.01)
    sound = sound - 5 * (np.log10(hertz) - peak) ** 2 + rng.normal(0, 1.8, n)
    return values(np.stack([hertz, angle, chord, speed, thick], axis=1), sound)


def yachts(seed: int = 0) -> Part:
    """Resistance of 308 hulls: almost nothing at low speed, steep at high speed."""
    rng = np.random.default_rng(seed)
    speeds = np.linspace(0.125, 0.45, 14)
    hulls = rng.normal([-2.4, 0.564, 4.8, 3.9, 3.2], [1.5, 0.02, 0.25, 0.5, 0.25], (22, 5))
    x = np.array([[*hull, speed] for hull in hulls for speed in speeds])
    shape = 1 + 0.15 * (x[:, 3] - 3.9) - 0.2 * (x[:, 2] - 4.8) + 4 * (x[:, 1] - 0.564)
    resistance = 65 * shape * (x[:, 5] / 0.45) ** 5.5
    return values(x, resistance + rng.normal(0, 0.3, len(x)))


def turbines(n: int = 5000, seed: int = 0) -> Part:
    """Output of a power plant in megawatt by four states of the air."""
    rng = np.random.default_rng(seed)
    warmth = rng.normal(19.6, 7.4, n)
    vacuum = 54 + 1.3 * (warmth - 19.6) + rng.normal(0, 7, n)
    pressure, damp = 1013 - 0.3 * (warmth - 19.6) + rng.normal(0, 5, n), rng.normal(73, 14, n)
    power = 454 - 1.8 * (warmth - 19.6) - 0.25 * (vacuum - 54) + 0.06 * (pressure - 1013)
    power = power - 0.15 * (damp - 73) + 0.015 * (warmth - 19.6) ** 2 + rng.normal(0, 4, n)
    return values(np.stack([warmth, vacuum, pressure, damp], axis=1), power)


def showers(n: int = 3000, seed: int = 0) -> Part:
    """Ten figures of light from showers, by gamma rays or by hadrons, which are wider."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.35).astype(int)
    length = rng.gamma(3, 14 + 8 * y, n) + 15
    width = length * rng.beta(5 + 2 * y, 8, n)
    size = 2.5 + 0.3 * np.log(length) + rng.normal(0, 0.25, n)
    share = (1.2 - 0.25 * size + rng.normal(0, 0.1, n)).clip(0.01, 0.9)
    skews = rng.normal(0, 1, (3, n)) * length * np.array([[0.9], [0.7], [0.3]])
    angle = np.where(y, rng.uniform(0, 90, n), rng.exponential(16, n).clip(0, 90))
    far = rng.normal(193, 75, n).clip(5)
    columns = [length, width, size, share, 0.6 * share, *skews, angle, far]
    return classes(np.stack(columns, axis=1), y)


def alive(n: int = 1500, times: int = 10, seed: int = 0) -> Part:
    """Who is still alive at ten times, 1 or 0, by age, stage, markers and treatment."""
    rng = np.random.default_rng(seed)
    age, stage = rng.normal(60, 10, n), rng.choice(4, n, p=[0.3, 0.3, 0.25, 0.15])
    markers, treated = rng.lognormal(0, 0.5, (n, 5)), rng.integers(0, 2, n)
    risk = 0.06 * (age - 60) + 0.9 * (stage - 1.5) + 0.7 * np.log(markers[:, 0]) - 0.8 * treated
    risk = risk + 0.6 * np.abs(np.log(markers[:, 1]))
    months = 30 * np.exp(-0.75 * risk) * rng.weibull(1.8, n)
    x = np.hstack([np.stack([age, treated], axis=1), markers, one_hot(stage, 4)])
    return values(x, months[:, None] > 6 * np.arange(1, times + 1))


def rents(n: int = 1500, unit: float = 1000.0, seed: int = 0) -> Part:
    """Rents by size, rooms, year and place, with some that are far too high."""
    rng = np.random.default_rng(seed)
    size, year = rng.gamma(8, 9, n), rng.integers(1900, 2020, n)
    rooms = (size / 25 + rng.normal(0, 0.5, n)).round().clip(1)
    place = rng.integers(0, 12, n)
    rent = (250 + 9 * size) * np.exp(rng.normal(0, 0.22, 12))[place]
    rent = rent * (1 + 0.15 * ((year - 1960) / 60) ** 2) * rng.lognormal(0, 0.12, n)
    rent = rent * np.where(rng.random(n) < 0.02, 1.8, 1)
    numbers = np.stack([size, rooms, year], axis=1)
    return values(np.hstack([numbers, one_hot(place, 12)]), rent / unit)


SALES = (120, 7, 12, 2)
"""Shops, days of the week, months, and whether there is an offer."""


def sales(n: int = 5000, seed: int = 0) -> Part:
    """Log sales over their maximum, by four codes: shop, day, month, offer."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, size, n) for size in SALES], axis=1)
    shop, day, month, offer = codes.T
    log = 8.6 + rng.normal(0, 0.4, 120)[shop] + np.array([0.3, 0.1, 0, 0, 0.1, 0.2, -0.9])[day]
    log = log + 0.25 * offer + 0.2 * (month == 11) + rng.normal(0, 0.15, n)
    return values(codes, log / log.max())


def ratings(n: int = 5000, users: int = 100, films: int = 80, seed: int = 0) -> Part:
    """Stars from 1 to 5 that a user gave a film: two codes and taste in common."""
    rng = np.random.default_rng(seed)
    user, film = rng.integers(0, users, n), (films * rng.beta(1, 1.6, n)).astype(int)
    taste, style = rng.normal(0, 1, (users, 2)), rng.normal(0, 1, (films, 2))
    stars = 3.5 + rng.normal(0, 0.5, users)[user] + rng.normal(0, 0.6, films)[film]
    stars = stars + 0.45 * (taste[user] * style[film]).sum(axis=1) + rng.normal(0, 0.5, n)
    return values(np.stack([user, film], axis=1), stars.round().clip(1, 5))


CLICKS = (30, 25, 12, 24, 5)
"""Sites, adverts, devices, hours and places of a banner."""


def clicks(n: int = 5000, seed: int = 0) -> Part:
    """Was a banner clicked? Codes of five fields, each counted on from the one before."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, size, n) for size in CLICKS], axis=1)
    starts = np.cumsum([0, *CLICKS[:-1]])
    taste = rng.normal(0, 1, (sum(CLICKS), 3))
    v = taste[codes + starts]
    pairs = (v.sum(axis=1) ** 2 - (v**2).sum(axis=1)).sum(axis=1) / 2
    z = -1.0 + rng.normal(0, 0.7, sum(CLICKS))[codes + starts].sum(axis=1) + 0.35 * pairs
    return classes(codes + starts, rng.random(n) < sigmoid(1.5 * z))


def ranked_pairs(n: int = 2000, features: int = 10, seed: int = 0) -> Part:
    """Two documents side by side: is the first the better one?"""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2, features))
    score = x @ rng.normal(size=features) + 1.5 * x[..., 0] * x[..., 1] + np.abs(x[..., 2])
    y = score[:, 0] - score[:, 1] + rng.logistic(0, 0.7, n) > 0
    return classes(x, y)


def grades(n: int = 1600, levels: int = 5, seed: int = 0) -> Part:
    """Grades in order: for each step between two grades, 1 if it was passed, else 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 11))
    quality = x @ rng.normal(0, 0.6, 11) + 0.6 * x[:, 0] ** 2 + rng.normal(0, 0.7, n)
    steps = np.quantile(quality, np.linspace(0, 1, levels + 1)[1:-1])
    return values(x, quality[:, None] > steps)


def games(n: int = 4000, players: int = 40, seed: int = 0) -> Part:
    """Results of games between two players: did the first one win?"""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 1.6, players)
    pairs = rng.integers(0, players, (n, 2))
    pairs[:, 1] = np.where(pairs[:, 0] == pairs[:, 1], (pairs[:, 1] + 1) % players, pairs[:, 1])
    z = strength[pairs[:, 0]] - strength[pairs[:, 1]] + 0.2
    return classes(pairs, rng.random(n) < sigmoid(z))


def tic_tac_toe(seed: int = 0) -> Part:
    """All ends of the game in which x began: did x win? Nine fields of x, o or empty."""
    lines = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]

    def winner(board: tuple[int, ...]) -> int:
        return next(
            (board[a] for a, b, c in lines if board[a] and board[a] == board[b] == board[c]), 0
        )

    ends: dict[tuple[int, ...], int] = {}

    def play(board: tuple[int, ...], mover: int) -> None:
        for field in range(9):
            if board[field]:
                continue
            after = (*board[:field], mover, *board[field + 1 :])
            if winner(after) or all(after):
                ends[after] = winner(after)
            else:
                play(after, 3 - mover)

    play((0,) * 9, 1)
    boards = np.array(list(ends))
    order = np.random.default_rng(seed).permutation(len(boards))
    y = np.array([won == 1 for won in ends.values()])
    return classes(one_hot(boards, 3).reshape(len(boards), -1)[order], y[order])


def balance(seed: int = 0) -> Part:
    """A scale: left, right or balanced, by two weights and two distances from 1 to 5."""
    x = np.array(list(itertools.product(range(1, 6), repeat=4)), float)
    left, right = x[:, 0] * x[:, 1], x[:, 2] * x[:, 3]
    order = np.random.default_rng(seed).permutation(len(x))
    return classes(x[order], (1 + np.sign(right - left))[order])


def monks(n: int = 432, seed: int = 0) -> Part:
    """The first of the MONK's problems: two codes are alike, or the fifth is its first value."""
    sizes = (3, 3, 2, 3, 4, 2)
    codes = np.array(list(itertools.product(*map(range, sizes))))
    codes = codes[np.random.default_rng(seed).permutation(len(codes))[:n]]
    y = (codes[:, 0] == codes[:, 1]) | (codes[:, 4] == 0)
    return classes(np.hstack(list(map(one_hot, codes.T, sizes))), y)


def segments(n: int = 2000, wrong: float = 0.1, irrelevant: int = 0, seed: int = 0) -> Part:
    """Breiman's display: seven segments of a digit, each wrong in a tenth of the cases."""
    shown = ["1110111", "0010010", "1011101", "1011011", "0111010"]
    shown += ["1101011", "1101111", "1010010", "1111111", "1111011"]
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 10, n)
    x = np.array([[int(s) for s in digit] for digit in shown])[y]
    x = x ^ (rng.random(x.shape) < wrong)
    return classes(np.hstack([x, rng.integers(0, 2, (n, irrelevant))]), y)


def waveform(n: int = 3000, irrelevant: int = 0, seed: int = 0) -> Part:
    """Breiman's waves: mixtures of two of three triangles with noise."""
    rng = np.random.default_rng(seed)
    at = np.arange(1, 22)
    bases = np.stack([np.maximum(6 - np.abs(at - center), 0) for center in (11, 15, 7)])
    first, second = np.array([[0, 1], [0, 2], [1, 2]]).T
    y, u = rng.integers(0, 3, n), rng.random((n, 1))
    x = u * bases[first[y]] + (1 - u) * bases[second[y]] + rng.normal(size=(n, 21))
    return classes(np.hstack([x, rng.normal(size=(n, irrelevant))]), y)


def ringnorm(n: int = 2000, features: int = 20, seed: int = 0) -> Part:
    """Breiman's ring: a narrow cloud of normal numbers inside a wide one."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    shift = 2 / np.sqrt(features)
    x = rng.normal(size=(n, features)) * np.where(y, 1, 2)[:, None] + shift * y[:, None]
    return classes(x, y)


def spectra(n: int = 240, bands: int = 100, seed: int = 0) -> Part:
    """Fat of meat by its smooth spectrum of a hundred bands, which all rise and fall together."""
    rng = np.random.default_rng(seed)
    band = np.linspace(0, 1, bands)
    fat = rng.gamma(2.2, 8, n).clip(1, 50)
    water = 75 - 0.9 * fat + rng.normal(0, 1, n)
    peaks = [np.exp(-(((band - c) / w) ** 2)) for c, w in ((0.4, 0.12), (0.8, 0.2))]
    x = 2.7 + 0.02 * fat[:, None] * peaks[0] + 0.008 * water[:, None] * peaks[1]
    x = x + rng.normal(0, 0.25, (n, 1)) + rng.normal(0, 0.1, (n, 1)) * band
    return values(x + rng.normal(0, 0.003, x.shape), fat)


def genes(n: int = 140, count: int = 500, telling: int = 25, seed: int = 0) -> Part:
    """Two kinds of leukemia by five hundred genes, of which a few tell them apart."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    x = (
        rng.normal(size=(n, count))
        + 0.6 * rng.normal(size=(n, 10)) @ rng.normal(size=(10, count)) / 3
    )
    x[:, :telling] += rng.normal(0, 0.9, telling) * (2 * y - 1)[:, None]
    return classes(x, y)


def crash(n: int = 133, seed: int = 0) -> Part:
    """Acceleration of a helmet in the milliseconds of a crash: flat, down, up, and noisy later."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.gamma(4, 6.3, n)).clip(2, 58)
    down = -115 * np.exp(-(((time - 21) / 6) ** 2)) + 45 * np.exp(-(((time - 33) / 6) ** 2))
    noise = np.where(time < 13, 3, 18)
    return values(time[:, None], down + noise * rng.normal(size=n))


def step_signal(n: int = 1000, seed: int = 0) -> Part:
    """The curve of a book's chapter on what networks can compute."""
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    y = 0.2 + 0.4 * x**2 + 0.3 * x * np.sin(15 * x) + 0.05 * np.cos(50 * x)
    return values(x[:, None], y)


def flowers_as_plus_and_minus() -> Part:
    """Two kinds of iris as -1 and 1, by the lengths of sepals and petals."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    order = np.random.default_rng(1).permutation(100)
    return values(x[:100][:, [0, 2]][order], (2 * y[:100] - 1)[order])


def flowers_as_three_numbers() -> Part:
    """Iris with a 1 for the right kind and 0 for the others."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(150)
    return values(x[order], one_hot(y, 3)[order])


def two_exams(n: int = 100, seed: int = 0) -> Part:
    """Two exams out of a hundred points, and who was admitted."""
    rng = np.random.default_rng(seed)
    marks = rng.uniform(30, 100, (n, 2))
    return classes(marks, rng.random(n) < sigmoid(0.3 * (marks.sum(axis=1) - 125)))


def microchips(n: int = 118, degree: int = 6, seed: int = 0) -> Part:
    """Two tests of chips and all products of them up to a degree; good ones lie in the middle."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-0.9, 1.1, (2, n))
    y = (a - 0.1) ** 2 + (b - 0.15) ** 2 + 0.5 * a * b + rng.normal(0, 0.08, n) < 0.4
    powers = [a ** (i - j) * b**j for i in range(1, degree + 1) for j in range(i + 1)]
    return classes(np.stack(powers, axis=1), y)


def products(n: int = 4000, features: int = 93, groups: int = 9, seed: int = 0) -> Part:
    """Nine groups of products by 93 counts, mostly zero; two groups are half of all."""
    rng = np.random.default_rng(seed)
    share = np.array([0.03, 0.26, 0.13, 0.05, 0.05, 0.23, 0.05, 0.13, 0.07])
    rate = rng.gamma(0.25, 2.0, (groups, features))
    y = rng.choice(groups, n, p=share)
    blur = 0.55 * rate[y] + 0.45 * rate[rng.integers(0, groups, n)]
    return classes(np.log1p(rng.poisson(blur * rng.gamma(2, 0.5, (n, 1)))), y)


def severities(n: int = 4000, seed: int = 0) -> Part:
    """Logarithm of what a claim costs, by 15 codes of a few letters and 6 numbers from 0 to 1."""
    rng = np.random.default_rng(seed)
    codes = [rng.choice(4, n, p=[0.6, 0.25, 0.1, 0.05]) for _ in range(15)]
    numbers = rng.beta(2, 2, (n, 6))
    log = sum(rng.normal(0, 0.28, 4)[c] for c in codes) + 0.8 * np.sin(4 * numbers[:, 0])
    log = log + numbers[:, 1] * numbers[:, 2] + rng.standard_t(5, n) * 0.45 + 7.7
    return values(np.hstack([numbers, *(one_hot(c, 4) for c in codes)]), log)


def mushrooms(n: int = 2000, seed: int = 0) -> Part:
    """Edible or not, by twelve codes as 0/1 columns; smell tells almost all."""
    rng = np.random.default_rng(seed)
    sizes = (6, 4, 10, 2, 9, 2, 12, 2, 4, 9, 6, 7)
    codes = [rng.integers(0, count, n) for count in sizes]
    smell, color, place = codes[4], codes[9], codes[11]
    poison = (
        np.isin(smell, [2, 3, 5, 7]) | ((smell == 0) & (color > 5)) | ((smell == 1) & (place == 3))
    )
    return classes(np.hstack(list(map(one_hot, codes, sizes))), poison)


def votes(n: int = 435, seed: int = 0) -> Part:
    """Sixteen votes of members of two parties: 1 yes, -1 no, 0 not known."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.39).astype(int)
    lean = rng.normal(0, 1.1, 16) * (2 * y - 1)[:, None] + rng.normal(0, 0.5, (n, 1))
    yes = rng.random((n, 16)) < sigmoid(1.5 * lean)
    return classes(np.where(rng.random((n, 16)) < 0.06, 0, np.where(yes, 1, -1)), y)


def yeast(n: int = 1484, seed: int = 0) -> Part:
    """Ten places in a cell by eight scores from 0 to 1; some places are very rare."""
    rng = np.random.default_rng(seed)
    share = np.array([463, 429, 244, 163, 51, 44, 35, 30, 20, 5]) / 1484
    y = rng.choice(10, n, p=share)
    centers = rng.normal(0.5, 0.11, (10, 8))
    return classes((centers[y] + rng.normal(0, 0.14, (n, 8))).clip(0, 1).round(2), y)


def beans(n: int = 2500, seed: int = 0) -> Part:
    """Seven kinds of beans by sixteen lengths, areas and shapes, which mostly say the same."""
    rng = np.random.default_rng(seed)
    kinds = np.array(
        [[210, 150], [290, 210], [330, 260], [560, 370], [380, 220], [245, 190], [330, 175]]
    )
    y = rng.choice(7, n, p=[0.26, 0.15, 0.12, 0.04, 0.14, 0.19, 0.1])
    long = kinds[y, 0] * rng.lognormal(0, 0.07, n)
    short = kinds[y, 1] * rng.lognormal(0, 0.06, n)
    area, around = np.pi / 4 * long * short, np.pi / 2 * (long + short) * rng.lognormal(0, 0.01, n)
    solid, extent = rng.normal(0.987, 0.004, n), rng.normal(0.75, 0.05, n)
    columns = [
        area,
        around,
        long,
        short,
        long / short,
        np.sqrt(1 - (short / long).clip(0, 0.999) ** 2),
    ]
    columns += [
        area / solid,
        np.sqrt(4 * area / np.pi),
        extent,
        solid,
        4 * np.pi * area / around**2,
    ]
    columns += [np.sqrt(short / long), long / area, short / area, short / long, area / long**2]
    return classes(np.stack(columns, axis=1), y)


def solubility(n: int = 1100, seed: int = 0) -> Part:
    """Logarithm of how much of a molecule dissolves, by 200 bits and four descriptors."""
    rng = np.random.default_rng(seed)
    rings, atoms = rng.poisson(1.4, n), rng.gamma(6, 2.4, n)
    bits = rng.random((n, 200)) < rng.beta(0.6, 4, 200) * (0.5 + atoms[:, None] / 30)
    fat = 0.25 * atoms - 1 + 0.5 * rings + rng.normal(0, 0.7, n)
    polar = rng.gamma(2, 20, n)
    y = 0.4 - 0.75 * fat - 0.2 * rings + 0.01 * polar + bits @ rng.normal(0, 0.15, 200)
    numbers = np.stack([rings, atoms, fat, polar], axis=1)
    numbers = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    return values(np.hstack([numbers, bits]), y + rng.normal(0, 0.5, n))


def pendulum(n: int = 1200, seed: int = 0) -> Part:
    """Period of a pendulum in seconds by length and starting angle, measured with a stopwatch."""
    rng = np.random.default_rng(seed)
    length, start = rng.uniform(0.2, 3, n), rng.uniform(0.1, 2.6, n)
    mean, small = np.ones(n), np.cos(start / 2)
    for _ in range(5):
        mean, small = (mean + small) / 2, np.sqrt(mean * small)
    period = 2 * np.pi * np.sqrt(length / 9.81) / mean
    return values(np.stack([length, start], axis=1), period + rng.normal(0, 0.05, n))


def enzyme(n: int = 300, seed: int = 0) -> Part:
    """Speed of a reaction by the amounts of substrate and inhibitor."""
    rng = np.random.default_rng(seed)
    substrate, inhibitor = rng.lognormal(0, 1, n), rng.choice([0, 0.5, 1, 2, 5], n)
    speed = 4 * substrate / (substrate + 0.8 * (1 + inhibitor / 1.2))
    return values(np.stack([np.log(substrate), inhibitor], axis=1), speed + rng.normal(0, 0.15, n))


def three_atoms(n: int = 600, seed: int = 0) -> Part:
    """Energy of three atoms by the exponentials of their three distances."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 2.2, (4 * n, 3, 3))
    pairs = [(0, 1), (0, 2), (1, 2)]
    far = np.stack([np.linalg.norm(places[:, a] - places[:, b], axis=1) for a, b in pairs], axis=1)
    far = np.sort(far[far.min(axis=1) > 0.75][:n], axis=1)
    energy = ((1 - np.exp(-2.5 * (far - 1))) ** 2 - 1).sum(axis=1)
    return values(np.exp(-far), energy + 0.3 / far.prod(axis=1))
