"""A check's verdict and its findings in the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console
from rich.table import Table

from trickrun.findings.finding import Finding
from trickrun.reporting.console import Text, number, print_table, terminal
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.findings.verdict import Verdict

STYLES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
MARKS = {"error": "✗", "warning": "!", "info": "·"}


def print_verdict(verdict: Verdict) -> None:
    """Print the verdict's sentence and each finding with its reason and its edit."""
    console = terminal()
    told = Text.assemble((verdict.verdict.upper(), STYLES[verdict.verdict]), " ", verdict.summary)
    console.print(told, soft_wrap=True)
    for finding in verdict.findings:
        print_finding(console, finding)


def print_finding(console: Console, finding: Finding) -> None:
    """Print one finding."""
    console.print(Text(headline(finding), "bold"), soft_wrap=True)
    console.print(Text(f"  {in_line(finding.why)}"), soft_wrap=True)
    for path, value in (finding.edit or {}).items():
        console.print(Text(f"  edit: {override(path, value)}", "cyan"), soft_wrap=True)
    if finding.location is not None:
        place = "{file}:{line}: {advice}".format_map(finding.location)
        console.print(Text(f"  {place}", "cyan"), soft_wrap=True)
    if finding.confirmed is not None:
        before, after = (number(finding.confirmed[when]) for when in ("before", "after"))
        console.print(Text(f"  tried: {before} before, {after} after", "green"), soft_wrap=True)


def headline(finding: Finding) -> str:
    """Return a finding in a few words: mark, code, name and place."""
    where = in_line(finding.where)
    return f"{MARKS[finding.severity]} {finding.code} {finding.name} ({where})"


def override(path: str, value: Any) -> str:
    """Return an edit as a command line takes it: ``path=value``, quoted for the shell."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False)
    # A lone scalar is followed by a line of dots, the end of a document.
    return shlex.quote(path + "=" + text.removesuffix("...\n").strip())


def print_rows(rows: Iterable[tuple[str, ...]]) -> None:
    """Print measurements: a name, a value and perhaps a remark in each row."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    print_table(terminal(), table)
