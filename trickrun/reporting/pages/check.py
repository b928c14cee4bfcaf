"""The page of a check that has no other one: the figures that it measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trickrun.findings.verdict import Verdict
from trickrun.reporting.console import number
from trickrun.reporting.figures import ROWS
from trickrun.reporting.page_parts import Section, Table
from trickrun.run.folder import RunFolder

RECORDS = ("verdict", "summary", "version")
"""What of evidence.json is told elsewhere."""


def sections(folder: RunFolder, verdict: Verdict) -> Iterator[Section]:
    """Yield the figures of a check."""
    result = verdict.result
    if "curves" in verdict.series:
        return
    if folder.command in ROWS:
        rows = [[*map(str, row)] for row in ROWS[folder.command](result)]
        heads = ("what", "measured", "remark")
    else:
        plain = {k: v for k, v in result.items() if k not in RECORDS}
        known = [(k, v) for k, v in plain.items() if isinstance(v, int | float | str)]
        rows = [[name.replace("_", " "), cell(value)] for name, value in known]
        heads = ("what", "measured", "")
    if rows:
        yield Section("Figures", [Table("What was measured", heads[: len(rows[0])], rows)])


def cell(value: Any) -> str:
    """Return a value as a cell shows it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, dict):
        return str(value.get("kind", value))
    return number(value) if isinstance(value, float) else str(value)
