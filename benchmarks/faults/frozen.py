"""The held-back half's hash: `python -m benchmarks.faults.frozen` prints it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.bases import BASES
from benchmarks.faults.faults import FAULTS
from benchmarks.faults.healthy import healthy
from benchmarks.faults.programs import Program, compose, digest

FROZEN = Path(__file__).parent / "frozen.txt"


def held_back() -> list[Program]:
    """Return the programs that no rule may be tuned on."""
    programs = [*compose(BASES, FAULTS), *healthy(BASES)]
    return [program for program in programs if program.part == "held-back"]


if __name__ == "__main__":
    print(digest(held_back(), BASES))
