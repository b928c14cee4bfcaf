"""The option ``--track`` of commands that train."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.cli.output import Answer

if TYPE_CHECKING:
    from trickrun.tracking.following import Tracking


def trackers(words: list[str] | None) -> AbstractContextManager[Tracking | None]:
    """Return what follows a command's runs until the end of its block; None if none was asked for.

    Args:
        words: as the option gives them.

    Raises TrickrunError for a name that is no tracker, or one that is not installed.
    """
    if not words:
        return nullcontext()
    from trickrun.reporting.commands.tracking import following

    return following(words)


def with_tracked(found: Answer, tracking: Tracking | None) -> Answer:
    """Return an answer with what was sent of its run, if anything was to be."""
    if tracking is None or not tracking.sent:
        return found
    told = {"tracked": [each.as_json() for each in tracking.sent]}
    return replace(found, result={**found.result, **told})


def tracked_check(words: list[str] | None, check: Callable[[], Answer]) -> Answer:
    """Do a check, and send the run that it left to the trackers when it has ended."""
    with trackers(words) as tracking:
        found = check()
        if tracking is not None and found.run is not None:
            from trickrun.run.folder import RunFolder

            tracking.follow(RunFolder(Path(found.run)))
    return with_tracked(found, tracking)
