"""``train.py``: the training of a run as one plain script."""

from __future__ import annotations

from pathlib import Path

from trickrun.run.folder import RunFolder


def write_training(folder: RunFolder, place: Path) -> list[str]:
    """Write ``train.py`` and what it begins with; return what is to be said of it."""
    return []
