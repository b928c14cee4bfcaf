"""All scripts of the benchmark, and the hash of the held-back ones.

`python -m benchmarks.scripts.collection` prints the hash; `… show NAME` prints a script.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.scripts import faults_development, faults_held_back
from benchmarks.scripts.programs import Part, Script, compose, digest

FROZEN = Path(__file__).parent / "frozen.txt"


def scripts(part: Part) -> list[Script]:
    """Return a half's scripts: the healthy ones, then the faulty ones."""
    half = faults_development if part == "development" else faults_held_back
    return list(compose(part, half.FAULTS, half.VARIANTS))


def frozen_hash() -> str:
    """Return the hash of the held-back half."""
    return digest(scripts("held-back"))


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["show"]:
        every = {one.name: one.text for one in scripts("development") + scripts("held-back")}
        print(every[arguments[1]], end="")
    else:
        print(frozen_hash())


if __name__ == "__main__":
    main(sys.argv[1:])
