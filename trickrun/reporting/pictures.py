"""The pictures of any run, for the files in its folder and for its page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from trickrun.findings.verdict import Verdict
from trickrun.reporting import curve_pictures, grad_check, steps
from trickrun.run.folder import RunFolder
from trickrun.run.recall import recall
from trickrun.search.executors.workers import DRAWING, WORKERS

COMPARISONS = ("compare", "seeds", "ablate")
UNDRAWN = ("initial-loss", "overfit-batch", "diagnose")
"""The commands that draw nothing."""


def draw_aside(result: dict[str, Any]) -> Callable[[], dict[str, str]]:
    """Begin the pictures of a search's result in a worker and return what waits for them."""
    return WORKERS.aside(DRAWING, partial(of_search, result))


def of_search(result: dict[str, Any]) -> dict[str, str]:
    """Return file names and SVG documents of a search's result."""
    from trickrun.reporting import grid_pictures

    return grid_pictures.pictures(result)


def drawn_step(name: str, folder: RunFolder) -> dict[str, str]:
    """Return the pictures of a step that has its run folder, as its own command draws them."""
    return pictures(name, recall(folder))


def pictures(command: str, verdict: Verdict) -> dict[str, str]:
    """Return file names and SVG documents; none for a command that draws nothing.

    Args:
        command: what made the run, such as ``lr-find`` or ``grid coarse``.
    """
    if command in UNDRAWN:
        return {}
    # Only what is drawn waits for matplotlib.
    if command.startswith("grid"):
        return of_search(verdict.result)
    if command in COMPARISONS:
        from trickrun.reporting import comparison_pictures

        return comparison_pictures.pictures(command, verdict.result)
    if command == "lr-find":
        return steps.pictures(verdict)
    if command == "signal":
        from trickrun.reporting import signal_pictures

        return signal_pictures.pictures(verdict)
    if command == "grad-check":
        return grad_check.pictures(verdict)
    return curve_pictures.pictures(verdict) if "curves" in verdict.series else {}
