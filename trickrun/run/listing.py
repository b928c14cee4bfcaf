"""What is below the runs folder: a summary of each run."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from trickrun.errors import RunFolderError
from trickrun.run import find, records, summary_index
from trickrun.run.folder import RunFolder, command_name

ID = re.compile(r"\d{8}-\d{6}-\d+-[0-9a-f]{4}")
"""The name of a run's folder; see ``folder.create``."""

ENDED = ("finished", "interrupted", "failed")
"""Statuses that no process changes but one that resumes the run, which writes to it first."""


@dataclass(frozen=True)
class Summary:
    """A run as ``trickrun runs`` lists it.

    Args:
        recipe: the recipe's name.
        command: what made it: train, or a check's name; empty if its env.json cannot be read;
            ``trial`` of a search's trial.
        status: finished, interrupted, failed, running, killed, unfinished (a check) or damaged; of
            a trial how it ended (search/trial.py).
        verdict: of a check.
        best: the best evaluation's values, if there was one.
        test: the scores on the test split, if it came to that.
        reason: why it failed, or what is damaged.
        started: in seconds since 1970; None if its id tells no time.
        bytes: of all its files, those of its own runs left out.
        path: of its folder; of a trial, the search's.
        tags, note: what the user has said of it.
        parent: the id of the check that it belongs to.
        own_runs: how many runs belong to it.
        name: of a trial, what it has that others have not: lr=0.01.
    """

    id: str
    recipe: str
    command: str
    status: str
    verdict: str | None
    best: dict[str, Any] | None
    test: dict[str, Any] | None
    reason: str | None
    started: float | None
    bytes: int
    path: str
    tags: tuple[str, ...] = ()
    note: str = ""
    parent: str | None = None
    own_runs: int = 0
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def summaries(root: Path, nested: bool = False) -> list[Summary]:
    """Return the runs below ``root``, newest first; damaged ones are listed too.

    What was found before is read from an index beside the runs, as far as it still holds.

    Args:
        nested: runs that belong to a check follow it. Otherwise they only count in its bytes.

    Raises RunFolderError if ``root`` is not a folder.
    """
    if root.exists() and not root.is_dir():
        raise RunFolderError("this is a file, not a folder of runs", str(root))
    with summary_index.opened(root, Summary) as known:
        listed = list(below(root, None, known))
    if nested:
        return listed
    whole = {run.id: run.bytes for run in listed}
    for run in reversed(listed):  # from the innermost to what they belong to
        if run.parent in whole:
            whole[run.parent] += whole[run.id]
    return [replace(run, bytes=whole[run.id]) for run in listed if run.parent is None]


def below(root: Path, parent: str | None, known: summary_index.Index[Summary]) -> Iterator[Summary]:
    """Yield the runs of a runs folder, newest first, each followed by its own."""
    found = [run for run in find.folders(root) if ID.fullmatch(run.id) and run.path.is_dir()]
    for folder in sorted(found, key=lambda run: run.id, reverse=True):
        told = known.summary_of(folder, summary, is_settled)
        own = list(below(folder.own_runs, folder.id, known))
        yield replace(told, path=str(folder.path), parent=parent, own_runs=len(own))
        yield from own


def is_settled(told: Summary, folder: RunFolder) -> bool:
    """Whether a summary still holds of a run whose files are as they were."""
    if told.status in ENDED or (told.status == "damaged" and not folder.metrics_file.exists()):
        return True
    return told.status != "running" and folder.status != "running"


def summary(folder: RunFolder) -> Summary:
    """Return what is to be said about one run."""
    reason: str | None = None
    facts: dict[str, Any] = {}
    end: dict[str, Any] = {}
    tags: dict[str, Any] = {}
    try:
        facts, tags = folder.read_json("env.json"), folder.tags()
        status, end = how_it_ended(folder)
    except RunFolderError as error:
        status, reason = "damaged", error.message
    return Summary(
        id=folder.id,
        recipe=folder.name,
        command=command_name(facts.get("command")),
        status=status,
        verdict=end.get("verdict"),
        best=end.get("best") or None,
        test=end.get("test") or None,
        reason=reason or end.get("reason"),
        started=started(folder.id),
        bytes=size_of(folder),
        path=str(folder.path),
        tags=tuple(tags.get("tags", ())),
        note=tags.get("note", ""),
    )


def how_it_ended(folder: RunFolder) -> tuple[str, dict[str, Any]]:
    """Return a run's status and what is known of its end: best, test, reason or verdict.

    Raises RunFolderError if its files cannot be read.
    """
    if not (folder.path / "resolved.yaml").exists():
        raise RunFolderError("it has no resolved.yaml", str(folder.path))
    status = folder.status
    if status == "check":
        done = (folder.path / "evidence.json").exists()
        return ("finished", told_by(folder)) if done else ("unfinished", {})
    if status in ("finished", "interrupted"):
        return status, folder.last_record
    evaluations = [r for r in folder.metrics() if r["kind"] == "epoch" and r["best"]]
    reason = folder.last_record.get("reason") if status == "failed" else None
    return status, {"best": numbers(evaluations[-1]) if evaluations else None, "reason": reason}


def numbers(record: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of an evaluation's record, as the last line of a run has them."""
    return {k: v for k, v in record.items() if v is None or type(v) in (int, float)}


def told_by(folder: RunFolder) -> dict[str, Any]:
    """Return what the evidence of a check says of its end."""
    evidence = folder.read_json("evidence.json")
    told = {name: evidence.get(name) for name in ("verdict", "test")}
    # Of a search, the best trial, with its metric by name. What other checks call best is no
    # evaluation.
    if evidence.get("stage") is None:
        return {**told, "best": None}
    with folder.reading("evidence.json"):
        search = records.checked(evidence, records.SearchEnd)
    best = search.get("best")
    return {**told, "best": best and {**best, search["metric"]: best["metric"]}}


def started(run_id: str) -> float | None:
    """Return when a run began, in seconds since 1970, by its id; None if that is no time."""
    try:
        return float(calendar.timegm(time.strptime(run_id[:15], "%Y%m%d-%H%M%S")))
    except ValueError:
        return None


def size_of(folder: RunFolder) -> int:
    """Return the bytes of a run's files, its own runs left out and links not followed."""
    total = 0
    left = [path for path in find.visible(folder.path) if path != folder.own_runs]
    while left:
        path = left.pop()
        with suppress(OSError):  # it was removed meanwhile
            if path.is_symlink():
                continue
            if path.is_dir():
                left += path.iterdir()
            else:
                total += path.stat().st_size
    return total
