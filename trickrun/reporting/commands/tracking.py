"""Runs sent to trackers, told to people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from trickrun.errors import TrickrunError
from trickrun.reporting.visible import in_line
from trickrun.run.folder import RunFolder
from trickrun.tracking.following import Tracking, tracking
from trickrun.tracking.sending import Sent, Wait, send
from trickrun.tracking.trackers import check_installed, named


def track(
    folders: Sequence[RunFolder], to: Sequence[str], weights: bool = False, wait: Wait | None = None
) -> list[Sent]:
    """Send runs to trackers, one after another, and return what came of each; see ``send``."""
    return [send(folder, name, drawn, weights, wait) for folder in folders for name in to]


def drawn(folder: RunFolder) -> dict[str, bytes]:
    """Return the curves of a training as pictures, PNG by name; none if it has no curves yet."""
    # A command that only waits for its trackers draws nothing.
    from trickrun.checks.curves.curves_check import read_runs
    from trickrun.reporting import curve_pictures
    from trickrun.reporting.raster import png

    try:
        verdict = read_runs([folder])
    except TrickrunError:
        return {}
    panels = curve_pictures.panels(verdict)
    return {f"curves-{place}": png([panel]) for place, panel in enumerate(panels, 1)}


def tell(sent: Sequence[Sent]) -> None:
    """Print what was sent, a line each; on stderr what was not."""
    for each in sent:
        if each.ok:
            print(in_line(f"tracked: {each.told}"))
        else:
            print(in_line(f"warning: {each.told}"), file=sys.stderr)


@contextmanager
def following(words: Sequence[str]) -> Iterator[Tracking]:
    """Yield what follows the runs of a command; at the end of the block they are sent, and it is
    told.

    Args:
        words: trackers; in one word may be several, with commas between them.

    Raises TrickrunError for a name that is no tracker, or one that is not installed.
    """
    names = named(words)
    check_installed(names)
    found: Tracking | None = None
    try:
        with tracking(names) as found:
            yield found
    finally:
        if found is not None:
            tell(found.sent)
