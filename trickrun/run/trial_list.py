"""The trials of searches, as ``trickrun runs --all`` lists them under each.

They have no folder of their own. A search that has ended tells them in its evidence.json, the best
first; one that goes on, in its journal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trickrun.errors import RunFolderError
from trickrun.run import files, records, summary_index
from trickrun.run.folder import RunFolder
from trickrun.run.listing import Summary
from trickrun.run.names import by_params

INDEX = ".trials.json"

EVIDENCE, JOURNAL = "evidence.json", "trials.jsonl"

NO_ROWS: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Trials:
    """The trials of a search, in the order in which they are listed."""

    rows: tuple[Summary, ...]


def with_trials(root: Path, runs: Sequence[Summary]) -> list[Summary]:
    """Return the runs, each search followed by its trials.

    What was found before is read from an index beside the runs, as far as it still holds.

    Args:
        root: the runs folder.
    """
    found: list[Summary] = []
    with summary_index.opened(root, Trials, INDEX, ("", EVIDENCE, JOURNAL)) as known:
        for run in runs:
            found.append(run)
            if os.path.exists(os.path.join(run.path, JOURNAL)):
                kept = known.summary_of(RunFolder(Path(run.path)), trials_of, lambda *_: True)
                found += (replace(row, path=run.path, parent=run.id) for row in kept.rows)
    return found


def trials_of(folder: RunFolder) -> Trials:
    """Return the trials of a search; none if its files cannot be read."""
    try:
        rows = list(written(folder))
    except (RunFolderError, OSError, ValueError):
        rows = NO_ROWS
    names = by_params([row["params"] for row in rows], [row["id"] for row in rows])
    return Trials(
        tuple(
            Summary(
                id=row["id"],
                recipe=folder.name,
                command="trial",
                status=row["status"],
                verdict=None,
                best=values_of(row),
                test=None,
                reason=row.get("reason") or None,
                started=None,
                bytes=0,
                path=str(folder.path),
                name=name,
            )
            for row, name in zip(rows, names, strict=True)
        )
    )


def written(folder: RunFolder) -> Iterator[dict[str, Any]]:
    """Yield what a search's files say of its trials.

    Raises RunFolderError, OSError or ValueError if they cannot be read.
    """
    if (folder.path / EVIDENCE).exists():
        yield from folder.read_json(EVIDENCE, records.ListedSearch)["trials"]
        return
    latest: dict[str, dict[str, Any]] = {}
    for line in files.content_of(folder.path / JOURNAL).split(b"\n")[:-1]:
        row = records.checked(records.parse(line), records.ListedTrial)
        latest[row["id"]] = row
    yield from latest.values()


def values_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the numbers of a trial's best evaluation, if it came to one."""
    kept = {k: v for k, v in row["values"].items() if v is None or type(v) in (int, float)}
    return kept or None
