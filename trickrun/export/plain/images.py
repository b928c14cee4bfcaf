"""Images in files as an exported program reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from trickrun.data.formats.folders import NOT_DATA, SUFFIXES
from trickrun.data.formats.pixels import decoded
from trickrun.export.plain.files import CannotRead
from trickrun.export.plain.tables import Table


def read_images(path: Path, said: dict[str, Any]) -> tuple[torch.Tensor, Table]:
    """Return an image, or those of a folder and all folders in it, as bytes [N, C, size, size]."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if is_sample(file.relative_to(path)))
        names = [file.relative_to(path).as_posix() for file in files]
    else:
        files, names = [path], [path.name]
    if not files:
        raise CannotRead(f"{path}: there are no images")
    channels, size, _ = said["shape"]
    span = None if said["range"] is None else tuple(said["range"])
    pixels = [decoded(file, channels, size, span).pixels for file in files]
    return torch.from_numpy(np.stack(pixels)), {"file": names}


def is_sample(file: Path) -> bool:
    """Whether a file is an image that people put there."""
    hidden = any(part.startswith(".") or part in NOT_DATA for part in file.parts)
    return file.suffix.lower() in SUFFIXES and not hidden
