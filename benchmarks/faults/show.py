"""Print a program's recipe: `python -m benchmarks.faults.show clothes-cnn+lr-too-high-mild`."""

from __future__ import annotations

import sys

import yaml

from benchmarks.faults.hurts import everything
from benchmarks.faults.programs import tree_of

if __name__ == "__main__":
    programs, bases = everything()
    named = {program.name: program for program in programs}
    wanted = named.get(sys.argv[1])
    if wanted is None:
        sys.exit("\n".join(named))
    print(yaml.safe_dump(tree_of(wanted, bases[wanted.base]), sort_keys=False))
