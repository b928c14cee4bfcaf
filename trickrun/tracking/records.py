"""What a tracker is sent of a run, read from the files in its folder."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trickrun.errors import RunFolderError, TrickrunError
from trickrun.recipe.dump import resolved
from trickrun.recipe.expect import missed
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe
from trickrun.recipe.text.emit import flow
from trickrun.run import find, records
from trickrun.run.folder import RunFolder
from trickrun.run.listing import how_it_ended, started
from trickrun.run.names import by_params
from trickrun.run.trial_list import JOURNAL, written

Scalar = str | int | float | bool | None

FILES = (
    "recipe.yaml",
    "resolved.yaml",
    "env.json",
    "tricks.json",
    "findings.json",
    "report.html",
)
"""What is kept beside a run's numbers, as far as its folder has it."""

WEIGHTS = "checkpoints/best.pt"

STEP_NUMBERS = {
    "loss": "batch_loss",
    "lr": "lr",
    "penalty": "penalty",
    "gradient_norm": "gradient_norm",
}
"""The numbers of a logged step, and what they are called where the evaluations' stand beside."""


@dataclass(frozen=True)
class Point:
    """What was measured at a training step.

    Args:
        kind: step (of the batch), epoch (an evaluation) or end (the scores on the test split).
        step: from 1.
        values: by name. Numbers that were not finite are left out: the log has null for them.
        left_out: how many of these there were.
        time: when the log was last written, in seconds since 1970; it keeps no times itself.
    """

    kind: str
    step: int
    values: dict[str, float]
    left_out: int
    time: float


@dataclass(frozen=True)
class Record:
    """A run, or a trial of a search, as trackers are sent it.

    Args:
        id: the same whenever it is sent, and no other run's.
        name: the recipe's name.
        title: what a list of runs calls it.
        parent: the id of the check that it belongs to.
        folder: the run's folder; None of a trial.
        status: see ``run.listing.Summary``.
        started: in seconds since 1970.
        params: the resolved recipe, by dotted path; of a trial, what was searched.
        tags: what else is known, as text.
        scores: of the end: test_loss, test_accuracy and so on; best_ and each value of the best
            evaluation.
        points: of a trial; those of a training are read by ``Log``.
        pictures, files: in the folder.
        children: the runs of a check, the trials of a search.
        unread: why runs of a check could not be read, a sentence each.
    """

    id: str
    name: str
    title: str
    parent: str | None
    folder: RunFolder | None
    status: str
    started: float | None
    params: dict[str, Scalar]
    tags: dict[str, str]
    scores: dict[str, float] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    pictures: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    children: tuple[Record, ...] = ()
    unread: tuple[str, ...] = ()


class Log:
    """The log of a training, read as it grows.

    Args:
        folder: of the run. Where a run goes on from a checkpoint its log is cut first: what is
            written again is the same, and is not told twice.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.place = 0
        self.known: dict[str, int] = {}

    def new(self) -> list[Point]:
        """Return what was logged since the last call.

        Raises RunFolderError if the log is damaged.
        """
        file = self.folder.metrics_file
        try:
            with file.open("rb") as stream:
                size = stream.seek(0, 2)
                if size < self.place:
                    self.place = 0
                stream.seek(self.place)
                content = stream.read()
            when = file.stat().st_mtime
        except FileNotFoundError:
            return []
        whole = content.rfind(b"\n") + 1
        self.place += whole
        found = []
        for line in content[:whole].split(b"\n")[:-1]:
            try:
                point = point_of(records.checked_line(records.parse(line)), when)
            except ValueError as error:
                raise RunFolderError(f"a damaged line: {error}", str(file)) from error
            if point is not None and point.step > self.known.get(point.kind, -1):
                self.known[point.kind] = point.step
                found.append(point)
        return found


def point_of(line: Mapping[str, Any], when: float) -> Point | None:
    """Return what a line of metrics.jsonl measured; None if it tells no numbers of a step."""
    kind = line["kind"]
    values: dict[str, Any]
    if kind == "step":
        values = {to: line[name] for name, to in STEP_NUMBERS.items() if name in line}
        values |= {k: v for k, v in timing(line).items() if k == "samples_per_second"}
    elif kind == "epoch":
        values = {"epoch": line["epoch"], "train_loss": line["train_loss"]}
        values |= {name: value for name, value in line.items() if name.startswith("val_")}
    elif kind == "end" and line.get("test") and is_number(line.get("steps")):
        line = {**line, "step": line["steps"]}
        values = {f"test_{name}": value for name, value in line["test"].items()}
    else:
        return None
    numbers = {name: float(value) for name, value in values.items() if is_number(value)}
    left_out = sum(value is None for value in values.values())
    return Point(kind, int(line["step"]), numbers, left_out, when)


def timing(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of a line; none if they have another form."""
    found = line.get("timing")
    return found if isinstance(found, dict) else {}


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return type(value) in (int, float) and math.isfinite(value)


def record_of(folder: RunFolder, parent: str | None = None) -> Record:
    """Return a run as its files tell it now.

    Raises TrickrunError if they cannot be read.
    """
    recipe = load(folder.path / "resolved.yaml").recipe
    facts = folder.read_json("env.json")
    status, end = how_it_ended(folder)
    files = [folder.path / name for name in FILES if (folder.path / name).is_file()]
    own, unread = own_runs(folder)
    trials = trials_of(folder) if (folder.path / JOURNAL).exists() else ()
    return Record(
        id=folder.id,
        name=folder.name,
        title=folder.id,
        parent=parent,
        folder=folder,
        status=status,
        started=started(folder.id),
        params=flat(resolved(recipe)),
        tags=tags_of(folder, recipe, facts, status, end),
        scores=scores_of(end),
        pictures=tuple(sorted(folder.path.glob("*.svg"))),
        files=tuple(files),
        children=(*trials, *own),
        unread=tuple(unread),
    )


def tags_of(
    folder: RunFolder, recipe: Recipe, facts: Mapping[str, Any], status: str, end: Mapping[str, Any]
) -> dict[str, str]:
    """Return what is known of a run besides its numbers."""
    codes = list(dict.fromkeys(row["code"] for row in findings_of(folder)))
    said = folder.tags()
    told = {
        "run": folder.id,
        "recipe": folder.name,
        "command": folder.command,
        "status": status,
        "verdict": verdict_of(folder, recipe, status, end),
        "findings": " ".join(codes),
        "git_commit": facts.get("git_commit"),
        "version": facts.get("trickrun"),
        "device": facts.get("device"),
        "tags": " ".join(said.get("tags", ())),
        "note": said.get("note"),
    }
    return {f"trickrun.{name}": str(value) for name, value in told.items() if value}


def findings_of(folder: RunFolder) -> list[dict[str, Any]]:
    """Return the rows of a run's findings; none if nothing was looked for yet."""
    if not (folder.path / "findings.json").is_file():
        return []
    rows: list[dict[str, Any]] = folder.read_json("findings.json")
    return rows


def verdict_of(folder: RunFolder, recipe: Recipe, status: str, end: Mapping[str, Any]) -> str:
    """Return pass, warn or fail as the run's command said it; empty if it has not ended."""
    if folder.metrics_file.exists():
        if status != "finished":
            return ""
        if missed(recipe.expect, {**end, **timing(end)}):
            return "fail"
        grave = any(row["severity"] != "info" for row in findings_of(folder))
        return "warn" if grave else "pass"
    return str(end.get("verdict") or "")


def scores_of(end: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a run's end: of its best evaluation, and on the test split."""
    found = {}
    for part in ("best", "test"):
        for name, value in (end.get(part) or {}).items():
            if is_number(value):
                found[f"{part}_{name}"] = float(value)
    return found


def flat(tree: Any, path: str = "") -> dict[str, Scalar]:
    """Return the values of nested mappings by their dotted paths.

    A list of mappings has its places as names; any other list is one text: ``[256, 128]``.
    """
    items: Iterator[tuple[Any, Any]]
    if isinstance(tree, dict) and (tree or not path):
        items = iter(tree.items())
    elif isinstance(tree, list) and any(isinstance(entry, dict) for entry in tree):
        items = iter(enumerate(tree))
    else:
        plain = tree is None or isinstance(tree, str | int | float | bool)
        return {path: tree if plain else flow(tree)}
    found: dict[str, Scalar] = {}
    for key, value in items:
        found |= flat(value, f"{path}.{key}" if path else str(key))
    return found


def own_runs(folder: RunFolder) -> tuple[list[Record], list[str]]:
    """Return the runs of a check in the order in which they began, and why some cannot be read."""
    found, unread = [], []
    for own in sorted(find.every(folder.own_runs), key=lambda run: run.id):
        try:
            found.append(record_of(own, folder.id))
        except TrickrunError as error:
            unread.append(str(error).replace("\n", " "))
    return found, unread


def trials_of(folder: RunFolder) -> Iterator[Record]:
    """Yield the trials of a search.

    Raises RunFolderError if its files cannot be read.
    """
    try:
        rows = list(written(folder))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"cannot read its trials: {error}", str(folder.path)) from error
    names = by_params([row["params"] for row in rows], [row["id"] for row in rows])
    when = (folder.path / JOURNAL).stat().st_mtime
    for row, name in zip(rows, names, strict=True):
        # Of trials, metrics.jsonl has no lines: their best evaluation is what is known.
        values = {k: float(v) for k, v in row["values"].items() if is_number(v)}
        step = int(values.pop("step", 0.0))
        told = {"run": f"{folder.id}/{row['id']}", "parent": folder.id, "command": "trial"}
        told |= {"recipe": folder.name, "status": row["status"], "reason": row.get("reason", "")}
        yield Record(
            id=f"{folder.id}/{row['id']}",
            name=folder.name,
            title=name,
            parent=folder.id,
            folder=None,
            status=row["status"],
            started=started(folder.id),
            params=flat(row["params"]),
            tags={f"trickrun.{key}": str(value) for key, value in told.items() if value},
            scores={f"best_{key}": value for key, value in values.items()},
            points=(Point("epoch", step, values, 0, when),) if values else (),
        )
