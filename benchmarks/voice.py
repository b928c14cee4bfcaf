"""Does trickrun speak with one voice? Every command about every kind of recipe, and what they say.

Run it with ``python benchmarks/voice.py [--only NAME] [--commands train,curves] [--to FOLDER]``: it
prints a table of the findings and edits that each command shows, with each contradiction and each
pass of a network at chance, and exits 1 if there is one. What was said is kept in the folder,
and not asked again. With ``--write`` the table goes to its section of RESULTS.md.
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
from importlib import import_module
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.results import machine, write_section
from benchmarks.voice_cases import CASES, DATA, STEPS, Case
from trickrun.recipe.load import load

COMMANDS = ("train", "curves", "diagnose", "checklist")

SHARED = (
    "trickrun.cli.app",
    "trickrun.checks.checklist.checklist_check",
    "trickrun.checks.diagnosis.diagnosis_check",
    "trickrun.reporting.checklist",
    "trickrun.reporting.checklist_page",
    "trickrun.reporting.curve_pictures",
    "trickrun.reporting.progress",
    "sklearn.datasets",
    "sklearn.ensemble",
    "sklearn.linear_model",
)
"""Modules that every command would import anew: they are imported before it is forked off."""


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
            if re.match(r"\s*(edit|next|kept|this run would tell): ", line):
                words = shlex.split(line.split(":", 1)[1])
                found += [pair(word) for word in words if "=" in word]
        return found

    @property
    def first(self) -> tuple[str, Any] | None:
        """The edit that stands first, before the command began to train."""
        return next(iter(self.edits), None)

    @property
    def then(self) -> list[tuple[str, Any]]:
        """The edits of the next command."""
        commands = re.findall(r"^next: (.*)$", self.text, re.M)
        words = shlex.split(commands[-1]) if commands else []
        return [pair(word) for word in words if "=" in word]

    @property
    def verdict(self) -> str:
        """Its own verdict in capitals; of ``train``, which has none, whether it is content."""
        if self.command == "train":
            return "WARN" if any(f["severity"] != "info" for f in self.findings) else "PASS"
        found = re.findall(r"^(PASS|WARN|FAIL) ", self.text, re.M)
        return found[-1] if found and self.code in (0, 1) else "ERROR"


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
    if said.command in ("train", "curves") and said.then and said.first not in said.then:
        yield f"begins with {said.edits[0]} and goes on with another edit"
    if said.code not in (0, 1, 3):
        yield f"ends with exit code {said.code}"


def at_chance(said: Said, folder: Path) -> bool:
    """Whether the best loss that a command told is no lower than a constant answer's, by the
    figures in its folder, whatever its findings say of them."""
    losses = re.findall(
        r"(?:best: epoch .* val_loss|with loss|^[A-Z]+ .* best val_loss) ([\d.e+-]+)",
        said.text,
        re.M,
    )
    constants = [c for run in run_folders(folder, said.text) for c in constant_losses(run)]
    return bool(losses and constants) and float(losses[-1]) >= constants[-1]


def constant_losses(run: Path) -> Iterator[float]:
    """Yield the losses of a constant answer on the validation part that a run's files hold."""
    steps = sorted(run.glob("runs/*/*/evidence.json"))
    for file in (run / "data.json", *steps, run / "evidence.json"):
        if file.is_file():
            kept = json.loads(file.read_text())
            answer = ((kept.get("constant_answer") or {}).get("scores") or {}).get("val")
            runs = kept.get("runs") or [{}]
            for found in (answer, kept.get("constant"), runs[0].get("constant")):
                if isinstance(found, dict):
                    yield found["loss"]


def across(all_said: Iterable[Said]) -> Iterator[str]:
    """Yield what one command says of a recipe that another denies."""
    shown = [(said.command, path, value) for said in all_said for path, value in said.edits]
    for path, group in groupby(sorted(shown, key=lambda s: s[1]), key=lambda s: s[1]):
        rates = {(c, v) for c, _, v in group if isinstance(v, float | int)}
        for (one, first), (other, second) in combinations(sorted(rates, key=str), 2):
            if first > 0 < second and abs(math.log10(first / second)) > 1.5:
                yield f"{one} says {path}={first:g}, {other} {path}={second:g}"


def hear(case: Case, command: str, folder: Path) -> Said:
    """Run a command about a recipe in a process of its own and return what it said, or what it
    said before, if that is in the folder."""
    path = case.write(folder)
    out, ended = (folder / f"{case.name}.{command}.{end}" for end in ("txt", "code"))
    if ended.is_file():
        return Said(command, int(ended.read_text()), out.read_text(), findings_of(folder, out))
    arguments = [command, path.name]
    if command == "checklist":
        arguments += ["--budget", "40s"]
    if command == "diagnose":
        arguments += ["--budget", "60s"]
    process = multiprocessing.get_context("fork").Process(
        target=run_command, args=(arguments, folder, out)
    )
    process.start()
    process.join()
    ended.write_text(str(process.exitcode or 0))
    return Said(command, process.exitcode or 0, out.read_text(), findings_of(folder, out))


def findings_of(folder: Path, out: Path) -> list[dict[str, Any]]:
    """Return the findings in the run folder that an output names last."""
    for place in reversed(run_folders(folder, out.read_text())):
        for name in ("findings.json", "verdict.json"):
            if (place / name).is_file():
                found = json.loads((place / name).read_text())
                return found if isinstance(found, list) else found.get("findings", [])
    return []


def run_folders(folder: Path, text: str) -> list[Path]:
    """Return the run folders that an output names."""
    named = [folder / run for run in re.findall(r"(?:run|report): (\S+)", text)]
    return [place.parent if place.suffix == ".html" else place for place in named]


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
    from trickrun.run import pace

    # A budget counts from the beginning of this process, which has forked from one that is older.
    pace.IMPORTED = time.monotonic()

    main()


@dataclass(frozen=True)
class Row:
    """A command about a case: what it said, in how many seconds, and what is wrong with that."""

    case: Case
    said: Said
    chance: bool
    seconds: float
    wrong: tuple[str, ...]

    def cells(self) -> list[str]:
        """Return it as a row of the table."""
        codes = " ".join(dict.fromkeys(f["code"] for f in self.said.findings
                                       if f["severity"] != "info"))  # fmt: skip
        edits = ", ".join(dict.fromkeys(f"{path}={shown(v)}" for path, v in self.said.edits))
        return [self.case.name, self.case.cause or "none", self.said.command, self.said.verdict,
                str(self.said.code), "yes" if self.chance else "", codes, f"`{edits}`" if edits
                else "", "; ".join(self.wrong)]  # fmt: skip


def shown(value: Any) -> str:
    return json.dumps(value).replace('"', "")


def heard(case: Case, commands: Iterable[str], folder: Path) -> Iterator[Row]:
    """Hear commands about a case, and judge what they say."""
    recipe = load(case.write(folder)).recipe.model_dump(mode="json", by_alias=True)
    before: list[Said] = []
    for command in commands:
        started = time.monotonic()
        said = hear(case, command, folder)
        seconds = time.monotonic() - started
        chance = at_chance(said, folder)
        wrong = [*contradictions(said, recipe)]
        wrong += ["passes at chance"] if chance and said.verdict == "PASS" else []
        known = set(across(before))
        before.append(said)
        wrong += [each for each in across(before) if each not in known]
        yield Row(case, said, chance, seconds, tuple(wrong))


HEADS = ["recipe", "fault", "command", "verdict", "exit", "at chance", "findings", "edits", "wrong"]


def unheard(rows: list[Row]) -> str:
    """Return in a sentence which outputs are missing."""
    known = {(row.case.name, row.said.command) for row in rows}
    missing = {c: [case.name for case in CASES if (case.name, c) not in known] for c in COMMANDS}
    told = [f"{len(names)} of {command}" for command, names in missing.items() if names]
    if not told:
        return ""
    return f"Not heard yet: {', '.join(told)}; the same command, without `--kept`, goes on."


def report(rows: list[Row]) -> str:
    """Return the section of RESULTS.md."""
    wrong = [row for row in rows if row.wrong]
    chance = [row for row in rows if row.chance]
    lines = ["| " + " | ".join(cells) + " |" for cells in
             (HEADS, ["---"] * len(HEADS), *(row.cells() for row in rows))]  # fmt: skip
    counts = ", ".join(f"{sum(r.said.command == c for r in rows)} of {c}" for c in COMMANDS)
    return f"""\
`python benchmarks/voice.py --write`: {len({r.case.name for r in rows})} recipes, \
healthy ones and ones with a fault, and what the commands say of them ({counts}; \
checklist with `--budget 40s`, diagnose with `--budget 60s`). An output is wrong if

- two of its edits cannot both be made, or it advises what the recipe has,
- its beginning names one edit and its next command makes another,
- it and another command's output have values for one part that are a factor of 30 apart,
- it ends with an error, or passes though its best loss is no lower than always giving the same
  answer.

{machine("torch")}

{len(rows)} outputs, {len(chance)} of them at chance. Wrong: {len(wrong)}. {unheard(rows)}

{chr(10).join(lines)}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--to", type=Path, default=Path("/tmp/voice"))
    parser.add_argument("--kept", action="store_true", help="only what was said before")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    for module in SHARED:
        import_module(module)
    rows: list[Row] = []
    for case in CASES:
        if not re.search(given.only, case.name):
            continue
        case = Case(case.name, case.recipe, case.cause, {"steps.py": STEPS, "own.py": DATA})
        commands, folder = given.commands.split(","), given.to / case.name
        if given.kept:
            commands = [c for c in commands if (folder / f"{case.name}.{c}.code").is_file()]
        for row in heard(case, commands, folder):
            rows.append(row)
            print(f"{row.seconds:5.1f}s  {'  '.join(row.cells()[:-1])}", flush=True)
            for told in row.wrong:
                print(f"    ✗ {told}", flush=True)
    wrong = sum(bool(row.wrong) for row in rows)
    print(f"{len(rows)} outputs, {wrong} wrong")
    if given.write:
        write_section("One voice: what every command says of a recipe", report(rows))
    return int(wrong > 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
