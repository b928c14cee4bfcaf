"""The page of ``compare``, and of ``seeds`` and ``ablate``, which are comparisons too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trickrun.findings.verdict import Verdict
from trickrun.reporting.comparison import tables
from trickrun.reporting.page_parts import Prose, Section, Table
from trickrun.run.folder import RunFolder


def sections(folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield a section for each table that the terminal shows."""
    result = verdict.result
    titles: Counter[str] = Counter()
    for shown in tables(folder.command, result):
        title = capitalized(shown.title or "Figures")
        titles[title] += 1
        # Each recipe beside the first one has tables of the same titles.
        number = f" ({titles[title]})" if titles[title] > 1 else ""
        table = Table(f"By {shown.heads[0] or 'recipe'}", shown.heads, shown.rows)
        yield Section(title + number, [table, Prose(shown.notes)] if shown.notes else [table])
    left = [f"No time for: {one}. The same command trains them." for one in result["left_out"]]
    covers = f"An interval covers {result['covers']}."
    yield Section("What an interval covers", [Prose([covers, *left])])


def capitalized(title: str) -> str:
    """Return a title with a capital; a recipe's name, which it may begin with, stays as it is."""
    return title if " compared with " in title else title[:1].upper() + title[1:]
