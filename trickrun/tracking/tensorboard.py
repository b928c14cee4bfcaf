"""TensorBoard: event files below the folder ``tensorboard``, one folder a run."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trickrun.tracking.records import Point, Record
from trickrun.tracking.trackers import Tracker

FOLDER = "TRICKRUN_TENSORBOARD"
"""The environment variable that says where the event files go."""

OURS = ".trickrun"
"""How the names of the event files end that are written here."""


def open_here() -> Tracker:
    """Return the tracker that writes to TRICKRUN_TENSORBOARD, or to ``tensorboard`` in the working
    folder."""
    return TensorBoard(Path(os.environ.get(FOLDER) or "tensorboard"))


class TensorBoard(Tracker):
    """Writes event files, which ``tensorboard --logdir FOLDER`` shows.

    Args:
        folder: of all runs.
    """

    leaves_out = "files and SVG pictures"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.places: dict[str, Path] = {}
        self.last = 0
        self.logged: set[str] = set()
        self.writer: Any = None

    @property
    def place(self) -> str:
        return str(self.folder)

    def begin(self, run: Record) -> bool:
        """Write the parameters. Event files that were written here of this run before are removed:
        all that they hold is written again."""
        from torch.utils.tensorboard import SummaryWriter

        above = self.places.get(run.parent or "", self.folder / run.name)
        own = above / run.id.rpartition("/")[2]
        self.places[run.id] = own
        before = list(own.glob(f"*{OURS}"))
        for file in before:
            file.unlink()
        self.last, self.logged = 0, set()
        self.writer = SummaryWriter(str(own), filename_suffix=OURS)
        return bool(before)

    def log(self, points: Sequence[Point]) -> None:
        for point in points:
            self.last = max(self.last, point.step)
            self.logged |= point.values.keys()
            for name, value in point.values.items():
                self.writer.add_scalar(name, value, point.step, walltime=point.time)
        self.writer.flush()

    def end(self, run: Record, pictures: Mapping[str, bytes], files: Sequence[Path]) -> None:
        import numpy as np
        from PIL import Image
        from torch.utils.tensorboard.summary import hparams

        for name, value in run.scores.items():
            if name not in self.logged:
                self.writer.add_scalar(name, value, self.last)
        for name, picture in pictures.items():
            pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
            self.writer.add_image(name, pixels, self.last, dataformats="HWC")
        rows = "\n".join(f"| {name} | {cell(value)} |" for name, value in run.tags.items())
        self.writer.add_text("run", f"| | |\n|---|---|\n{rows}", self.last)
        recipe = next((file for file in files if file.name == "resolved.yaml"), None)
        if recipe is not None:
            self.writer.add_text("recipe", indented(recipe.read_text("utf-8")), self.last)
        params = {name: "null" if v is None else v for name, v in run.params.items()}
        for summary in hparams(params, run.scores):
            self.writer.file_writer.add_summary(summary)
        self.writer.close()


def cell(text: str) -> str:
    """Return a text as a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def indented(text: str) -> str:
    """Return a text as a block of code in Markdown."""
    return "\n".join(f"    {line}" for line in text.splitlines())
