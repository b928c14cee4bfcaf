"""Data sets of the held-back half, right and wrong."""

import numpy as np
from sklearn import datasets


def photo_patches(n=1600, size=12, seed=0):
    """Patches of two photographs, in colour: which photograph is it?"""
    rng = np.random.default_rng(seed)
    images = datasets.load_sample_images().images
    y = np.arange(n) % len(images)
    x = np.empty((n, 3, size, size), "uint8")
    for place, which in enumerate(y):
        image = images[which]
        top, left = (rng.integers(0, side - 2 * size) for side in image.shape[:2])
        patch = image[top : top + 2 * size : 2, left : left + 2 * size : 2]
        x[place] = patch.transpose(2, 0, 1)
    return x, y.astype("int64")


def drawn_shapes(n=1500, size=14, noise=60, seed=0):
    """Grey images of a square, a cross, a disc, stripes or a frame, somewhere, with noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 5
    rows, columns = np.mgrid[:size, :size]
    x = np.zeros((n, 1, size, size))
    for place, which in enumerate(y):
        r, c = rng.integers(4, size - 4, 2)
        dy, dx = np.abs(rows - r), np.abs(columns - c)
        far = np.maximum(dy, dx)
        shape = (
            far <= 3,
            ((dy <= 0) | (dx <= 0)) & (far <= 4),
            dy**2 + dx**2 <= 10,
            (far <= 3) & (rows % 2 == 0),
            far == 3,
        )[which]
        x[place, 0] = rng.uniform(90, 200) * shape
    x += rng.normal(0, noise, x.shape)
    return x.clip(0, 255).astype("uint8"), y.astype("int64")


def chessboard(n=1200, fields=3, seed=0):
    """Points on a board: is the field black or white?"""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, fields, (n, 2))
    y = np.floor(x).sum(1) % 2
    return x.astype("float32"), y.astype("int64")


def clusters(n=1400, classes=4, features=20, weights=None, seed=3):
    """scikit-learn's make_classification: clusters at the corners of a hypercube."""
    x, y = datasets.make_classification(
        n, features, n_informative=8, n_redundant=4, n_classes=classes, weights=weights,
        n_clusters_per_class=1 if weights is None else 2, class_sep=1.2, random_state=seed,
    )  # fmt: skip
    return x.astype("float32"), y.astype("int64")


def flowers():
    """Iris."""
    return arrays_of("iris")


def tumours():
    """Breast cancer."""
    return arrays_of("breast_cancer")


def arrays_of(name):
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return x.astype("float32"), y.astype("int64")


def friedman1(n=700, noise=0.5, seed=0):
    """Ten features in 0..1, five of which count, not linearly."""
    x, y = datasets.make_friedman1(n, noise=noise, random_state=seed)
    return x.astype("float32"), y


def friedman2(n=700, noise=30.0, seed=0):
    """An electric circuit: four features of very different size."""
    x, y = datasets.make_friedman2(n, noise=noise, random_state=seed)
    return x.astype("float32"), y


def curve(n=600, noise=0.1, seed=0):
    """The place along an S-shaped sheet in three dimensions."""
    x, y = datasets.make_s_curve(n, noise=noise, random_state=seed)
    return x.astype("float32"), y


NAMED = {
    f.__name__: f
    for f in (
        photo_patches, drawn_shapes, chessboard, clusters, flowers, tumours, friedman1, friedman2,
        curve,
    )
}  # fmt: skip


def classes(name, **args):
    """A data set with classes, in a random order."""
    x, y = NAMED[name](**args)
    order = np.random.default_rng(0).permutation(len(x))
    return {"train": (x[order], y[order]), "task": "classification"}


def values(name, scale=1.0, shift=0.0, **args):
    """A data set with values, at mean 0 and deviation 1, times ``scale`` plus ``shift``."""
    x, y = NAMED[name](**args)
    order = np.random.default_rng(0).permutation(len(x))
    y = scale * (y - y.mean()) / y.std() + shift
    return {"train": (x[order], y[order, None].astype("float32")), "task": "regression"}


def parted(name):
    """A data set with classes, in parts of 70, 15 and 15 %."""
    x, y = classes(name)["train"]
    a, b = int(0.7 * len(x)), int(0.85 * len(x))
    return {"train": (x[:a], y[:a]), "val": (x[a:b], y[a:b]), "test": (x[b:], y[b:])}


def mispaired(name):
    """Features and labels were each shuffled, with different orders."""
    x, y = NAMED[name]()
    rng = np.random.default_rng(1)
    return {"train": (x[rng.permutation(len(x))], y[rng.permutation(len(y))])}


def misread(name, share):
    """A share of the training labels was typed in wrongly."""
    parts = parted(name)
    x, y = parts["train"]
    rng = np.random.default_rng(2)
    wrong, count = rng.random(len(y)) < share, y.max() + 1
    return {**parts, "train": (x, np.where(wrong, (y + rng.integers(1, count, len(y))) % count, y))}


def class_by_class(name):
    """The training part was read from one folder after another."""
    parts = parted(name)
    x, y = parts["train"]
    order = np.argsort(y, kind="stable")
    return {**parts, "train": (x[order], y[order])}


def scaled_parts(name, forgotten=()):
    """Each part was standardized by the training part's statistics, but the ``forgotten``."""
    parts = parted(name)
    mean, std = parts["train"][0].mean(0), parts["train"][0].std(0) + 1e-8
    return {
        part: (x if part in forgotten else (x - mean) / std, y) for part, (x, y) in parts.items()
    }
