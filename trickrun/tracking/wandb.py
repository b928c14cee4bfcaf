"""Weights & Biases: offline unless WANDB_MODE says otherwise."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trickrun.tracking.records import Point, Record
from trickrun.tracking.trackers import Refused, Tracker

LONGEST_TAG = 64


def open_here() -> Tracker:
    """Return the tracker that writes to ``wandb`` in WANDB_DIR, or in the working folder."""
    os.environ.setdefault("WANDB_MODE", "offline")
    # Offline it would still report its own errors.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    return Wandb(Path(os.environ.get("WANDB_DIR") or "."))


class Wandb(Tracker):
    """Writes runs with wandb. Offline, one that is there already is written anew; one that was
    synced is refused, as the server would have it twice.

    Args:
        folder: in which wandb makes its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.run: Any = None

    @property
    def place(self) -> str:
        mode = os.environ["WANDB_MODE"]
        return f"{self.folder / 'wandb'} (offline)" if mode == "offline" else f"wandb ({mode})"

    def begin(self, run: Record) -> bool:
        import wandb

        key = run.id.replace("/", "-")
        before = self.removed(key)
        self.run = wandb.init(
            project=run.name,
            id=key,
            name=run.title,
            group=run.parent,
            job_type=run.tags.get("trickrun.command"),
            config=dict(run.params),
            dir=str(self.folder),
            resume="never" if os.environ["WANDB_MODE"] == "online" else None,
            settings=wandb.Settings(
                console="off",
                silent=True,
                disable_git=True,
                disable_code=True,
                disable_job_creation=True,
                x_disable_stats=True,
            ),
        )
        return before

    def removed(self, key: str) -> bool:
        """Remove what was written of this run before; return whether there was anything.

        Raises Refused if it was synced.
        """
        found = [path for path in self.folder.glob(f"wandb/offline-run-*-{key}") if path.is_dir()]
        for path in found:
            if list(path.glob("*.synced")):
                raise Refused(f"it was synced already: {path}")
        for path in found:
            shutil.rmtree(path)
        return bool(found)

    def log(self, points: Sequence[Point]) -> None:
        for point in points:
            self.run.log(point.values, step=point.step)

    def end(self, run: Record, pictures: Mapping[str, bytes], files: Sequence[Path]) -> None:
        import wandb
        from PIL import Image

        if pictures:
            images = {k: wandb.Image(Image.open(io.BytesIO(v))) for k, v in pictures.items()}
            self.run.log(images)
        self.run.summary.update({**run.scores, **run.tags})
        told = [run.tags.get(f"trickrun.{name}", "") for name in ("status", "verdict", "tags")]
        self.run.tags = tuple(dict.fromkeys(word[:LONGEST_TAG] for word in " ".join(told).split()))
        kept = [*files, *run.pictures]
        if kept:
            artifact = wandb.Artifact(f"run-{run.id.replace('/', '-')}", type="trickrun-run")
            for file in kept:
                artifact.add_file(str(file), policy="mutable")
            self.run.log_artifact(artifact)
        self.run.finish(exit_code=int(run.status == "failed"))
