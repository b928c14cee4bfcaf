"""Which faults truly hurt: each program is trained beside its repaired one, seed by seed.

    python -m benchmarks.faults.hurts [--part development|held-back]

goes on from results/metrics.jsonl, and writes results/dropped.md and results/kept.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence

import torch

from benchmarks.faults.bases import BASES
from benchmarks.faults.faults import FAULTS
from benchmarks.faults.healthy import healthy, shipped
from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.measure import folder_of, metrics
from benchmarks.faults.programs import Base, Program, compose
from benchmarks.faults.scoring import hurts, paired_effect

SEEDS = (0, 1, 2, 3, 4)
HEALTHY_LOSS = 0.05
"""What a varied program may lose on its base, in the metric's unit, and still be healthy."""

METRICS = RESULTS / "metrics.jsonl"


def everything() -> tuple[list[Program], dict[str, Base]]:
    """Return all programs, the shipped recipes among them, and their bases."""
    bases = {**BASES, **shipped()}
    return [*compose(bases, FAULTS), *healthy(bases)], bases


def measure_all(programs: Iterable[Program], bases: Mapping[str, Base], journal: Journal) -> None:
    """Train what the journal lacks; programs of one base follow each other and share its data."""
    for program in sorted(programs, key=lambda p: p.base):
        base = bases[program.base]
        if program.name not in journal:
            journal.add(program.name, metrics(program, base, SEEDS, folder_of(program)))


def truly(program: Program, journal: Journal) -> bool:
    """Return whether a buggy program is worse than its base, or a healthy one as good."""
    base, own = journal[program.base], journal[program.name]
    if program.buggy:
        return hurts(base, own)
    return statistics.fmean(own) >= statistics.fmean(base) - HEALTHY_LOSS


def dropped_table(programs: Sequence[Program], journal: Journal) -> str:
    """Return the programs that are not what they were meant to be, with figures."""
    lines = [
        "# Programs that were dropped",
        "",
        "`python -m benchmarks.faults.hurts`: final validation metric, mean of 5 paired seeds.",
        "A buggy program is dropped if it costs less than 0.03 or its effect size is below 0.5, a",
        "healthy one if it loses more than 0.05 on its base.",
        "",
        "| program | half | meant | repaired | it | effect size |",
        "|---|---|---|---|---|---|",
    ]
    for program in programs:
        if not truly(program, journal):
            base, own = journal[program.base], journal[program.name]
            means = f"{statistics.fmean(base):.3f} | {statistics.fmean(own):.3f}"
            effect = f"{paired_effect(base, own):.2f}"
            meant = "buggy" if program.buggy else "healthy"
            lines.append(f"| {program.name} | {program.part} | {meant} | {means} | {effect} |")
    return "\n".join(lines) + "\n"


def kept_programs() -> tuple[list[Program], dict[str, Base]]:
    """Return the programs that were measured to be what they are meant to be, and the bases."""
    programs, bases = everything()
    kept = set(json.loads((RESULTS / "kept.json").read_text(encoding="utf-8")))
    return [program for program in programs if program.name in kept], bases


def main() -> None:
    """Measure, and write what is kept and what is dropped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("development", "held-back"))
    part = parser.parse_args().part
    torch.set_num_threads(1)
    programs, bases = everything()
    journal = Journal(METRICS)
    measure_all([p for p in programs if part in (None, p.part)], bases, journal)
    done = [p for p in programs if p.name in journal and p.base in journal]
    kept = sorted(p.name for p in done if truly(p, journal))
    (RESULTS / "kept.json").write_text(json.dumps(kept, indent=0) + "\n", encoding="utf-8")
    (RESULTS / "dropped.md").write_text(dropped_table(done, journal), encoding="utf-8")
    buggy = sum(p.buggy for p in done if p.name in set(kept))
    print(f"{len(done)} measured; kept {buggy} buggy and {len(kept) - buggy} healthy programs")


if __name__ == "__main__":
    main()
