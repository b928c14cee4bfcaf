"""Everything that has been measured so far, as two sections of RESULTS.md: of the programs that
are made here, and of those that others described.

python -m benchmarks.faults.report
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.faults.hurts import kept_programs, write_dropped
from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.outside import section
from benchmarks.faults.programs import Program
from benchmarks.faults.run import diagnosed, journals
from benchmarks.faults.scoring import shown
from benchmarks.faults.table import Diagnosed, row, table
from benchmarks.results import machine, write_section

TITLE = "Faults: detected, named, mended"
PARTS = ("development", "held-back")
PEERS = ("neural-net-checklist", "torchtest2")


def results_of(programs: Sequence[Program], part: str, confirm: bool) -> list[Diagnosed]:
    """Return what is known of a half's programs, with or without ``--confirm``."""
    own = [program for program in programs if program.part == part]
    return list(diagnosed(own, *journals(part, confirm), confirm))


def rows(programs: Sequence[Program]) -> Iterator[str]:
    """Yield a line for each half with and without ``--confirm`` that has been run."""
    for part in PARTS:
        for confirm in (False, True):
            results = results_of(programs, part, confirm)
            if results:
                yield row(f"{part}{', --confirm' if confirm else ''}", results)


def peer_rows(programs: Sequence[Program]) -> Iterator[str]:
    """Yield a line for each half and peer: what it says, and what trickrun says of the same
    programs without ``--confirm``."""
    for part in PARTS:
        answers = Journal(RESULTS / f"peers-{part}.jsonl").entries
        ours = {r.program.name: r for r in results_of(programs, part, False)}
        for peer in PEERS:
            both = [
                (ours[name], answer)
                for name in ours
                if (answer := answers.get(f"{peer} {name}")) is not None
            ]
            if both:
                yield peer_row(f"{peer}, {part}", both)


def peer_row(title: str, both: Sequence[tuple[Diagnosed, dict[str, Any]]]) -> str:
    """Return a peer's line: detection and false alarms, its and ours."""
    cells = [title]
    for buggy in (True, False):
        asked = [(ours, theirs) for ours, theirs in both if ours.program.buggy is buggy]
        cells.append(shown(sum(bool(theirs["said"]) for _, theirs in asked), len(asked)))
        cells.append(shown(sum(ours.has("error") for ours, _ in asked), len(asked)))
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the sections."""
    write_section(section.TITLE, "\n".join([*section.lines(), "", machine("torch")]))
    programs, _ = kept_programs()
    lines = [
        "`python -m benchmarks.faults.run` and `peers`; what the columns mean is in",
        "`benchmarks/faults/README.md`. Shares with Wilson's 95 % intervals.",
        f"{write_dropped()} (`benchmarks/faults/results/dropped.md` has the others).",
        machine("torch"),
        "",
        table(list(rows(programs))),
    ]
    peers = list(peer_rows(programs))
    if peers:
        lines += [
            "",
            "The same programs, where a peer can be given all that makes them what they are",
            "(network, batch and, for torchtest2, loss and optimizer), beside `diagnose` without",
            "`--confirm`:",
            "",
            "| peer | it detects | trickrun detects | its false alarms | trickrun's |",
            "|---|---|---|---|---|",
            *peers,
        ]
    write_section(TITLE, "\n".join(lines))


if __name__ == "__main__":
    main()
