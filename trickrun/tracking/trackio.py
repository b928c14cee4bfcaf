"""Trackio: its local store, unless its own settings name a Space."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from trickrun.tracking.records import Point, Record
from trickrun.tracking.trackers import Refused, Tracker


def open_here() -> Tracker:
    """Return the tracker that writes to TRACKIO_DIR, or where Trackio keeps its projects."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    return Trackio()


class Trackio(Tracker):
    """Writes runs with Trackio. One that is in the local store already is written anew."""

    def __init__(self) -> None:
        self.run: Any = None
        self.logged: set[str] = set()
        self.remote = os.environ.get("TRACKIO_SPACE_ID") or os.environ.get("TRACKIO_SERVER_URL")

    @property
    def place(self) -> str:
        from trackio.utils import TRACKIO_DIR

        return self.remote or str(TRACKIO_DIR)

    def begin(self, run: Record) -> bool:
        import trackio

        before = [known for known in self.known(run.name) if known.name == run.id]
        for known in before:
            if not known.delete():
                raise Refused("its earlier record cannot be removed: `trackio show` can")
        about = {"title": run.title, "parent": run.parent}
        with redirect_stdout(io.StringIO()):  # it prints what `trickrun` says itself
            self.run = trackio.init(
                project=run.name,
                name=run.id,
                group=run.parent,
                config={**run.params, **{f"trickrun.{k}": v for k, v in about.items() if v}},
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )
        self.logged = set()
        return bool(before)

    def known(self, project: str) -> list[Any]:
        """Return the runs of a project in the local store."""
        import trackio
        from trackio.sqlite_storage import SQLiteStorage

        if self.remote or project not in SQLiteStorage.get_projects():
            return []
        return list(trackio.Api().runs(project))

    def log(self, points: Sequence[Point]) -> None:
        for point in points:
            self.logged |= point.values.keys()
            self.run.log(point.values, step=point.step)

    def end(self, run: Record, pictures: Mapping[str, bytes], files: Sequence[Path]) -> None:
        import trackio
        from PIL import Image

        last = {name: trackio.Image(Image.open(io.BytesIO(p))) for name, p in pictures.items()}
        scores = {name: v for name, v in run.scores.items() if name not in self.logged}
        self.run.log({**scores, **last, **run.tags})
        kept = [*files, *run.pictures]
        if kept:
            artifact = trackio.Artifact(f"run-{run.id.replace('/', '-')}", type="trickrun-run")
            for file in kept:
                artifact.add_file(str(file))
            self.run.log_artifact(artifact)
        with redirect_stdout(io.StringIO()):
            trackio.finish()
