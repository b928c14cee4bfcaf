"""What the benchmark is made of: bases, faults, and the programs that they make together.

Nothing here imports torch, so that the frozen half can be checked in a moment.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from benchmarks.faults.sections import Tree
from trickrun.recipe.patch import canonical, patch_paths

SplitData = Literal["development", "held-back"]

TARGETS = Path(__file__).parent / "targets"
"""The folder of the programs' Python code and tables; recipes are resolved against it."""


@dataclass(frozen=True)
class Times:
    """An edit that multiplies what the base has at the path."""

    factor: float


@dataclass(frozen=True)
class Base:
    """A recipe that trains well.

    Args:
        name: of the architecture and its data, for example digits-cnn.
        part: the half of the benchmark that it belongs to, with its data set.
        tree: the recipe.
        metric: the value that a fault must worsen; larger is better.
    """

    name: str
    part: SplitData
    tree: Tree
    metric: str = "val_accuracy"


@dataclass(frozen=True)
class Fault:
    """A mistake that people make, as edits of a right recipe.

    Args:
        name: what is wrong.
        causes: findings that name it: a code, or ``code@path`` where the finding must also be
            about that recipe path, because the code alone names a symptom.
        severities: how bad it is made, to the edits that make it so.
        on: names of the bases that it is put into.
    """

    name: str
    causes: tuple[str, ...]
    severities: Mapping[str, Mapping[str, Any]]
    on: tuple[str, ...]


def on(names: str) -> tuple[str, ...]:
    """Return the names of bases in a text."""
    return tuple(names.split())


def one(edits: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the severities of a mistake that one either makes or not."""
    return {"plain": edits}


@dataclass(frozen=True)
class Program:
    """A recipe to be diagnosed.

    Args:
        name: base, fault and severity.
        part: its half.
        base: the name of its base, which is also the repaired program.
        edits: what makes it of the base; none for a base itself.
        metric: the value that says how well it trains.
        causes: as of its fault; none if it is healthy.
    """

    name: str
    part: SplitData
    base: str
    edits: Mapping[str, Any]
    metric: str
    causes: tuple[str, ...] = ()

    @property
    def buggy(self) -> bool:
        return bool(self.causes)


def compose(bases: Mapping[str, Base], faults: Iterable[Fault]) -> Iterator[Program]:
    """Yield each fault in each of its bases, at each severity."""
    for fault in faults:
        for name in fault.on:
            base = bases[name]
            for severity, edits in fault.severities.items():
                yield Program(
                    f"{name}+{fault.name}-{severity}",
                    base.part,
                    name,
                    {path: scaled(base.tree, path, value) for path, value in edits.items()},
                    base.metric,
                    fault.causes,
                )


def scaled(tree: Tree, path: str, value: Any) -> Any:
    """Return an edit's value; ``Times`` needs what the tree has at ``path``."""
    if not isinstance(value, Times):
        return value
    here: Any = tree
    for key in path.split("."):
        here = here[key]
    return float(f"{here * value.factor:.6g}")


def tree_of(program: Program, base: Base) -> Tree:
    """Return a program's whole recipe."""
    return patch_paths(canonical({"name": "program", **base.tree}), program.edits)


def write(programs: Iterable[Program], bases: Mapping[str, Base], folder: Path) -> None:
    """Write the programs' recipes into ``folder``, and beside them the code that they name."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in TARGETS.glob("*.*"):
        shutil.copy(file, folder)
    for program in programs:
        text = yaml.safe_dump(tree_of(program, bases[program.base]), sort_keys=False)
        (folder / f"{program.name}.yaml").write_text(text, encoding="utf-8")


def digest(programs: Iterable[Program], bases: Mapping[str, Base]) -> str:
    """Return a hash of everything that the programs are: recipes, causes, and code they name."""
    lines: list[str] = []
    modules: set[str] = set()
    for program in sorted(programs, key=lambda p: p.name):
        base = bases[program.base]
        whole = [program.name, base.tree, dict(program.edits), program.causes, program.metric]
        lines.append(json.dumps(whole, sort_keys=True))
        modules |= {target.partition(":")[0] for target in targets(whole)}
    for module in sorted(modules):
        lines.append((TARGETS / f"{module}.py").read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def targets(value: Any) -> Iterator[str]:
    """Yield every python target in plain data."""
    if isinstance(value, Mapping):
        if "kind" not in value or value["kind"] == "python":
            yield from (t for t in [value.get("target")] if isinstance(t, str) and ":" in t)
        for item in value.values():
            yield from targets(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from targets(item)
