"""What every check says of what it examined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from trickrun.findings.finding import Finding


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Args:
        verdict: fail means that the next step of the checklist would mislead.
        result: the check's keys in the JSON contract (design, commands): plain data.
        findings: causes, best first.
        summary: one sentence for people, with the numbers and the threshold.
        run: the run folder that it was recorded in; None: it was not.
    """

    verdict: Literal["pass", "warn", "fail"]
    result: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    series: dict[str, Any] = field(default_factory=dict)
    """Further measurements worth keeping (curves, histograms); plain data."""

    run: str | None = None
