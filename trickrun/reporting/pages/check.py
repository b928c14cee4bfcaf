"""The page of a check that has no other one: the figures that it measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trickrun.findings.verdict import Verdict
from trickrun.recipe.text.emit import flow
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
        heads = ("figure", "value", "remark")
    else:
        plain = {k: v for k, v in result.items() if k not in RECORDS}
        known = [(k, v) for k, v in plain.items() if isinstance(v, int | float | str)]
        rows = [[name.replace("_", " "), cell(value)] for name, value in known]
        heads = ("figure", "value", "")
    if rows:
        yield Section("Figures", [Table("What was measured", heads[: len(rows[0])], rows)])


def chosen(value: Any) -> str:
    """Return a recipe's value as a cell shows it: as the recipe would have it, a section by its
    kind."""
    if isinstance(value, dict) and "kind" in value:
        return str(value["kind"])
    return f"{value:.6g}" if isinstance(value, float) else flow(value)


def cell(value: Any) -> str:
    """Return a value as a cell shows it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, dict):
        return str(value.get("kind", value))
    return number(value) if isinstance(value, float) else str(value)
