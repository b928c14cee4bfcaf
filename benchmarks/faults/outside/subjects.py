"""The subjects: faulty and healthy programs that other people described, one in each file.

A file in ``development/`` or ``held_back/`` is faulty and says which repairs are accepted; one in
``healthy/development/`` or ``healthy/held_back/`` trains well. The half follows from the name, so
nobody can choose it. Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.faults.programs import SplitData, targets
from benchmarks.faults.sections import Tree
from trickrun.recipe.patch import canonical, patch_paths

HERE = Path(__file__).parent
TARGETS = HERE / "targets"
"""The folder of the subjects' Python code; recipes are resolved against it."""

FROZEN = HERE / "frozen.txt"
"""The hash of the held-back subjects."""

METRICS = ("val_accuracy", "val_f1_macro", "val_r2")
"""Values that a subject may be judged by; of all of them larger is better."""

CAUSE = re.compile(r"TR\d\d(@[\w.]+)?|@[\w.]+")
"""A finding's code, a code with a recipe path, or a recipe path."""

FOLDERS: Mapping[SplitData, str] = {"development": "development", "held-back": "held_back"}


class SubjectError(ValueError):
    """A file that is no subject."""


@dataclass(frozen=True)
class Source:
    """Where a subject comes from.

    Args:
        datasets: the collections that it is in.
        id: its name there.
        url: of the question or the repository.
        says: in our own words: the program, what its author saw, and what mended it.
    """

    datasets: tuple[str, ...]
    id: str
    url: str
    says: str


@dataclass(frozen=True)
class Repair:
    """One accepted repair: a right answer names one of its causes.

    Args:
        says: what it does and why.
        causes: see ``benchmarks.faults.scoring.names_cause``.
        edit: recipe paths and their values.
    """

    says: str
    causes: tuple[str, ...]
    edit: Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """A program to be diagnosed.

    Args:
        name: of the file.
        part: its half.
        metric: the value that says how well it trains.
        recipe: the whole program, as written.
        repairs: the accepted ones, the reference repair first; none if it is healthy.
        at_least: what a healthy program's metric must reach; None for a faulty one.
    """

    name: str
    part: SplitData
    source: Source
    metric: str
    recipe: Tree
    repairs: tuple[Repair, ...] = ()
    at_least: float | None = None

    @property
    def faulty(self) -> bool:
        return self.at_least is None

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes that any of the repairs accepts."""
        return tuple(dict.fromkeys(c for repair in self.repairs for c in repair.causes))

    @property
    def codes(self) -> tuple[str, ...]:
        """Those of the causes that are a finding's code: what the fault is, not what mends it."""
        return tuple(cause for cause in self.causes if not cause.startswith("@"))

    def tree(self) -> Tree:
        """Return the recipe as a canonical tree."""
        return canonical({"name": "program", **self.recipe})

    def repaired(self, repair: Repair) -> Tree:
        """Return the canonical tree with a repair."""
        return patch_paths(self.tree(), repair.edit)


def half_of(name: str, faulty: bool) -> SplitData:
    """Return the half that a name belongs to: half of the faulty subjects, a quarter of the
    healthy ones, for which there is less to be tuned, are for development."""
    first = hashlib.sha256(name.encode()).digest()[0]
    return "development" if first % (2 if faulty else 4) == 0 else "held-back"


def folder_of(part: SplitData, faulty: bool) -> Path:
    """Return the folder of a half's faulty or healthy subjects."""
    return (HERE if faulty else HERE / "healthy") / FOLDERS[part]


def subjects(part: SplitData, faulty: bool) -> list[Subject]:
    """Return a half's faulty or healthy subjects, by name.

    Raises SubjectError if a file is not one of them.
    """
    return [read(path, part, faulty) for path in sorted(folder_of(part, faulty).glob("*.yaml"))]


def half(part: SplitData) -> list[Subject]:
    """Return a half's subjects, the faulty ones first."""
    return [*subjects(part, True), *subjects(part, False)]


def everything() -> list[Subject]:
    """Return the subjects of both halves."""
    return [subject for part in FOLDERS for subject in half(part)]


def read(path: Path, part: SplitData, faulty: bool) -> Subject:
    """Return the subject in a file.

    Raises SubjectError if it is in the wrong half, or not of the form that README.md tells.
    """
    if half_of(path.stem, faulty) != part:
        raise SubjectError(f"{path}: by its name it belongs to the other half")
    try:
        return subject_of(path.stem, part, yaml.safe_load(path.read_text(encoding="utf-8")), faulty)
    except (SubjectError, yaml.YAMLError) as error:
        raise SubjectError(f"{path}: {error}") from error


def subject_of(name: str, part: SplitData, tree: Any, faulty: bool) -> Subject:
    """Return the subject that plain data describe; raises SubjectError if they do not."""
    own = "repairs" if faulty else "at_least"
    only(tree, "the file", {"source", "metric", "recipe", own})
    if tree["metric"] not in METRICS:
        raise SubjectError(f"metric {tree['metric']!r} is not one of {', '.join(METRICS)}")
    if not isinstance(tree["recipe"], dict):
        raise SubjectError("recipe is no mapping")
    source = source_of(tree["source"])
    if not faulty:
        least = tree["at_least"]
        if not isinstance(least, int | float) or not 0 < least <= 1:
            raise SubjectError("at_least is no number between 0 and 1")
        return Subject(name, part, source, tree["metric"], tree["recipe"], at_least=float(least))
    if not isinstance(tree["repairs"], list) or not tree["repairs"]:
        raise SubjectError("repairs is no list of repairs")
    repairs = tuple(repair_of(repair) for repair in tree["repairs"])
    return Subject(name, part, source, tree["metric"], tree["recipe"], repairs)


def source_of(tree: Any) -> Source:
    """Return a file's source."""
    only(tree, "source", {"dataset", "id", "url", "says"})
    datasets = tree["dataset"] if isinstance(tree["dataset"], list) else [tree["dataset"]]
    return Source(tuple(datasets), str(tree["id"]), tree["url"], tree["says"])


def repair_of(tree: Any) -> Repair:
    """Return one of a file's repairs."""
    only(tree, "a repair", {"says", "causes", "edit"})
    causes = tuple(tree["causes"] or ())
    wrong = [cause for cause in causes if not CAUSE.fullmatch(str(cause))]
    if wrong or not causes:
        raise SubjectError(f"causes {wrong or 'of a repair are missing'}: TRnn, TRnn@path or @path")
    if not isinstance(tree["edit"], dict) or not tree["edit"]:
        raise SubjectError("the edit of a repair is no mapping of recipe paths")
    return Repair(tree["says"], causes, tree["edit"])


def only(tree: Any, what: str, keys: Iterable[str]) -> None:
    """Raise SubjectError unless ``tree`` is a mapping of exactly these keys."""
    if not isinstance(tree, dict):
        raise SubjectError(f"{what} is no mapping")
    different = set(tree) ^ set(keys)
    if different:
        raise SubjectError(f"{what}: {', '.join(sorted(different))} missing or unknown")


def digest(of: Iterable[Subject]) -> str:
    """Return a hash of all that subjects are: recipes, causes, repairs, and the code and tables
    that they name."""
    lines: list[str] = []
    modules: set[str] = set()
    tables: set[str] = set()
    for subject in sorted(of, key=lambda s: s.name):
        repairs = [[list(repair.causes), dict(repair.edit)] for repair in subject.repairs]
        whole = [subject.name, subject.metric, subject.recipe, repairs, subject.at_least]
        lines.append(json.dumps(whole, sort_keys=True))
        modules |= {target.partition(":")[0] for target in targets(whole)}
        data = subject.recipe["data"]
        tables |= {data["path"]} if isinstance(data, dict) and "path" in data else set()
    for name in [*(f"{module}.py" for module in sorted(modules)), *sorted(tables)]:
        lines.append((TARGETS / name).read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def frozen_hash() -> str:
    """Return the hash of the held-back half as it is now."""
    return digest(half("held-back"))


if __name__ == "__main__":
    print(frozen_hash())
