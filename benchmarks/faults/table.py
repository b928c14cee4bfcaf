"""The benchmark's table, and the list of what went wrong."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.faults.programs import Program
from benchmarks.faults.scoring import rank_of_cause, restores, shown

HEAD = (
    "| programs | detected (error) | error or warning | cause first | among first three "
    "| healthy with an error | healthy with error or warning | edits that restore "
    "| median seconds |\n|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Diagnosed:
    """A program, what was said of it, and what came of the edit.

    Args:
        answer: findings, seconds, and error if the diagnosis failed.
        edit: what ``--apply`` would write; None if nothing is suggested.
        repaired, buggy: the metric of the base and of the program, one value a seed.
        after: the metric with the edit, one value a seed of the first; text if it made no recipe;
            None if there was no edit to try.
    """

    program: Program
    answer: dict[str, Any]
    edit: dict[str, Any] | None
    repaired: Sequence[float]
    buggy: Sequence[float]
    after: Sequence[float] | str | None

    def has(self, *severities: str) -> bool:
        """Return whether a finding has one of the severities."""
        return any(finding["severity"] in severities for finding in self.answer["findings"])

    @property
    def rank(self) -> int | None:
        """The place of the first finding that names the cause."""
        return rank_of_cause(self.answer["findings"], self.program.causes)

    @property
    def restored(self) -> bool:
        """Whether the edit closed enough of the gap."""
        if self.after is None or isinstance(self.after, str):
            return False
        seeds = len(self.after)
        before, repaired = (statistics.fmean(v[:seeds]) for v in (self.buggy, self.repaired))
        return restores(before, statistics.fmean(self.after), repaired)


def row(title: str, results: Sequence[Diagnosed]) -> str:
    """Return a line of the table."""
    faulty = [r for r in results if r.program.buggy]
    healthy = [r for r in results if not r.program.buggy]
    tried = [r for r in faulty if r.after is not None]
    seconds = statistics.median(r.answer["seconds"] for r in results) if results else 0.0
    cells = [
        f"{title}: {len(faulty)} buggy, {len(healthy)} healthy",
        share(faulty, [r.has("error") for r in faulty]),
        share(faulty, [r.has("error", "warning") for r in faulty]),
        share(faulty, [r.rank == 1 for r in faulty]),
        share(faulty, [r.rank is not None and r.rank <= 3 for r in faulty]),
        share(healthy, [r.has("error") for r in healthy]),
        share(healthy, [r.has("error", "warning") for r in healthy]),
        share(tried, [r.restored for r in tried]),
        f"{seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def share(of: Sequence[Diagnosed], hits: Sequence[bool]) -> str:
    return shown(sum(hits), len(of))


def table(rows: Sequence[str]) -> str:
    """Return the table of these lines."""
    return "\n".join([HEAD, *rows])


def misses(results: Sequence[Diagnosed]) -> str:
    """Return the wrong answers: program, what it should say, what it said."""
    lines = []
    for r in results:
        wrong = miss(r)
        if wrong:
            said = ", ".join(
                f"{f['code']}({f['severity'][0]})@{f['where']}" for f in r.answer["findings"][:4]
            )
            said = r.answer.get("error") or said or "nothing"
            expected = "/".join(r.program.causes) or "healthy"
            lines.append(f"- {r.program.name}: {wrong}; expected {expected}; got {said}{tried(r)}")
    return "\n".join(lines)


def miss(r: Diagnosed) -> str:
    """Return what is wrong with an answer in a few words; "" if it is right."""
    if not r.program.buggy:
        return "FALSE ALARM" if r.has("error") else ""
    if not r.has("error"):
        return "no error" + ("" if r.rank == 1 else f", cause at {r.rank}")
    if r.rank != 1:
        return f"cause at {r.rank}"
    return "" if r.after is None or r.restored else "edit does not restore"


def tried(r: Diagnosed) -> str:
    """Return what the edit was and did."""
    if r.edit is None or not r.program.buggy:
        return ""
    if isinstance(r.after, str):
        return f"; edit {r.edit}: {r.after}"
    before, after, repaired = (statistics.fmean(v or [0]) for v in (r.buggy, r.after, r.repaired))
    return f"; edit {r.edit}: {before:.2f} -> {after:.2f} of {repaired:.2f}"
