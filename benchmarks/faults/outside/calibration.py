"""Faulty programs for the confidence: no rule was written or tuned on them, and they are not held
back. Mistakes of the generated benchmark (faults.py) are put into programs that others described
and that train well (healthy/development).

    python -m benchmarks.faults.outside.calibration draw      # into calibration.txt
    python -m benchmarks.faults.outside.calibration train     # which count (about 20 minutes)
    python -m benchmarks.faults.outside.calibration diagnose [--jobs 2]   # 15 to 30 seconds each

The last two go on where they were interrupted. A program counts if its mistake truly hurts, as in
the generated benchmark: five paired seeds, training alone. Accepted causes are the mistake's.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import yaml

from benchmarks.faults.bases import BASES
from benchmarks.faults.faults import FAULTS
from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.outside import hurts as healthy
from benchmarks.faults.outside import subjects
from benchmarks.faults.programs import (
    TARGETS,
    Base,
    Fault,
    Program,
    Tree,
    compose,
    scaled,
    tree_of,
)
from benchmarks.faults.run import basis_of, diagnoses
from benchmarks.faults.scoring import hurts
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import Task
from trickrun.errors import TrickrunError
from trickrun.recipe.load import load
from trickrun.recipe.patch import canonical, patch_paths

DRAWN = subjects.HERE / "calibration.txt"
"""The programs that were drawn, one a line."""

METRICS = RESULTS / "calibration-metrics.jsonl"
ANSWERS = RESULTS / "calibration-confirm.jsonl"

SEED, WANTED = 14, 185
"""Of the draw, and programs of which about half will count."""

FASTEST = 0.4
"""Seconds that a training of a program may take before a mistake is put into it, at most."""

BUDGET = 150.0
"""Seconds of a diagnosis, at most: on a machine that does nothing else a third of it is enough, but
edits that are left out for want of time would say little of the confidence."""

OF_ONE_BASE = ("data.target", "data.args", "model.args")
"""Paths of mistakes in code that one base of the generated benchmark has."""


def bases() -> dict[str, Base]:
    """Return the programs that mistakes are put into, by name."""
    journal = Journal(healthy.METRICS)
    sound = healthy.counted(subjects.subjects("development", False), journal)
    found = ((s, healthy.trained(s, journal)) for s in sound)
    return {
        s.name: Base(s.name, s.part, dict(s.recipe), s.metric)
        for s, trained in found
        if trained is not None and trained.seconds <= FASTEST
    }


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder with the code and tables that recipes of both benchmarks name."""
    with tempfile.TemporaryDirectory() as name:
        for targets in (TARGETS, subjects.TARGETS):
            for file in targets.glob("*.*"):
                shutil.copy(file, name)
        yield Path(name)


def written(name: str, tree: Tree, where: Path) -> Path:
    """Write a recipe, and return its file."""
    path = where / f"{name}.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return path


def whole(base: Base) -> Tree:
    """Return a base's canonical tree."""
    return canonical({"name": "program", **base.tree})


def kind_of(task: Task) -> str:
    """Return what a mistake may suit or not: targets, two classes, or several."""
    if task.kind == "regression":
        return "regression"
    return "two classes" if task.classes == 2 else "several classes"


def kinds(of: Mapping[str, Base], where: Path) -> dict[str, str]:
    """Return the kind of task that each base has."""
    found = {}
    for name, base in of.items():
        loaded = load(written(name, whole(base), where))
        found[name] = kind_of(prepare(loaded.recipe.data, where).task)
    return found


def suits(edits: Mapping[str, Any], base: Base, where: Path) -> bool:
    """Return whether edits make another recipe of a base, and one that can be read."""
    before = whole(base)
    try:
        values = {path: scaled(before, path, value) for path, value in edits.items()}
        after = patch_paths(before, values)
        load(written("tried", after, where))
    except (TrickrunError, KeyError, TypeError):
        return False
    return after != before


def mistakes() -> dict[tuple[str, str], Fault]:
    """Return by fault and severity the mistakes that can be put into any recipe."""
    return {
        (fault.name, severity): replace(fault, severities={severity: edits})
        for fault in FAULTS
        for severity, edits in fault.severities.items()
        if not any(path.startswith(OF_ONE_BASE) for path in edits)
    }


def draw() -> list[str]:
    """Return the names of WANTED programs: each mistake in turn, in a base drawn from those that
    have had the fewest, of the kinds of task that it is put into elsewhere."""
    of = bases()
    development = {name: base for name, base in BASES.items() if base.part == "development"}
    able: dict[tuple[str, str], list[str]] = {}
    with folder() as where:
        of_base, of_model = kinds(of, where), kinds(development, where)
        for mistake, fault in mistakes().items():
            tasks = {of_model[name] for name in fault.on if name in of_model}
            edits = fault.severities[mistake[1]]
            names = [name for name in of if of_base[name] in tasks]
            able[mistake] = [name for name in names if suits(edits, of[name], where)]
    return in_turns(able, random.Random(SEED))


def in_turns(able: Mapping[tuple[str, str], Sequence[str]], chance: random.Random) -> list[str]:
    """Return the names of WANTED programs of the bases that each mistake can be put into."""
    found: list[str] = []
    used: Counter[str] = Counter()
    while len(found) < WANTED:
        mistakes = chance.sample(sorted(able), len(able))
        for fault, severity in mistakes[: WANTED - len(found)]:
            names = [n for n in able[fault, severity] if f"{n}+{fault}-{severity}" not in found]
            fewest = min((used[n] for n in names), default=0)
            drawn = [name for name in names if used[name] == fewest]
            if drawn:
                base = chance.choice(drawn)
                used[base] += 1
                found.append(f"{base}+{fault}-{severity}")
    return found


def programs() -> tuple[list[Program], dict[str, Base]]:
    """Return the programs that were drawn, and their bases."""
    of, known = bases(), mistakes()
    names = DRAWN.read_text(encoding="utf-8").split()
    return [program_of(name, of, known) for name in names], of


def program_of(
    name: str, of: Mapping[str, Base], known: Mapping[tuple[str, str], Fault]
) -> Program:
    """Return the program with a name: base+fault-severity."""
    base, _, mistake = name.partition("+")
    fault, _, severity = mistake.rpartition("-")
    whole_base = replace(of[base], tree=whole(of[base]))
    (program,) = compose({base: whole_base}, [replace(known[fault, severity], on=(base,))])
    return program


def recipe_of(program: Program, known: Mapping[str, Base], where: Path) -> Path:
    """Write a program's recipe, and return its file."""
    return written(program.name, tree_of(program, known[program.base]), where)


def train(of: Sequence[Program], known: Mapping[str, Base], journal: Journal) -> None:
    """Train the programs and their bases, what the journal lacks."""
    with folder() as where:
        for program in of:
            base = known[program.base]
            for name, tree in (
                (base.name, whole(base)),
                (program.name, tree_of(program, base)),
            ):
                if name not in journal:
                    found = healthy.measured(tree, base.metric, healthy.SEEDS, where)
                    journal.add(name, found if isinstance(found, str) else found["values"])


def counted(of: Iterable[Program], journal: Journal) -> list[Program]:
    """Return the programs whose mistake was measured to hurt."""

    def truly(program: Program) -> bool:
        pair = [journal.entries.get(name) for name in (program.base, program.name)]
        return all(isinstance(v, list) for v in pair) and hurts(pair[0], pair[1])  # type: ignore[arg-type]

    return [program for program in of if truly(program)]


def diagnose_all(of: Sequence[Program], known: Mapping[str, Base], jobs: int) -> None:
    """Diagnose what the journal lacks, with edits tried; what the answers rest on is kept too."""
    answers, basis = Journal(ANSWERS), Journal(basis_of(ANSWERS))
    with folder() as where:
        paths = {
            program.name: recipe_of(program, known, where)
            for program in of
            if program.name not in answers
        }
        for name, observed in diagnoses(paths, True, jobs, BUDGET):
            basis.add(name, observed.basis)
            answers.add(name, observed.answer)


def main() -> None:
    """Draw, train or diagnose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("draw", "train", "diagnose"))
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.what == "draw":
        DRAWN.write_text("\n".join(draw()) + "\n", encoding="utf-8")
        return
    of, known = programs()
    journal = Journal(METRICS)
    if asked.what == "train":
        train(of, known, journal)
    kept = counted(of, journal)
    print(f"{len(kept)} of {len(of)} count")
    if asked.what == "diagnose":
        diagnose_all(kept, known, asked.jobs)


if __name__ == "__main__":
    main()
