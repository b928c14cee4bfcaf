"""The option ``--track`` of commands that train."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trickrun.cli.output import Answer

if TYPE_CHECKING:
    from trickrun.run.folder import RunFolder
    from trickrun.tracking.sending import Sent

    Follow = Callable[[RunFolder], None]


class Trackers(Protocol):
    """What follows a command's runs, and tells what was sent when they are over."""

    @property
    def sent(self) -> Sequence[Sent]: ...

    def follow(self, folder: RunFolder) -> None: ...


class Untracked:
    """What follows no run."""

    sent: Sequence[Sent] = ()

    def follow(self, folder: RunFolder) -> None:
        """Do nothing."""


@contextmanager
def following(words: list[str] | None) -> Iterator[Trackers]:
    """Yield what follows a command's runs; at the end of the block they are sent, and it is told.

    Args:
        words: as the option gives them.

    Raises TrickrunError for a name that is no tracker, or one that is not installed.
    """
    if not words:
        yield Untracked()
        return
    from trickrun.tracking.trackers import check_installed, named

    names = named(words)
    check_installed(names)
    from trickrun.reporting.commands.tracking import tracked

    with tracked(names) as trackers:
        yield trackers


def with_tracked(found: Answer, trackers: Trackers) -> Answer:
    """Return an answer with what was sent of its run, if anything was to be."""
    if not trackers.sent:
        return found
    told = {"tracked": [each.as_json() for each in trackers.sent]}
    return replace(found, result={**found.result, **told})


def tracked_check(words: list[str] | None, check: Callable[[], Answer]) -> Answer:
    """Do a check, and send the run that it left to the trackers when it has ended."""
    with following(words) as trackers:
        found = check()
        if words and found.run is not None:
            from trickrun.run.folder import RunFolder

            trackers.follow(RunFolder(Path(found.run)))
    return with_tracked(found, trackers)
