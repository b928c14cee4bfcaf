"""The table of the subjects from elsewhere."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.faults.outside.subjects import Subject
from benchmarks.faults.programs import Program
from benchmarks.faults.scoring import rank_of_cause
from benchmarks.faults.table import Diagnosed, share

HEAD = (
    "| subjects | detected (error) | error or warning | first right | by its code "
    "| right among first three | by its code | healthy with an error "
    "| healthy with error or warning | edits that restore | faults restored "
    "| median seconds | largest |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def as_program(subject: Subject) -> Program:
    """Return a subject as a program of the generated benchmark, which is its own base."""
    return Program(subject.name, subject.part, subject.name, {}, subject.metric, subject.causes)


def row(title: str, results: Sequence[tuple[Subject, Diagnosed]]) -> str:
    """Return a line of the table."""
    faulty = [r for subject, r in results if subject.faulty]
    healthy = [r for subject, r in results if not subject.faulty]
    by_code = [
        rank_of_cause(r.answer["findings"], subject.codes)
        for subject, r in results
        if subject.faulty
    ]
    tried = [r for r in faulty if r.after is not None]
    seconds = [r.answer["seconds"] for _, r in results] or [0.0]
    cells = [
        f"{title}: {len(faulty)} faulty, {len(healthy)} healthy",
        share(faulty, [r.has("error") for r in faulty]),
        share(faulty, [r.has("error", "warning") for r in faulty]),
        share(faulty, within([r.rank for r in faulty], 1)),
        share(faulty, within(by_code, 1)),
        share(faulty, within([r.rank for r in faulty], 3)),
        share(faulty, within(by_code, 3)),
        share(healthy, [r.has("error") for r in healthy]),
        share(healthy, [r.has("error", "warning") for r in healthy]),
        share(tried, [r.restored for r in tried]),
        share(faulty, [r.restored for r in faulty]) if tried else "-",
        f"{statistics.median(seconds):.1f}",
        f"{max(seconds):.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def within(ranks: Sequence[int | None], places: int) -> list[bool]:
    """Return of each rank whether it is among the first places."""
    return [rank is not None and rank <= places for rank in ranks]


def table(rows: Sequence[str]) -> str:
    """Return the table of these lines."""
    return "\n".join([HEAD, *rows])
