"""Data of healthy programs: pictures, series, spectra, texts as ids, drawn from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits

Parts = dict[str, Any]


def classes(x: Any, y: Any) -> Parts:
    return {"train": (np.asarray(x), np.asarray(y, dtype=np.int64)), "task": "classification"}


def values(x: Any, y: Any) -> Parts:
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    return {"train": (x, y), "task": "regression"}


def in_time(x: Any, y: Any, share: float = 0.8) -> Parts:
    """The first samples train, those after them validate: windows overlap."""
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    end = int(share * len(x))
    return {"train": (x[:end], y[:end]), "val": (x[end:], y[end:]), "task": "regression"}


# Pictures.


def textures(
    n: int = 1200, size: int = 16, kinds: int = 8, noise: float = 0.5, seed: int = 0
) -> Parts:
    """Waves of a direction and a width in a colour, [N, 3, size, size] in 0..255."""
    rng = np.random.default_rng(seed)
    y = rng.integers(kinds, size=n)
    row, column = np.mgrid[0:size, 0:size] / size
    angle = np.pi * y / kinds + rng.normal(0, 0.06, n)
    waves = 2.0 + 2.0 * (y % 2) + rng.normal(0, 0.15, n)
    along = np.cos(angle)[:, None, None] * row + np.sin(angle)[:, None, None] * column
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    grey = np.sin(2 * np.pi * waves[:, None, None] * along + phase)
    colour = rng.uniform(0.3, 1.0, (n, 3, 1, 1))
    x = grey[:, None] * colour + rng.normal(0, noise, (n, 3, size, size))
    return classes(np.clip(127 + 60 * x, 0, 255).astype(np.uint8), y)


def shapes(n: int = 1200, size: int = 16, noise: float = 0.15, seed: int = 0) -> Parts:
    """A disc, a ring, a square, a cross, or a triangle somewhere, in grey from 0 to 1."""
    rng = np.random.default_rng(seed)
    y = rng.integers(5, size=n)
    row, column = np.mgrid[0:size, 0:size]
    x = np.empty((n, 1, size, size), np.float32)
    for i in range(n):
        r = rng.uniform(0.2, 0.32) * size
        dy, dx = (row - rng.uniform(r, size - r)) / r, (column - rng.uniform(r, size - r)) / r
        far = np.hypot(dy, dx)
        box = np.maximum(abs(dy), abs(dx))
        forms = (
            far < 1,
            (far < 1.1) & (far > 0.6),
            box < 0.9,
            (box < 1) & (np.minimum(abs(dy), abs(dx)) < 0.3),
            (dy < 0.9) & (dy > 2 * abs(dx) - 1),
        )
        x[i, 0] = rng.uniform(0.6, 1.0) * forms[y[i]]
    return classes(x + rng.normal(0, noise, x.shape).astype(np.float32), y)


def letters(n: int = 2600, size: int = 12, kinds: int = 26, seed: int = 0) -> Parts:
    """Letters of an invented script: four strokes each, drawn by an unsteady hand, 0..255."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0.1, 0.9, (kinds, 5, 2))
    y = rng.integers(kinds, size=n)
    points = corners[y] + rng.normal(0, 0.035, (n, 5, 2)) + rng.normal(0, 0.04, (n, 1, 2))
    share = np.linspace(0, 1, 12)[:, None]
    grid = np.moveaxis(np.mgrid[0:size, 0:size], 0, -1) / (size - 1)
    x = np.zeros((n, size, size))
    for a, b in zip(range(4), range(1, 5), strict=True):
        for s in share:
            ink = points[:, a] * (1 - s) + points[:, b] * s
            far = ((grid[None] - ink[:, None, None]) ** 2).sum(-1)
            x = np.maximum(x, np.exp(-far / 0.004))
    return classes((255 * x).astype(np.uint8), y)


def noisy_digits(noise: float = 4.0, least: float = -1.0, seed: int = 0) -> Parts:
    """Digits with noise, and what they were without, both in 0..1; pixels that differ by more
    than ``least``."""
    clean = load_digits().data
    clean = clean[:, clean.std(0) > least]
    noisy = clean + np.random.default_rng(seed).normal(0, noise, clean.shape)
    return values(np.clip(noisy, 0, 16) / 16, clean / 16)


def two_digits(first: int = 3, second: int = 7) -> Parts:
    """Only two of the digits, as rows of 64 values in 0..1."""
    x, y = load_digits(return_X_y=True)
    kept = (y == first) | (y == second)
    return classes((x[kept] / 16).astype(np.float32), y[kept] == first)


def scratches(n: int = 1600, size: int = 16, share: float = 0.12, seed: int = 0) -> Parts:
    """Rolled steel; on a few pictures there is a bright scratch."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    x = rng.normal(0.5, 0.1, (n, 1, size, size)) + rng.normal(0, 0.06, (n, 1, 1, size))
    row, column = np.mgrid[0:size, 0:size]
    for i in np.flatnonzero(y):
        slope, start = rng.uniform(-0.7, 0.7), rng.uniform(4, size - 4)
        line = abs(column - start - slope * (row - size / 2)) < 0.8
        begin = rng.integers(0, size - 8)
        x[i, 0] += rng.uniform(0.25, 0.5) * (line & (row >= begin) & (row < begin + 8))
    return classes(x.astype(np.float32), y)


def photo(size: int = 40, colour: bool = False, seed: int = 0) -> Parts:
    """One picture: places in -1..1 and what is seen there, in -1..1."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    layers = []
    for _ in range(3 if colour else 1):
        layer = np.zeros_like(row)
        for _ in range(9):
            a, b, r = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.9), rng.uniform(0.1, 0.4)
            layer += rng.normal() * np.exp(-((row - a) ** 2 + (column - b) ** 2) / r**2)
        layers.append(layer / abs(layer).max())
    x = np.stack([row.ravel(), column.ravel()], 1)
    return values(x, np.stack([layer.ravel() for layer in layers], 1))


# Series and sensors.


def activities(n: int = 900, steps: int = 48, seed: int = 0, noise: float = 0.4) -> Parts:
    """A phone's acceleration along three axes [N, T, 3], while six things are done."""
    rng = np.random.default_rng(seed)
    y = rng.integers(6, size=n)
    hertz = np.array([0.0, 0.0, 0.0, 1.8, 1.5, 2.1])[y] * rng.normal(1, 0.07, n)
    strong = np.array([0.0, 0.0, 0.0, 1.0, 0.8, 1.5])[y] * rng.lognormal(0, 0.2, n)
    lean = np.array([[0, 0, 1], [0, 0.7, 0.7], [1, 0, 0], [0, 0, 1], [0.2, 0, 1], [-0.2, 0, 1]])[y]
    lean = lean + rng.normal(0, 0.15, (n, 3))
    time = np.arange(steps) / 16
    phase = rng.uniform(0, 2 * np.pi, n)
    turn = 2 * np.pi * hertz[:, None] * time + phase[:, None]
    beat = np.stack([0.5 * np.sin(turn), 0.3 * np.cos(2 * turn), np.sin(turn)], -1)
    x = 9.8 * (lean[:, None] + 0.3 * strong[:, None, None] * beat)
    return classes((x + rng.normal(0, noise * 3, x.shape)).astype(np.float32), y)


def basic_motions(n: int = 120, steps: int = 30, seed: int = 0) -> Parts:
    """Six channels of a watch in four motions; very few recordings."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    time = np.arange(steps)
    rate = np.array([0.05, 0.3, 0.6, 0.6])[y] * rng.normal(1, 0.1, n)
    turn = rate[:, None, None] * time[None, :, None] + rng.uniform(0, 6.3, (n, 1, 6))
    size = np.array([0.2, 1.0, 2.0, 0.8])[y][:, None, None] * rng.lognormal(0, 0.3, (n, 1, 6))
    x = size * np.sin(turn) + rng.normal(0, 0.4, (n, steps, 6))
    return classes(x.astype(np.float32), y)


def engine_noise(n: int = 1200, steps: int = 96, seed: int = 0) -> Parts:
    """Noise with one of two resonances [N, T, 1], each series scaled by itself."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    middle = np.where(y == 1, 0.75, 0.55) + rng.normal(0, 0.06, n)
    x = rng.normal(size=(n, steps + 40))
    for t in range(2, steps + 40):
        x[:, t] += 1.8 * np.cos(middle) * x[:, t - 1] - 0.81 * x[:, t - 2]
    x = x[:, 40:]
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    return classes(x[..., None].astype(np.float32), y)


def bearings(n: int = 900, steps: int = 256, seed: int = 0) -> Parts:
    """Vibration with knocks at the rate of a ball, an inner or an outer ring, or none."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    time = np.arange(steps)
    ring = np.exp(-np.arange(24) / 6) * np.sin(np.arange(24) * 1.9)
    x = rng.normal(0, 0.35, (n, steps)) + 0.5 * np.sin(0.12 * time + rng.uniform(0, 6.3, (n, 1)))
    for i in np.flatnonzero(y):
        every = (0, 27, 41, 60)[y[i]] * rng.normal(1, 0.02)
        for at in np.arange(rng.uniform(0, every), steps, every).astype(int):
            part = ring[: steps - at]
            x[i, at : at + len(part)] += rng.uniform(1.2, 2.2) * part
    return classes(x[..., None].astype(np.float32), y)


def wafers(n: int = 1000, steps: int = 60, share: float = 0.11, seed: int = 0) -> Parts:
    """A sensor during etching; the abnormal runs, one in nine, drift or dip."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < share
    time = np.linspace(0, 1, steps)
    x = 2 * (time > 0.15) + 1.5 * (time > 0.5) - 3 * (time > 0.85) + rng.normal(0, 0.25, (n, steps))
    for i in np.flatnonzero(y):
        at = rng.uniform(0.2, 0.8)
        x[i] += -1.2 * np.exp(-((time - at) ** 2) / 0.004) if rng.random() < 0.6 else 0.9 * time
    return classes(x[..., None].astype(np.float32), y)


def windows(series: Any, past: int, ahead: int) -> tuple[Any, Any]:
    rows = np.lib.stride_tricks.sliding_window_view(series, past + ahead)
    return rows[:, :past], rows[:, past:]


def passengers(past: int = 1, scaled: bool = True, seed: int = 0) -> Parts:
    """Monthly travellers of twelve years that grow by the year; the last third validates."""
    rng = np.random.default_rng(seed)
    month = np.arange(150)
    season = 1 + 0.2 * np.sin(2 * np.pi * month / 12) + 0.06 * np.cos(4 * np.pi * month / 12)
    travellers = 110 * np.exp(0.0095 * month) * season * rng.lognormal(0, 0.02, 150)
    series = travellers / 600 if scaled else np.diff(np.log(travellers))
    x, y = windows(series.astype(np.float32), past, 1)
    return in_time(x[..., None], y, 0.67)


def load(
    n: int = 1600, past: int = 48, ahead: int = 12, series: bool = False, seed: int = 0
) -> Parts:
    """Electric load by the hour in megawatts, with days and weeks; the next hours are asked for."""
    rng = np.random.default_rng(seed)
    hour = np.arange(n)
    drift = np.zeros(n)
    for t in range(1, n):
        drift[t] = 0.95 * drift[t - 1] + rng.normal(0, 0.12)
    day = np.sin(2 * np.pi * hour / 24) + 0.4 * np.sin(4 * np.pi * hour / 24 + 1)
    weekend = ((hour // 24) % 7 >= 5) * -0.6
    x, y = windows(day + weekend + drift, past, ahead)
    return in_time(x[..., None] if series else x, y)


def sunspots(past: int = 10, seed: int = 0) -> Parts:
    """Yearly counts with a cycle of about eleven years, never negative, in hundreds."""
    rng = np.random.default_rng(seed)
    phase = np.cumsum(2 * np.pi / rng.normal(11, 0.8, 330))
    height = np.repeat(rng.uniform(0.6, 1.6, 34), 10)[:330]
    series = np.maximum(0, height * (1 - np.cos(phase)) / 2 + rng.normal(0, 0.12, 330))
    return in_time(*windows(series, past, 1))


def mackey_glass(n: int = 1500, seed: int = 0) -> Parts:
    """A chaotic series; from forty values the one six steps ahead."""
    rng = np.random.default_rng(seed)
    x = list(1.2 + 0.1 * rng.normal(size=18))
    for _ in range(3 * n + 500):
        x.append(x[-1] + 0.2 * x[-18] / (1 + x[-18] ** 10) - 0.1 * x[-1])
    series = np.array(x[500:])[::3] - 0.9
    past, future = windows(series, 40, 2)
    return in_time(past[..., None], future[:, -1:])


def wind_power(n: int = 1500, seed: int = 0) -> Parts:
    """Power of a turbine, as a share of what it can, by the wind and four things beside it."""
    rng = np.random.default_rng(seed)
    wind = 8 * rng.weibull(2.0, n)
    x = np.stack([wind, rng.uniform(0, 360, n), rng.normal(10, 8, n), rng.normal(1012, 9, n)], 1)
    gust = np.abs(rng.normal(1.5, 0.6, n))
    power = np.clip(1 / (1 + np.exp(-(wind - 8.5) * 0.9)), 0, 1) * (wind < 23)
    power = np.clip(power + rng.normal(0, 0.05, n) - 0.02 * gust, 0, 1)
    return values(np.column_stack([x, gust]), power[:, None])


def ozone(n: int = 2000, seed: int = 0) -> Parts:
    """Weather of days, some of which have much ozone; most of that is chance."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 30)) + 0.7 * rng.normal(size=(n, 30))
    hot = x[:, 0] + x[:, 5] - 0.7 * x[:, 9] + 0.4 * x[:, 3] * x[:, 7] / 3
    y = hot / hot.std() + rng.normal(0, 0.45, n) > 1.2
    return classes(x.astype(np.float32), y)


def delays(n: int = 1800, seed: int = 0) -> Parts:
    """Delays of trains in minutes / 10; a few are very long, by chance."""
    rng = np.random.default_rng(seed)
    hour, snow, km = rng.uniform(0, 24, n), rng.random(n) < 0.15, rng.gamma(2, 100, n)
    changes, age = rng.poisson(1.2, n), rng.uniform(0, 30, n)
    rush = np.exp(-((hour - 8) ** 2) / 4) + np.exp(-((hour - 17.5) ** 2) / 5)
    minutes = 2 + 8 * rush + 12 * snow + 0.02 * km + 2 * changes + 0.1 * age
    late = minutes + rng.standard_t(2.5, n) * 3.5
    x = np.column_stack([np.sin(hour * 0.2618), np.cos(hour * 0.2618), snow, km, changes, age])
    return values(x, late[:, None] / 10)


# Spectra and sounds.


def notes(n: int = 1500, bins: int = 128, kinds: int = 24, seed: int = 0) -> Parts:
    """Spectra of single notes with overtones, as the logarithm of the energy."""
    rng = np.random.default_rng(seed)
    y = rng.integers(kinds, size=n)
    first = 6 * 2 ** (y / 12) * rng.normal(1, 0.013, n)
    place = np.arange(bins)
    x = rng.gamma(1, 0.02, (n, bins))
    for k in range(1, 8):
        loud = rng.lognormal(-0.35 * k, 0.5, n)
        x += loud[:, None] * np.exp(-((place - k * first[:, None]) ** 2) / 1.2)
    return classes(np.log(x + 0.01).astype(np.float32), y)


def words(
    n: int = 1000, bands: int = 20, frames: int = 24, picture: bool = True, seed: int = 0
) -> Parts:
    """Spectrograms of eight words: bands that rise, fall and stop; [1, F, T] or [T, F]."""
    rng = np.random.default_rng(seed)
    knots = np.random.default_rng(77).uniform(2, bands - 2, (8, 2, 4))
    y = rng.integers(8, size=n)
    x = rng.normal(0, 0.6, (n, bands, frames))
    band = np.arange(bands)[:, None]
    for i in range(n):
        long, start = rng.integers(14, 20), rng.integers(0, 5)
        for formant in knots[y[i]]:
            track = np.interp(
                np.linspace(0, 3, long), np.arange(4), formant + rng.normal(0, 0.7, 4)
            )
            x[i, :, start : start + long] += 2.2 * np.exp(-((band - track) ** 2) / 2)
    x = x.astype(np.float32)
    return classes(x[:, None] if picture else x.transpose(0, 2, 1), y)


def coefficients(n: int = 1600, features: int = 40, seed: int = 0) -> Parts:
    """Mean cepstra of ten kinds of street sounds, in their own unequal units."""
    rng = np.random.default_rng(seed)
    middle = np.random.default_rng(5).normal(0, 1, (10, 2, features))
    y = rng.integers(10, size=n)
    x = middle[y, rng.integers(2, size=n)] + rng.normal(0, 1.3, (n, features))
    unit = 60 / (1 + np.arange(features))
    return classes((x * unit - 4 * unit).astype(np.float32), y)


def brain(n: int = 1500, seed: int = 0) -> Parts:
    """Powers of five bands at fourteen places, log-normal; eyes open or closed, hard to tell."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    weight = rng.normal(0, 1, 14) * (rng.random(14) < 0.6)
    logs = rng.normal(0, 1, (n, 14)) + 0.55 * (2 * y[:, None] - 1) * weight[None] * 0.6
    logs += rng.normal(0, 0.5, (n, 1))
    return classes(logs.astype(np.float32), y)


# Texts, letters and other ids.


def reviews(n: int = 1500, length: int = 24, vocabulary: int = 200, seed: int = 0) -> Parts:
    """Ids of words [N, T], 0 fills up; some words are kind and some are not."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(4, vocabulary + 2)
    x = rng.choice(np.arange(2, vocabulary), (n, length), p=share / share.sum())
    tone = np.zeros(vocabulary)
    tone[np.arange(10, vocabulary, 5)] = 1.0
    tone[np.arange(12, vocabulary, 5)] = -1.0
    long = rng.integers(length // 2, length + 1, n)
    x[np.arange(length)[None] >= long[:, None]] = 0
    score = tone[x].sum(1) + rng.normal(0, 0.7, n)
    return classes(x, score > np.median(score))


def topics(
    n: int = 1500,
    vocabulary: int = 400,
    kinds: int = 2,
    long: int = 40,
    apart: float = 0.7,
    seed: int = 0,
) -> Parts:
    """Which words occur in a text [N, vocabulary], 0 or 1; topics prefer some of them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(kinds, size=n)
    usual = 1 / np.arange(3, vocabulary + 3)
    liking = np.exp(rng.normal(0, apart, (kinds, vocabulary))) * usual
    liking /= liking.sum(1, keepdims=True)
    x = np.stack([rng.multinomial(rng.poisson(long) + 5, liking[k]) > 0 for k in y])
    return classes(x.astype(np.float32), y)


def invented_words(n: int = 700, seed: int = 0) -> list[str]:
    """Names made of syllables, as those of makemore are."""
    rng = np.random.default_rng(seed)
    starts = ["ka", "ma", "el", "jo", "an", "li", "sa", "ro", "be", "ty", "da", "vi"]
    middles = ["ri", "na", "le", "sha", "mi", "", "lo", "van", "de", ""]
    ends = ["a", "n", "lyn", "son", "ie", "el", "ah", "ton"]
    return ["".join(rng.choice(part) for part in (starts, middles, ends)) for _ in range(n)]


def three_letters(seed: int = 0) -> Parts:
    """Three letters as ids, 0 for none, and the one that follows them, of those that occur."""
    x, y = [], []
    for word in invented_words(seed=seed):
        ids = [0, 0, 0, *(ord(letter) - 96 for letter in word), 0]
        for end in range(3, len(ids)):
            x.append(ids[end - 3 : end])
            y.append(ids[end])
    return classes(np.array(x), np.unique(y, return_inverse=True)[1])


def middle_words(n: int = 3000, seed: int = 0) -> Parts:
    """Two words before and two after, of forty, and the one between them; words have company."""
    rng = np.random.default_rng(seed)
    group = rng.integers(8, size=n)
    x = 5 * group[:, None] + rng.integers(5, size=(n, 4))
    odd = rng.random((n, 4)) < 0.25
    x[odd] = rng.integers(40, size=int(odd.sum()))
    usual = rng.choice(5, n, p=[0.65, 0.15, 0.1, 0.05, 0.05])
    return classes(x, 5 * group + usual)


def promoters(n: int = 700, length: int = 57, table: bool = True, seed: int = 0) -> Parts:
    """DNA, four features a base; half of it has two short motifs, not always whole."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, size=(n, length))
    y = rng.integers(2, size=n)
    for i in np.flatnonzero(y):
        first, second = rng.integers(8, 12) if table else rng.integers(0, 20), rng.integers(17, 19)
        for at, motif in ((first, [3, 3, 2, 0, 1, 0]), (first + second, [3, 0, 3, 0, 0, 3])):
            kept = rng.random(6) < 0.88
            ids[i, at : at + 6] = np.where(kept, motif, ids[i, at : at + 6])
    x = np.eye(4, dtype=np.float32)[ids]
    return classes(x.reshape(n, -1) if table else x, y)


def ratings(n: int = 5000, users: int = 80, films: int = 60, seed: int = 0) -> Parts:
    """Ids of a user and a film, and the stars, 1 to 5 in halves."""
    rng = np.random.default_rng(seed)
    user, film = rng.integers(users, size=n), rng.integers(films, size=n)
    taste, kind = rng.normal(0, 0.6, (users, 3)), rng.normal(0, 0.6, (films, 3))
    stars = 3.4 + rng.normal(0, 0.4, users)[user] + rng.normal(0, 0.5, films)[film]
    stars += (taste[user] * kind[film]).sum(1) + rng.normal(0, 0.5, n)
    return values(np.stack([user, film], 1), np.clip(np.round(2 * stars) / 2, 1, 5)[:, None])


def first_capital(n: int = 1500, length: int = 16, letters: int = 8, seed: int = 0) -> Parts:
    """Letters as ids; two of them are capitals, and the answer is the first of these."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, letters + 1, (n, length))
    at = np.sort(rng.permuted(np.tile(np.arange(length), (n, 1)), axis=1)[:, :2], axis=1)
    rows = np.arange(n)
    y = x[rows, at[:, 0]] - 1
    x[rows[:, None], at] += letters
    return classes(x, y)


def pen_points(n: int = 1600, seed: int = 0) -> Parts:
    """Eight points of a pen, x and y in 0..100, of ten signs written at different slants."""
    rng = np.random.default_rng(seed)
    signs = np.cumsum(np.random.default_rng(9).normal(0, 1, (10, 2, 8, 2)), 2)
    y = rng.integers(10, size=n)
    path = signs[y, rng.integers(2, size=n)] + rng.normal(0, 0.3, (n, 8, 2))
    path[..., 0] += rng.normal(0, 0.3, (n, 1)) * path[..., 1]
    low, high = path.min(1, keepdims=True), path.max(1, keepdims=True)
    path = 100 * (path - low) / (high - low)
    return classes(np.round(path).reshape(n, 16).astype(np.float32), y)


def spots(n: int = 500, steps: int = 20, seed: int = 0) -> Parts:
    """Hands that draw one of four gestures in the air [N, T, 2], in pixels of a camera."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    s = np.linspace(0, 1, steps)
    ways = np.stack(
        [
            np.stack([np.cos(6.28 * s), np.sin(6.28 * s)], -1),
            np.stack([np.cos(6.28 * s), -np.sin(6.28 * s)], -1),
            np.stack([np.sin(12.57 * s), 2 * s - 1], -1),
            np.stack([abs(4 * s - 2) - 1, 2 * s - 1], -1),
        ]
    )
    x = ways[y] * rng.uniform(30, 60, (n, 1, 1)) + rng.uniform(80, 160, (n, 1, 2))
    return classes((x + rng.normal(0, 5, x.shape)).astype(np.float32), y)


# Sets, graphs, places, and a few of the oldest data sets.


def molecules(n: int = 1200, atoms: int = 10, seed: int = 0) -> Parts:
    """Small graphs [N, atoms, atoms + 4]: who is bound to whom, and each atom's kind of four; the
    target adds what kinds and bonds between two kinds are worth."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(4, (n, atoms), p=[0.5, 0.2, 0.2, 0.1])
    there = np.arange(atoms)[None] < rng.integers(5, atoms + 1, n)[:, None]
    bound = np.triu(rng.random((n, atoms, atoms)) < 0.25, 1)
    for i in range(1, atoms):
        bound[np.arange(n), rng.integers(0, i, n), i] = True
    bound = (bound | bound.transpose(0, 2, 1)) & there[:, :, None] & there[:, None]
    worth, pair = rng.normal(0, 1, 4), rng.normal(0, 0.6, (4, 4))
    y = (worth[kind] * there).sum(1)
    y += (pair[kind[:, :, None], kind[:, None]] * bound).sum((1, 2)) + rng.normal(0, 0.8, n)
    x = np.concatenate([bound, np.eye(4)[kind] * there[..., None]], 2)
    return values(x, (y[:, None] - y.mean()) / y.std())


def digit_sets(n: int = 2000, most: int = 8, seed: int = 0) -> Parts:
    """Sets of up to eight digits as ids, 0 for none; their sum."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 11, (n, most))
    ids[np.arange(most)[None] >= rng.integers(1, most + 1, n)[:, None]] = 0
    return values(ids, np.maximum(ids - 1, 0).sum(1, keepdims=True) / 10)


def solids(n: int = 900, points: int = 48, seed: int = 0) -> Parts:
    """Points on a ball, a cube, a can, a cone or a ring [N, P, 3], turned about the upright."""
    rng = np.random.default_rng(seed)
    y = rng.integers(5, size=n)
    ball = rng.normal(size=(n, points, 3))
    ball /= np.linalg.norm(ball, axis=-1, keepdims=True)
    cube = rng.uniform(-1, 1, (n, points, 3))
    cube /= abs(cube).max(-1, keepdims=True)
    turn, high = rng.uniform(0, 2 * np.pi, (n, points)), rng.uniform(-1, 1, (n, points))
    can = np.stack([np.cos(turn), np.sin(turn), high], -1)
    cone = np.stack([np.cos(turn) * (1 - high) / 2, np.sin(turn) * (1 - high) / 2, high], -1)
    far = 1 + 0.4 * np.cos(np.pi * high)
    ring = np.stack([far * np.cos(turn), far * np.sin(turn), 0.4 * np.sin(np.pi * high)], -1)
    x = np.stack([ball, cube, can, cone, ring])[y, np.arange(n)]
    about = rng.uniform(0, 2 * np.pi, n)
    cos, sin = np.cos(about)[:, None], np.sin(about)[:, None]
    x = np.stack(
        [cos * x[..., 0] - sin * x[..., 1], sin * x[..., 0] + cos * x[..., 1], x[..., 2]], -1
    )
    x = x * rng.uniform(0.6, 1.4, (n, 1, 3)) + rng.normal(0, 0.06, x.shape)
    return classes(x.astype(np.float32), y)


def boxes(n: int = 1200, size: int = 20, seed: int = 0) -> Parts:
    """A bright thing before a background, and its box: middle, width and height from 0 to 1."""
    rng = np.random.default_rng(seed)
    wide, high = rng.integers(4, 10, n), rng.integers(4, 10, n)
    left, top = rng.integers(0, size - wide), rng.integers(0, size - high)
    row, column = np.mgrid[0:size, 0:size]
    inside = (column >= left[:, None, None]) & (column < (left + wide)[:, None, None])
    inside &= (row >= top[:, None, None]) & (row < (top + high)[:, None, None])
    x = 0.3 + 0.2 * rng.normal(size=(n, size, size)) + inside * rng.uniform(0.3, 0.7, (n, 1, 1))
    y = np.stack([left + wide / 2, top + high / 2, wide, high], 1) / size
    return values(x[:, None], y)


def roads(n: int = 1000, size: int = 20, seed: int = 0) -> Parts:
    """A road that bends, 0..255, and how far the wheel is turned; mostly it is almost straight."""
    rng = np.random.default_rng(seed)
    bend = rng.laplace(0, 0.35, n)
    row, column = np.mgrid[0:size, 0:size]
    near = row / size
    middle = size / 2 + (bend[:, None, None] * (1 - near) ** 2) * size + rng.normal(0, 1, (n, 1, 1))
    road = abs(column - middle) < 1.5 + 4 * near
    x = 90 + 70 * road + rng.normal(0, 25, (n, size, size)) + rng.normal(0, 20, (n, 1, 1))
    grey = np.clip(x, 0, 255).astype(np.uint8)[:, None]
    turned = (bend + rng.normal(0, 0.12, n)).astype(np.float32)[:, None]
    return {"train": (grey, turned), "task": "regression"}


def near_infrared(n: int = 240, bands: int = 150, seed: int = 0) -> Parts:
    """Spectra of corn that lie one over another, and the moisture in percent."""
    rng = np.random.default_rng(seed)
    place = np.linspace(0, 1, bands)
    peaks = np.exp(-((place[None] - rng.uniform(0, 1, (5, 1))) ** 2) / 0.02)
    parts = rng.normal(0, 1, (n, 5)) @ np.array(np.eye(5) + 0.3)
    x = parts @ peaks * 0.1 + 0.3 * rng.normal(size=(n, 1)) + 0.15 * rng.normal(size=(n, 1)) * place
    x += 1 + rng.normal(0, 0.01, x.shape)
    return values(x, 10.2 + 0.5 * parts[:, :1] + rng.normal(0, 0.12, (n, 1)))


def beats(n: int = 1400, steps: int = 64, seed: int = 0) -> Parts:
    """One beat of a heart in 0..1, of five kinds that are not equally frequent."""
    rng = np.random.default_rng(seed)
    y = rng.choice(5, n, p=[0.55, 0.12, 0.15, 0.08, 0.1])
    time = np.linspace(0, 1, steps)

    def wave(at: Any, wide: Any, high: Any) -> Any:
        at, wide, high = (np.broadcast_to(v, n)[:, None] for v in (at, wide, high))
        return high * np.exp(-((time - at) ** 2) / wide**2)

    shift = rng.normal(0, 0.02, n)
    x = wave(0.2 + shift, 0.04, np.where(y == 1, 0.0, 0.15))
    x += wave(0.4 + shift, np.where(y == 2, 0.07, 0.025), np.where(y == 3, 0.75, 1.0))
    x -= wave(0.45 + shift, 0.02, np.where(y == 2, 0.5, 0.2))
    x += wave(0.7 + shift, 0.06, np.where(y == 4, -0.2, 0.25) * rng.lognormal(0, 0.2, n))
    x += rng.normal(0, 0.06, x.shape) + 0.05 * rng.normal(size=(n, 1)) * np.sin(5 * time)
    low, high = x.min(1, keepdims=True), x.max(1, keepdims=True)
    return classes(((x - low) / (high - low))[..., None].astype(np.float32), y)


def sonar(n: int = 208, seed: int = 0) -> Parts:
    """Energies of sixty bands from 0 to 1, of a cylinder or a rock; very few samples."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    band = np.arange(60)
    middle = np.where(y == 1, 20, 26) + rng.normal(0, 4, n)
    x = 0.7 * np.exp(-((band - middle[:, None]) ** 2) / 120)
    second = np.where(y == 1, 42, 48) + rng.normal(0, 3, n)
    x += 0.35 * np.exp(-((band - second[:, None]) ** 2) / 30)
    x *= rng.lognormal(0, 0.35, x.shape)
    return classes(np.clip(x, 0, 1).astype(np.float32), y)


def vowels(n: int = 640, steps: int = 15, seed: int = 0) -> Parts:
    """Twelve cepstra a frame while one of nine men says "ae"."""
    rng = np.random.default_rng(seed)
    voices = np.random.default_rng(3).normal(0, 0.45, (9, 2, 12))
    y = rng.integers(9, size=n)
    share = np.linspace(0, 1, steps)[None, :, None]
    x = voices[y, 0][:, None] * (1 - share) + voices[y, 1][:, None] * share
    x = x + rng.normal(0, 0.3, (n, 1, 12)) + rng.normal(0, 0.25, (n, steps, 12))
    return classes(x.astype(np.float32), y)


def two_pictures(n: int = 2400, most: int = 5, seed: int = 0) -> Parts:
    """Two digits below five beside one another, 0..16; the class is their sum."""
    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    x, y = x[y < most].reshape(-1, 8, 8), y[y < most]
    first, second = rng.integers(len(x), size=n), rng.integers(len(x), size=n)
    pairs = np.concatenate([x[first], x[second]], 2)[:, None]
    return classes(pairs.astype(np.float32), y[first] + y[second])


def pushes(n: int = 1500, seed: int = 0) -> Parts:
    """Four values of a cart with a pole, and whether an expert pushed it to the right."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, 4)) * np.array([0.5, 0.6, 0.06, 0.7])
    wish = x @ np.array([0.4, 0.6, 8.0, 1.2]) + 4 * x[:, 2] * abs(x[:, 0])
    return classes(x.astype(np.float32), wish + rng.normal(0, 0.25, n) > 0)


def word_weights(n: int = 1600, vocabulary: int = 500, seed: int = 0) -> Parts:
    """Words of mails as tf-idf, each row of length one; one mail in four is spam."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.25
    usual = 1 / np.arange(2, vocabulary + 2)
    spam = usual * np.exp(rng.normal(0, 0.9, vocabulary))
    tables = [usual / usual.sum(), spam / spam.sum()]
    counts = np.stack([rng.multinomial(rng.poisson(50) + 8, tables[int(k)]) for k in y])
    seen = (counts > 0).sum(0)
    x = counts * (np.log((1 + n) / (1 + seen)) + 1)
    return classes((x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), y)
