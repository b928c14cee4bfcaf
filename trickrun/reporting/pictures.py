"""The pictures of any run, for the files in its folder and for its page."""

from __future__ import annotations

from trickrun.findings.verdict import Verdict


def pictures(command: str, verdict: Verdict) -> dict[str, str]:
    """Return file names and SVG documents; none for a command that draws nothing.

    Args:
        command: what made the run, such as ``lr-find`` or ``grid coarse``.
    """
    if command in ("initial-loss", "overfit-batch", "diagnose"):
        return {}
    # Only what is drawn waits for matplotlib.
    from trickrun.reporting import curve_pictures, grad_check, grid_pictures, signal_pictures, steps

    if command == "lr-find":
        return steps.pictures(verdict)
    if command == "signal":
        return signal_pictures.pictures(verdict)
    if command == "grad-check":
        return grad_check.pictures(verdict)
    if command.startswith("grid"):
        return grid_pictures.pictures(verdict.result)
    return curve_pictures.pictures(verdict) if "curves" in verdict.series else {}
