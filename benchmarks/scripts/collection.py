"""All scripts of the benchmark, and the hashes of the frozen parts.

`python -m benchmarks.scripts.collection` prints the hashes; `… show NAME` prints a script.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.scripts import (
    faults_development,
    faults_forum,
    faults_fresh,
    faults_held_back,
    faults_trackers,
)
from benchmarks.scripts.programs import (
    FROZEN_PARTS,
    PARTS,
    Fault,
    Part,
    Script,
    Variant,
    compose,
    digest,
)

FROZEN = Path(__file__).parent / "frozen.txt"

CHANGES: Mapping[Part, tuple[Sequence[Fault], Sequence[Variant]]] = {
    "development": (faults_development.FAULTS, faults_development.VARIANTS),
    "held-back": (faults_held_back.FAULTS, faults_held_back.VARIANTS),
    "fresh": (faults_fresh.FAULTS, faults_fresh.VARIANTS),
    "forum": (faults_forum.FAULTS, faults_forum.VARIANTS),
    "trackers": (faults_trackers.FAULTS, faults_trackers.VARIANTS),
}


def scripts(part: Part) -> list[Script]:
    """Return a part's scripts: the healthy ones, then the faulty ones."""
    faults, variants = CHANGES[part]
    return list(compose(part, faults, variants))


def frozen_hashes() -> dict[str, str]:
    """Return the hash of each frozen part, as it is now."""
    return {part: digest(scripts(part)) for part in FROZEN_PARTS}


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["show"]:
        every = {one.name: one.text for part in PARTS for one in scripts(part)}
        print(every[arguments[1]], end="")
    else:
        print("\n".join(f"{part} {value}" for part, value in frozen_hashes().items()))


if __name__ == "__main__":
    main(sys.argv[1:])
