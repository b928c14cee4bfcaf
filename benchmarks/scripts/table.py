"""What was said of the scripts, counted, and the section in RESULTS.md."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.faults.scoring import shown
from benchmarks.results import machine, write_section
from benchmarks.scripts.programs import Part, Script

Finding = Mapping[str, Any]

HEADINGS: Mapping[Part, str] = {
    "development": "Watching scripts, development half",
    "held-back": "Watching scripts, held-back half",
    "fresh": "Watching scripts, fresh part",
    "forum": "Watching scripts, forum part",
    "trackers": "Watching scripts, trackers part",
}
"""The sections in RESULTS.md."""


@dataclass(frozen=True)
class Watched:
    """A script, and what was said of it.

    Args:
        script: as it was run.
        said: the journal's entry, see run.watch.
    """

    script: Script
    said: Mapping[str, Any]

    @property
    def findings(self) -> list[Finding]:
        """Errors and warnings, as they were told."""
        return [one for one in self.said["findings"] if one["severity"] != "info"]

    @property
    def codes(self) -> list[str]:
        return [one["code"] for one in self.findings]

    @property
    def detected(self) -> bool:
        """Whether a finding names the cause."""
        return any(code in self.script.accepted for code in self.codes)

    @property
    def first(self) -> bool:
        """Whether the first finding does."""
        return self.codes[:1] != [] and self.codes[0] in self.script.accepted

    @property
    def alarmed(self) -> bool:
        """Whether there is an error."""
        return any(one["severity"] == "error" for one in self.findings)


def beyond_repair(results: Sequence[Watched]) -> int:
    """Return how many mistakes are detected by a code that is not said of the repair as well."""
    said = {one.script.name: set(one.codes) for one in results}
    return sum(
        any(
            code in one.script.accepted
            for code in set(one.codes) - said.get(one.script.base, set())
        )
        for one in results
        if one.script.faulty
    )


def by_kind(faulty: Sequence[Watched]) -> list[str]:
    """Return the rows of the table, a kind of mistake each."""
    kinds = sorted({one.script.kind for one in faulty})
    rows = ["| kind of mistake | scripts | detected | first |", "| --- | --- | --- | --- |"]
    for kind in kinds:
        of = [one for one in faulty if one.script.kind == kind]
        detected, first = sum(one.detected for one in of), sum(one.first for one in of)
        rows.append(f"| {kind} | {len(of)} | {detected} | {first} |")
    return rows


def section(part: Part, results: Sequence[Watched], dropped: Mapping[str, str]) -> str:
    """Return the text of a part's section."""
    faulty = [one for one in results if one.script.faulty]
    healthy = [one for one in results if not one.script.faulty]
    failed = [one for one in results if one.said.get("failed")]
    beyond = beyond_repair(results)
    lines = [
        f"`python -m benchmarks.scripts.run {part}`: {len(faulty)} faulty scripts and "
        f"{len(healthy)} healthy ones, each watched in its own process.",
        machine("torch"),
        "",
        "Shares have Wilson's 95 % intervals. Detected: an error or a warning has one of the codes "
        "that were accepted beforehand; first: the first of them has.",
        "",
        "| what | share |",
        "| --- | --- |",
        f"| detected | {shown(sum(one.detected for one in faulty), len(faulty))} |",
        f"| right cause first | {shown(sum(one.first for one in faulty), len(faulty))} |",
        f"| detected, by a code that its repair does not get | {shown(beyond, len(faulty))} |",
        f"| any error or warning | {shown(sum(bool(one.codes) for one in faulty), len(faulty))} |",
        "| healthy scripts with an error | "
        f"{shown(sum(one.alarmed for one in healthy), len(healthy))} |",
        "| healthy scripts with an error or a warning | "
        f"{shown(sum(bool(one.codes) for one in healthy), len(healthy))} |",
        "",
        *by_kind(faulty),
        "",
        f"Runs that failed: {len(failed)}. Median seconds of a run: "
        f"{statistics.median(one.said.get('seconds', 0.0) for one in results):.1f}, "
        "on a machine that may be doing other things.",
        "",
        f"Dropped by training alone: {len(dropped)}"
        + (
            f" ({', '.join(f'{name}: {why}' for name, why in dropped.items())})."
            if dropped
            else "."
        ),
    ]
    return "\n".join(lines)


def misses(results: Sequence[Watched]) -> str:
    """Return what went wrong, a script in a line."""
    lines = []
    for one in results:
        told = ", ".join(f"{f['code']} {f['severity']}" for f in one.findings) or "nothing"
        if one.said.get("failed"):
            lines.append(f"failed: {one.script.name}: {one.said['failed']}")
        if one.script.faulty and not one.detected:
            wanted = " or ".join(one.script.accepted)
            lines.append(f"missed: {one.script.name}: {wanted}; said: {told}")
        elif one.script.faulty and not one.first:
            lines.append(f"not first: {one.script.name}: said: {told}")
        elif not one.script.faulty and one.codes:
            grave = "false alarm" if one.alarmed else "warning only"
            lines.append(f"{grave}: {one.script.name}: said: {told}")
    return "\n".join(lines)


def write_results(part: Part, results: Sequence[Watched], dropped: Mapping[str, str]) -> str:
    """Write a part's section into RESULTS.md, and return it."""
    text = section(part, results, dropped)
    write_section(HEADINGS[part], text)
    return text
