"""Which faults truly hurt: each program is trained beside its repaired one, seed by seed.

    python -m benchmarks.faults.hurts [--part development|held-back]

goes on from results/metrics.jsonl, and writes results/dropped.md.
"""

from __future__ import annotations

import argparse
import statistics
import zlib
from collections.abc import Iterable, Mapping, Sequence

import torch

from benchmarks.faults.bases import BASES
from benchmarks.faults.faults import FAULTS
from benchmarks.faults.healthy import healthy, is_shipped, shipped
from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.measure import folder_of, metrics
from benchmarks.faults.programs import Base, Program, compose, tree_of
from benchmarks.faults.scoring import hurts, paired_effect, spread_out

SEEDS = (0, 1, 2, 3, 4)
SEEDS_OF_HEALTHY = (0, 1)
"""A varied program only has to be about as good as its base."""

HEALTHY_LOSS = 0.05
"""What a varied program may lose on its base, in the metric's unit, and still be healthy."""

SLOWEST = ("clothes-cnn", "few-clothes-mlp")

METRICS = RESULTS / "metrics.jsonl"


def everything() -> tuple[list[Program], dict[str, Base]]:
    """Return all programs, the shipped recipes among them, and their bases."""
    bases = {**BASES, **shipped()}
    return [*compose(bases, FAULTS), *healthy(bases)], bases


def measure_all(programs: Iterable[Program], bases: Mapping[str, Base], journal: Journal) -> None:
    """Train what the journal lacks, in an order in which any beginning has every kind of fault."""
    for program in in_turns(programs):
        base = bases[program.base]
        if program.name not in journal:
            varied = not program.buggy and program.edits
            seeds = SEEDS_OF_HEALTHY if varied else SEEDS
            tree, folder = tree_of(program, base), folder_of(program)
            journal.add(program.name, metrics(tree, program.metric, seeds, folder))


def in_turns(programs: Iterable[Program]) -> list[Program]:
    """Return the bases, then one program of each fault and variation in each half, and so on.

    Which base comes first is as good as drawn, but always the same; the slowest come last.
    """
    named = {program.name: program for program in programs}
    drawn = sorted(named, key=lambda n: (named[n].base in SLOWEST, zlib.crc32(n.encode())))
    return [named[n] for n in spread_out([(kind_of(named[n]), n) for n in drawn], len(named))]


def kind_of(program: Program) -> str:
    """Return a program's fault or variation, and half; each base is a kind of its own."""
    _, _, fault = program.name.partition("+")
    _, _, variation = program.name.partition("~")
    kind = fault.rpartition("-")[0] or variation
    return f"1 {kind} {program.part}" if kind else f"0 {program.name}"


def measured(program: Program, journal: Journal) -> bool:
    """Return whether it is known how well a program trains; a shipped recipe has a gate for that
    (``expect``), which is tested elsewhere."""
    return is_shipped(program) or (program.name in journal and program.base in journal)


def truly(program: Program, journal: Journal) -> bool:
    """Return whether a buggy program is worse than its base, or a healthy one as good."""
    if is_shipped(program):
        return True
    base, own = journal[program.base], journal[program.name]
    if program.buggy:
        return hurts(base, own)
    return statistics.fmean(own) >= statistics.fmean(base) - HEALTHY_LOSS


def kept_programs() -> tuple[list[Program], dict[str, Base]]:
    """Return the programs that were measured to be what they are meant to be, and the bases."""
    programs, bases = everything()
    journal = Journal(METRICS)
    return [p for p in programs if measured(p, journal) and truly(p, journal)], bases


def dropped_table(programs: Sequence[Program], journal: Journal) -> str:
    """Return the programs that are not what they were meant to be, with figures."""
    lines = [
        "# Programs that were dropped",
        "",
        "`python -m benchmarks.faults.hurts`: final validation metric, mean of 5 paired seeds",
        "(2 for healthy programs).",
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
            effect = f"{paired_effect(base[: len(own)], own):.2f}"
            meant = "buggy" if program.buggy else "healthy"
            lines.append(f"| {program.name} | {program.part} | {meant} | {means} | {effect} |")
    return "\n".join(lines) + "\n"


def write_dropped() -> str:
    """Write dropped.md of what has been measured so far, and return in words what is kept."""
    journal = Journal(METRICS)
    done = [p for p in everything()[0] if measured(p, journal)]
    (RESULTS / "dropped.md").write_text(dropped_table(done, journal), encoding="utf-8")
    words = [f"{len(done)} of {len(everything()[0])} programs measured"]
    for part in ("development", "held-back"):
        kept = [p for p in done if p.part == part and truly(p, journal)]
        buggy = sum(p.buggy for p in kept)
        words.append(f"{part}: {buggy} buggy and {len(kept) - buggy} healthy kept")
    return "; ".join(words)


def main() -> None:
    """Measure, and write what is kept and what is dropped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("development", "held-back"))
    part = parser.parse_args().part
    torch.set_num_threads(1)
    programs, bases = everything()
    journal = Journal(METRICS)
    wanted = [p for p in programs if part in (None, p.part) and not is_shipped(p)]
    measure_all(wanted, bases, journal)
    print(write_dropped())


if __name__ == "__main__":
    main()
