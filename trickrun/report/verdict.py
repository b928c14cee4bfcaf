"""A check's verdict and its findings in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from trickrun.checks.verdict import Verdict
from trickrun.diagnose.finding import Finding

STYLES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
MARKS = {"error": "✗", "warning": "!", "info": "·"}


def print_verdict(verdict: Verdict) -> None:
    """Print the verdict's sentence and each finding with its reason and its edit."""
    console = Console(highlight=False)
    console.print(Text(verdict.verdict.upper(), STYLES[verdict.verdict]), verdict.summary)
    for finding in verdict.findings:
        print_finding(console, finding)


def print_finding(console: Console, finding: Finding) -> None:
    """Print one finding."""
    head = f"{MARKS[finding.severity]} {finding.code} {finding.name} ({finding.where})"
    console.print(Text(head, "bold"), soft_wrap=True)
    console.print(Text(f"  {finding.why}"), soft_wrap=True)
    for path, value in (finding.edit or {}).items():
        console.print(Text(f"  edit: {path}={value}", "cyan"), soft_wrap=True)
