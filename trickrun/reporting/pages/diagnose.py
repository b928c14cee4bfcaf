"""The page of a diagnosis: which edits it tried, and what they gained."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.verdict import Verdict
from trickrun.reporting.diagnose import by_gain
from trickrun.reporting.page_parts import Section, Table
from trickrun.reporting.pages.check import cell
from trickrun.run.folder import RunFolder

HEADS = ("edit", "skill", "with it", "gain needed", "helps")


def sections(_folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield the edits that were tried over several seeds, the largest gain first."""
    if not verdict.result["tried"]:
        return
    rows = [
        [label, *(cell(effect[name]) for name in ("before", "after", "needed", "helps"))]
        for label, effect in by_gain(verdict.result["tried"]["proven"].items())
    ]
    if rows:
        about = "Skill before and after each edit, the mean over seeds"
        yield Section("What was tried", [Table(about, HEADS, rows)])
