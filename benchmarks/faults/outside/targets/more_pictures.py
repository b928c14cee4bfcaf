"""Small pictures for the outside subjects, drawn by seeded code."""

import numpy as np

GLYPHS = {
    "A": "01110 10001 11111 10001 10001",
    "C": "01111 10000 10000 10000 01111",
    "E": "11111 10000 11110 10000 11111",
    "H": "10001 10001 11111 10001 10001",
    "L": "10000 10000 10000 10000 11111",
    "O": "01110 10001 10001 10001 01110",
    "T": "11111 00100 00100 00100 00100",
    "X": "10001 01010 00100 01010 10001",
}


def signs(n=1200, size=12, noise=25, plain=False, seed=0):
    """Coloured road signs on a coloured ground: a disc, a square, a triangle or a bar, in colour.

    Args:
        plain: floats from 0 to 1 instead of bytes.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    rows, columns = np.mgrid[:size, :size]
    x = np.empty((n, 3, size, size))
    for place, which in enumerate(y):
        r, c = rng.uniform(4, size - 5, 2)
        dy, dx = rows - r, columns - c
        shape = (
            dy**2 + dx**2 <= 12,
            np.maximum(abs(dy), abs(dx)) <= 3,
            (abs(dx) <= (dy + 3) / 2 + 0.5) & (abs(dy) <= 3),
            (abs(dy) <= 1) & (abs(dx) <= 4),
        )[which]
        ground, colour = rng.uniform(0, 120, 3), rng.uniform(130, 255, 3)
        x[place] = np.where(shape, colour[:, None, None], ground[:, None, None])
    x = (x + rng.normal(0, noise, x.shape)).clip(0, 255).astype("uint8")
    return {"train": (x.astype("float32") / 255 if plain else x, y), "task": "classification"}


def signs_in_parts(brightness=1.0, n=1200, seed=0):
    """``signs`` as floats; the validation pictures are multiplied by ``brightness``."""
    x, y = signs(n=n, plain=True, seed=seed)["train"]
    order = np.random.default_rng(seed).permutation(n)
    a = int(0.7 * n)
    train, val = order[:a], order[a:]
    return {"train": (x[train], y[train]), "val": (brightness * x[val], y[val])}


def gratings(n=1000, size=10, noise=0.8, seed=0):
    """Stripes in four directions, of any phase, in noise; floats around 0."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    rows, columns = np.mgrid[:size, :size]
    angle = np.pi * y / 4 + rng.normal(0, 0.12, n)
    wave = np.cos(angle)[:, None, None] * columns + np.sin(angle)[:, None, None] * rows
    x = np.sin(1.6 * wave + rng.uniform(0, 2 * np.pi, (n, 1, 1)))
    x = (x + noise * rng.normal(size=x.shape))[:, None]
    return {"train": (x.astype("float32"), y), "task": "classification"}


def letters(n=1400, size=9, noise=40, seed=0):
    """Grey letters of five by five pixels, anywhere, with noise."""
    rng = np.random.default_rng(seed)
    shapes = [
        np.array([[int(bit) for bit in row] for row in rows.split()]) for rows in GLYPHS.values()
    ]
    y = np.arange(n) % len(shapes)
    x = np.zeros((n, size, size))
    for place, which in enumerate(y):
        r, c = rng.integers(0, size - 4, 2)
        x[place, r : r + 5, c : c + 5] = rng.uniform(120, 220) * shapes[which]
    x = (x + rng.normal(0, noise, x.shape)).clip(0, 255).astype("uint8")
    return {"train": (x, y), "task": "classification", "labels": list(GLYPHS)}


def dots(n=1200, size=12, seed=0):
    """One to four dots: how many?"""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 4
    x = np.zeros((n, size, size))
    for place, which in enumerate(y):
        cells = rng.choice(16, which + 1, replace=False)
        for cell in cells:
            r, c = 3 * (cell // 4), 3 * (cell % 4)
            x[place, r : r + 2, c : c + 2] = rng.uniform(150, 255)
    x = (x + rng.normal(0, 15, x.shape)).clip(0, 255).astype("uint8")
    return {"train": (x, y), "task": "classification"}


def hands(n=1200, size=12, noise=20, seed=0):
    """A clock's hand: the sine and the cosine of its angle are the two values to predict."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    along = np.cos(angle)[:, None, None] * columns + np.sin(angle)[:, None, None] * rows
    across = -np.sin(angle)[:, None, None] * columns + np.cos(angle)[:, None, None] * rows
    x = 200 * ((along > 0) & (along < size / 2) & (abs(across) < 1))
    x = (x + rng.normal(0, noise, x.shape)).clip(0, 255).astype("uint8")
    y = np.column_stack([np.sin(angle), np.cos(angle)]).astype("float32")
    return {"train": (x, y), "task": "regression"}


def scans(n=900, share=0.12, size=12, noise=45, seed=0):
    """Grey scans, few of which have a bright spot: a rare class."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype("int64")
    x = np.full((n, size, size), 90.0)
    rows, columns = np.mgrid[:size, :size]
    for place in np.flatnonzero(y):
        r, c = rng.uniform(2, size - 3, 2)
        x[place] += 110 * np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 4)
    x = (x + rng.normal(0, noise, x.shape)).clip(0, 255).astype("uint8")
    return {"train": (x, y), "task": "classification"}
