"""Sends runs to one tracker: all at once, or as they go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.run.folder import RunFolder
from trickrun.tracking.records import WEIGHTS, Log, Record, record_of
from trickrun.tracking.trackers import Refused, Tracker, open_tracker

Draw = Callable[[RunFolder], Mapping[str, bytes]]
"""Returns the pictures of a run, PNG by name."""

Wait = Callable[[], bool]
"""Waits a moment; returns whether the run goes on."""


@dataclass(frozen=True)
class Sent:
    """What came of sending a run to a tracker.

    Args:
        run: its folder.
        to: the tracker.
        state: new, updated (it was there already), refused or failed.
        place: where it is now.
        runs: how many were sent: the run and what belongs to it.
        left_out: what of it the tracker was not sent.
        message: why it was refused or failed.
    """

    run: str
    to: str
    state: str
    place: str = ""
    runs: int = 0
    left_out: tuple[str, ...] = ()
    message: str = ""

    @property
    def ok(self) -> bool:
        return self.state in ("new", "updated")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def told(self) -> str:
        """What came of it, in a line for people."""
        if not self.ok:
            again = f"send it later: trickrun track {self.run} --to {self.to}"
            return f"{self.to}: {self.state}: {self.message}; {again}"
        count = f" with {self.runs - 1} of its own" if self.runs > 1 else ""
        without = f", without {', '.join(self.left_out)}" if self.left_out else ""
        return f"{self.to}: {self.state}{count}{without}: {self.place}"


def send(
    folder: RunFolder, to: str, draw: Draw, weights: bool = False, wait: Wait | None = None
) -> Sent:
    """Send a run, and what belongs to it, to a tracker; whatever that raises becomes the answer.

    Args:
        weights: whether the weights of the best evaluation are sent too.
        wait: what waits while the run goes on; None: it is sent as it is now.
    """
    told = Sent(str(folder.path), to, "failed")
    try:
        tracker = open_tracker(to)
        folder = RunFolder(folder.path.resolve())  # a run's id is its folder's name, not "."
        record = record_of(folder)
        state, left_out = send_record(tracker, record, draw, weights, wait)
        whole = record_of(folder) if wait is not None else record
        count, more = send_children(tracker, whole, draw, weights)
    except Refused as error:
        return Sent(told.run, to, "refused", message=str(error))
    except (Exception, SystemExit) as error:  # a library may raise anything
        reason = error.message if isinstance(error, TrickrunError) else described(error)
        return Sent(told.run, to, "failed", message=reason)
    lost = left_out + more
    without = [tracker.leaves_out] if tracker.leaves_out else []
    without += [f"{lost} values that were no numbers"] if lost else []
    without += whole.unread
    return Sent(told.run, to, state, tracker.place, 1 + count, tuple(without))


def send_record(
    tracker: Tracker, record: Record, draw: Draw, weights: bool, wait: Wait | None = None
) -> tuple[str, int]:
    """Send one run or trial; return its state, and how many values were left out."""
    state = "updated" if tracker.begin(record) else "new"
    points, left_out = list(record.points), 0
    log = Log(record.folder) if record.folder is not None else None
    while log is not None and wait is not None and wait():
        found = log.new()
        left_out += sum(point.left_out for point in found)
        tracker.log(found)
    if log is not None:
        points += log.new()
    tracker.log(points)
    left_out += sum(point.left_out for point in points)
    folder = record.folder
    if folder is None:
        tracker.end(record, {}, ())
        return state, left_out
    now = record_of(folder, record.parent) if wait is not None else record
    best = folder.path / WEIGHTS
    kept = [best] if weights and best.is_file() else []
    pictures = draw(folder) if folder.metrics_file.exists() else {}
    tracker.end(now, pictures, [*now.files, *kept])
    return state, left_out


def send_children(tracker: Tracker, record: Record, draw: Draw, weights: bool) -> tuple[int, int]:
    """Send what belongs to a run, at any depth; return how many, and how many values were left
    out."""
    count = lost = 0
    for child in record.children:
        _, left_out = send_record(tracker, child, draw, weights)
        further, more = send_children(tracker, child, draw, weights)
        count, lost = count + 1 + further, lost + left_out + more
    return count, lost


def described(error: BaseException) -> str:
    """Return what a library raised in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:400] if text else type(error).__name__
