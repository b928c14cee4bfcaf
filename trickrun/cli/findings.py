"""Findings that need no training, as ``validate`` and ``train`` show them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trickrun.cli.output import Verdict
from trickrun.findings.finding import Finding
from trickrun.findings.rank import gravest

if TYPE_CHECKING:
    from trickrun.recipe.load import Loaded


def from_text(loaded: Loaded) -> list[Finding]:
    """Return what a recipe's text alone shows, causes first; no torch is needed."""
    from trickrun.findings.static import findings
    from trickrun.recipe.facts import facts_of

    return findings(facts_of(loaded.recipe))


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Return fail for an error-level finding, warn for a warning, else pass."""
    worst = gravest(findings)
    if worst == "error":
        return "fail"
    return "warn" if worst == "warning" else "pass"


def show(findings: Sequence[Finding]) -> None:
    """Print each finding with its reason and its edit."""
    if not findings:
        return
    # Where there is nothing to show, the time that rich needs to load is saved.
    from trickrun.reporting.console import terminal
    from trickrun.reporting.verdict import print_finding

    for finding in findings:
        print_finding(terminal(), finding)


def tell_before_training(findings: Sequence[Finding]) -> None:
    """Print errors and warnings to stderr, a line each."""
    from trickrun.reporting.verdict import headline

    for finding in findings:
        if finding.severity != "info":
            print(f"{headline(finding)}: {finding.why}", file=sys.stderr)
