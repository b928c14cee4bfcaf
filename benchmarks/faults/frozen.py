"""The held-back half's hashes: `python -m benchmarks.faults.frozen` prints them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.bases import BASES
from benchmarks.faults.bases_architectures import HELD_BACK_ARCHITECTURES
from benchmarks.faults.faults import FAULTS
from benchmarks.faults.healthy import healthy
from benchmarks.faults.programs import compose, digest

FROZEN = Path(__file__).parent / "frozen.txt"


def hashes() -> list[str]:
    """Return a line for each part of the held-back half: what it is made of, and its hash."""
    programs = [*compose(BASES, FAULTS), *healthy(BASES)]
    held_back = [program for program in programs if program.part == "held-back"]
    later = [program for program in held_back if program.base in HELD_BACK_ARCHITECTURES]
    first = [program for program in held_back if program not in later]
    parts = {"bases_held_back": first, "bases_architectures": later}
    return [f"{name} {digest(part, BASES)}" for name, part in parts.items()]


if __name__ == "__main__":
    print("\n".join(hashes()))
