"""MLflow: runs of an experiment, in the store that MLFLOW_TRACKING_URI names, else a local one."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trickrun.tracking.records import Point, Record
from trickrun.tracking.trackers import Refused, Tracker

LOCAL = "mlflow.db"
"""The local store, a file of SQLite in the working folder, where MLflow itself looks for it."""

KEY = "trickrun.run"
"""The tag that tells which run of trickrun it is."""

BATCH = 500
"""Metrics of one request; MLflow takes 1000."""

LONGEST_NAME, LONGEST = 250, 5000
"""Characters of a parameter's name and value, and of a tag, that every store of MLflow takes."""

ENDED = {"finished": "FINISHED", "failed": "FAILED", "running": "RUNNING"}
"""MLflow's word for a status; any other run was KILLED."""


def open_here() -> Tracker:
    """Return the tracker that writes to MLFLOW_TRACKING_URI, or to a local store."""
    # It reports its use over the network unless told otherwise.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    local = f"sqlite:///{Path(LOCAL).resolve()}"
    return MLflow(os.environ.get("MLFLOW_TRACKING_URI") or local)


class MLflow(Tracker):
    """Writes to a store of MLflow. A run that is there already is brought up to date.

    Args:
        uri: of the store.
    """

    def __init__(self, uri: str) -> None:
        from mlflow.tracking import MlflowClient

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.uri = uri
        self.client = MlflowClient(tracking_uri=uri)
        self.ids: dict[str, str] = {}
        self.now = ""
        self.known: dict[str, int] = {}
        self.last = Point("end", 0, {}, 0, 0.0)

    @property
    def place(self) -> str:
        return re.sub(r"//[^/@]*@", "//", self.uri)  # without a password

    def begin(self, run: Record) -> bool:
        from mlflow.entities import Param

        experiment = self.experiment(run.name)
        key = run.id.replace("'", "_")
        found = self.client.search_runs([experiment], f"tags.`{KEY}` = '{key}'")
        if found:
            self.now, data = found[0].info.run_id, found[0].data
            self.known = {name: self.last_step(name) for name in data.metrics}
            self.client.update_run(self.now, status="RUNNING")
        else:
            tags = {KEY: key}
            if run.parent in self.ids:
                tags["mlflow.parentRunId"] = self.ids[run.parent]
            begun = None if run.started is None else int(1000 * run.started)
            made = self.client.create_run(experiment, begun, tags, run.title)
            self.now, self.known, data = made.info.run_id, {}, made.data
        self.ids[run.id] = self.now
        self.last = Point("end", 0, {}, 0, 0.0)
        texts = {allowed(name): shown(value) for name, value in run.params.items()}
        # MLflow changes no parameter, and a run's are never changed.
        params = [Param(*pair) for pair in texts.items() if pair[0] not in data.params]
        for some in parts(params, 100):
            self.client.log_batch(self.now, params=some)
        return bool(found)

    def experiment(self, name: str) -> str:
        """Return the id of the recipe's experiment, which is made if there is none."""
        known = self.client.get_experiment_by_name(name)
        if known is None:
            made: str = self.client.create_experiment(name)
            return made
        if known.lifecycle_stage != "active":
            raise Refused(f"the experiment {name!r} is deleted there: restore it")
        return str(known.experiment_id)

    def last_step(self, name: str) -> int:
        """Return the last step of a metric that the run has."""
        steps = [metric.step for metric in self.client.get_metric_history(self.now, name)]
        return max(steps, default=-1)

    def log(self, points: Sequence[Point]) -> None:
        from mlflow.entities import Metric

        metrics = [
            Metric(allowed(name), value, int(1000 * point.time), point.step)
            for point in points
            for name, value in point.values.items()
            if point.step > self.known.get(allowed(name), -1)
        ]
        for some in parts(metrics, BATCH):
            self.client.log_batch(self.now, metrics=some)
        self.known |= {metric.key: metric.step for metric in metrics}
        self.last = max([self.last, *points], key=lambda point: point.step)

    def end(self, run: Record, pictures: Mapping[str, bytes], files: Sequence[Path]) -> None:
        self.log([Point("end", self.last.step, run.scores, 0, self.last.time)])
        for name, value in run.tags.items():
            if name == KEY:
                continue  # by it the run is found
            self.client.set_tag(self.now, allowed(name), value[:LONGEST])
        for file in (*files, *run.pictures):
            self.client.log_artifact(self.now, str(file), folder_of(run, file))
        for name, picture in pictures.items():
            self.client.log_image(self.now, as_array(picture), artifact_file=f"pictures/{name}.png")
        self.client.set_terminated(self.now, ENDED.get(run.status, "KILLED"))


def as_array(picture: bytes) -> Any:
    """Return a PNG file as an image of Pillow."""
    import io

    from PIL import Image

    return Image.open(io.BytesIO(picture))


def folder_of(run: Record, file: Path) -> str | None:
    """Return the folder of a file among the run's artifacts, as it is in the run's own folder."""
    if file in run.pictures:
        return "pictures"
    return None if file.parent.name != "checkpoints" else "checkpoints"


def allowed(name: str) -> str:
    """Return a name with the characters that MLflow takes only, and as long as it may be."""
    return re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)[:LONGEST_NAME] or "_"


def shown(value: Any) -> str:
    """Return a parameter's value as text, as long as it may be."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)[:LONGEST]


def parts(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    """Yield the items, at most so many at a time."""
    for first in range(0, len(items), most):
        yield items[first : first + most]
