"""Does trickrun speak with one voice? Every command about every kind of recipe, and what they say.

Run it with ``python benchmarks/voice.py [--only NAME] [--commands train,curves] [--to FOLDER]``: it
prints a table of the findings and edits that each command shows, with each contradiction, and exits
1 if there is one. What was said is kept in the folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import multiprocessing
import os
import re
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.voice_cases import CASES, DATA, STEPS, Case
from trickrun.recipe.load import load

COMMANDS = ("train", "curves", "diagnose", "checklist")


@dataclass(frozen=True)
class Said:
    """What a command said of a recipe: its text, its exit code and its findings."""

    command: str
    code: int
    text: str
    findings: list[dict[str, Any]]

    @property
    def edits(self) -> list[tuple[str, Any]]:
        """Path and value of every edit shown: ``path=value`` where trickrun says what to change."""
        found = []
        for line in self.text.splitlines():
            if re.match(r"\s*(edit|next|this run would tell): ", line):
                words = shlex.split(line.split(":", 1)[1])
                found += [pair(word) for word in words if "=" in word]
        return found


def pair(word: str) -> tuple[str, Any]:
    path, _, value = word.partition("=")
    return path, yaml.safe_load(value)


def value_at(tree: Any, path: str) -> Any:
    """Return the value at a dotted path of nested mappings and lists; None where there is none."""
    for key in path.split("."):
        if isinstance(tree, list):
            tree = tree[int(key)] if key.isdigit() and int(key) < len(tree) else None
        else:
            tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


CALMS = re.compile(r"rate that falls|let the (learning )?rate fall", re.I)
"""Advice that a recipe with a falling rate has already taken."""


def contradictions(said: Said, recipe: Any) -> Iterator[str]:
    """Yield what a command's output says that something else in it, or the recipe, denies."""
    edits = said.edits
    for (one, first), (other, second) in combinations(edits, 2):
        if one == other and first != second:
            yield f"{one}: {first!r} and {second!r}"
        elif other.startswith(f"{one}.") or one.startswith(f"{other}."):
            yield f"{one}={first!r} and {other}={second!r}"
    for path, value in edits:
        if value_at(recipe, path) == value and value is not None:
            yield f"{path} is {value!r} already"
    if CALMS.search(said.text) and recipe["optimizer"]["schedule"]["kind"] != "constant":
        yield "advises a falling rate, which the recipe has"
    if said.text.count("next: ") > 1:
        yield "more than one next command"


def across(all_said: Iterable[Said]) -> Iterator[str]:
    """Yield what one command says of a recipe that another denies."""
    shown = [(said.command, path, value) for said in all_said for path, value in said.edits]
    for path, group in groupby(sorted(shown, key=lambda s: s[1]), key=lambda s: s[1]):
        rates = {(c, v) for c, _, v in group if isinstance(v, float | int)}
        for (one, first), (other, second) in combinations(sorted(rates, key=str), 2):
            if first > 0 < second and abs(math.log10(first / second)) > 1.5:
                yield f"{one} says {path}={first:g}, {other} {path}={second:g}"


def hear(case: Case, command: str, folder: Path) -> Said:
    """Run a command about a recipe in a process of its own and return what it said."""
    path = case.write(folder)
    arguments = [command, path.name]
    if command == "checklist":
        arguments += ["--keep-going", "--budget", "40s"]
    if command == "diagnose":
        arguments += ["--budget", "60s"]
    out = folder / f"{case.name}.{command}.txt"
    process = multiprocessing.get_context("fork").Process(
        target=run_command, args=(arguments, folder, out)
    )
    process.start()
    process.join()
    return Said(command, process.exitcode or 0, out.read_text(), findings_of(folder, out))


def findings_of(folder: Path, out: Path) -> list[dict[str, Any]]:
    """Return the findings in the run folder that an output names last."""
    runs = re.findall(r"(?:run|report): (\S+)", out.read_text())
    for run in reversed(runs):
        place = folder / run
        place = place.parent if place.suffix == ".html" else place
        for name in ("findings.json", "verdict.json"):
            if (place / name).is_file():
                found = json.loads((place / name).read_text())
                return found if isinstance(found, list) else found.get("findings", [])
    return []


def run_command(arguments: list[str], folder: Path, out: Path) -> None:
    """Be trickrun: run a command with its output in a file, and exit as it does."""
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["trickrun", *arguments]
    from trickrun.cli import main

    main()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--to", type=Path, default=Path("/tmp/voice"))
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    wrong = 0
    for case in CASES:
        if given.only and not re.search(given.only, case.name):
            continue
        folder = given.to / case.name
        case = Case(case.name, case.recipe, case.cause, case.checklist,
                    {"steps.py": STEPS, "own.py": DATA})  # fmt: skip
        recipe = load(case.write(folder)).recipe.model_dump(mode="json", by_alias=True)
        heard = []
        for command in given.commands.split(","):
            if command == "checklist" and not case.checklist:
                continue
            started = time.monotonic()
            said = hear(case, command, folder)
            heard.append(said)
            edits = ", ".join(f"{path}={value}" for path, value in said.edits)
            codes = " ".join(f["code"] for f in said.findings if f["severity"] != "info")
            took = time.monotonic() - started
            print(f"{case.name:24} {case.cause:5} {command:9} {said.code} {took:5.1f}s  "
                  f"{codes} | {edits}", flush=True)  # fmt: skip
            for told in contradictions(said, recipe):
                wrong += 1
                print(f"    ✗ {told}")
        for told in across(heard):
            wrong += 1
            print(f"    ✗ {told}")
    print(f"{wrong} contradictions")
    return int(wrong > 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
