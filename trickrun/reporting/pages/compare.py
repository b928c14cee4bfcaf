"""The page of ``compare``, and of ``seeds`` and ``ablate``, which are comparisons too."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.findings.verdict import Verdict
from trickrun.reporting.comparison import tables
from trickrun.reporting.page_parts import Prose, Section, Table
from trickrun.run.folder import RunFolder


def sections(folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield a section for each table that the terminal shows."""
    result = verdict.result
    for place, shown in enumerate(tables(folder.command, result), 1):
        title = shown.title or f"Figures {place}"
        table = Table(title, shown.heads, shown.rows)
        yield Section(title, [table, Prose(shown.notes)] if shown.notes else [table])
    left = [f"No time for: {one}. The same command trains them." for one in result["left_out"]]
    yield Section(
        "What an interval covers", [Prose([f"An interval covers {result['covers']}.", *left])]
    )
