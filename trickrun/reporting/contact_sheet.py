"""A contact sheet: samples in rows, and in columns what augmentations make of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure

from trickrun.errors import CannotWrite
from trickrun.reporting.svg import styled
from trickrun.run.files import write_whole
from trickrun.training.introspection.augmented import Column

FORMATS = (".png", ".svg")

SIDE = 0.9
"""Width and height of an image in inches."""

LABEL = 20
"""Characters of a class's name."""


def write_sheet(columns: Sequence[Column], path: Path) -> None:
    """Write the sheet to ``path``, as PNG or SVG by its ending. Raises CannotWrite."""
    if path.suffix not in FORMATS:
        raise CannotWrite(
            f"a picture is written as {' or '.join(FORMATS)}, by the file's ending", str(path)
        )
    write_whole(path, drawn(columns, path.suffix[1:]))


def drawn(columns: Sequence[Column], kind: str) -> bytes:
    """Return the sheet as a file of that kind."""
    rows = len(columns[0].images)
    before = columns[0].images
    black, white = float(before.min()), float(before.max())
    lines = max(column.name.count("\n") for column in columns) + 1
    longest = max((len(label) for column in columns for label in column.labels), default=0)
    beside = 0.08 * min(longest, LABEL) + (0.1 if longest else 0.0)
    size = (SIDE * len(columns) + beside, SIDE * rows + 0.16 * lines + 0.1)
    with styled():
        figure = Figure(figsize=size, layout="constrained")
        places = figure.subplots(rows, len(columns), squeeze=False)
        for place, column in enumerate(columns):
            title = places[0, place].set_title(column.name, fontsize=7)
            title.set_parse_math(False)
            for row, image in enumerate(column.images):
                axes = places[row, place]
                axes.imshow(pixels(image, black, white), cmap="gray", vmin=0, vmax=1)
                axes.set_axis_off()
            for row, label in enumerate(column.labels):
                name = places[row, place].text(
                    -0.08,
                    0.5,
                    shorten(label),
                    fontsize=7,
                    ha="right",
                    va="center",
                    transform=places[row, place].transAxes,
                )
                name.set_parse_math(False)
        file = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {}
        figure.savefig(file, format=kind, dpi=150, metadata=metadata)
        return file.getvalue()


def shorten(label: str) -> str:
    """Return a class's name in at most LABEL characters."""
    return label if len(label) <= LABEL else label[: LABEL - 1] + "…"


def pixels(image: torch.Tensor, black: float, white: float) -> list[object]:
    """Return an image [C, H, W] as [H, W, 3], or as [H, W] if it has no three channels, from 0 at
    ``black`` to 1 at ``white``."""
    shown = (image - black) / max(white - black, 1e-12)
    shown = shown.nan_to_num().clamp(0, 1)
    return (shown.permute(1, 2, 0) if len(shown) == 3 else shown.mean(dim=0)).tolist()
