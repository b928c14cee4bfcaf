"""The fault benchmark: every program is diagnosed, and every suggested edit is trained.

    python -m benchmarks.faults.run --part development --sample 60 [--confirm] [--jobs 2]

goes on from results/<part>[-confirm].jsonl (remove it after a change of the rules), and prints the
line of the table that report.py puts into RESULTS.md. --misses prints what went wrong, program by
program: not for the held-back half, which must stay unseen.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.faults.healthy import is_shipped
from benchmarks.faults.hurts import METRICS, in_turns, kept_programs
from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.measure import folder_of, metrics
from benchmarks.faults.programs import Base, Program, tree_of, write
from benchmarks.faults.replay import kept
from benchmarks.faults.table import Diagnosed, misses, row, table
from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.recipe.load import load
from trickrun.recipe.patch import patch_paths
from trickrun.run.pace import budget as limit

KEPT = ("code", "name", "severity", "confidence", "where", "edit", "confirmed")
"""What the journal keeps of a finding."""

RETRAINED = (0, 1, 2)
"""Seeds that a program with the suggested edit is trained with."""


BUGGY_SHARE = 0.6
"""Of a sample."""


def sample(programs: Sequence[Program], wanted: int | None) -> list[Program]:
    """Return so many programs (None: all), with faults and variations of every kind in turn."""
    buggy = in_turns(program for program in programs if program.buggy)
    healthy = in_turns(program for program in programs if not program.buggy)
    if wanted is None:
        return [*buggy, *healthy]
    return [*buggy[: round(BUGGY_SHARE * wanted)], *healthy[: round((1 - BUGGY_SHARE) * wanted)]]


@dataclass(frozen=True)
class Observed:
    """What came of a diagnosis.

    Args:
        answer: what it says: findings, seconds, and error if it failed.
        basis: what that rests on, plain data, from which replay.py concludes again; None if it
            failed.
    """

    answer: dict[str, Any]
    basis: dict[str, Any] | None


def diagnosis(path: Path, confirm: bool, budget: float | None = None) -> Observed:
    """Return what ``diagnose`` says of the recipe at ``path``, and how long it took.

    An exception is an answer too: a wrong one.
    """
    basis = None
    torch.set_num_threads(1)
    started = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            verdict, _ = diagnose(load(path), confirm, limit(budget))
        findings = [finding.as_json() for finding in verdict.findings]
        answer: dict[str, Any] = {"findings": [{k: f[k] for k in KEPT} for f in findings]}
        basis = kept(verdict)
    except Exception as error:
        answer = {"findings": [], "error": f"{type(error).__name__}: {error}"}
    return Observed({**answer, "seconds": time.perf_counter() - started}, basis)


def diagnoses(
    paths: Mapping[str, Path], confirm: bool, jobs: int, budget: float | None = None
) -> Iterator[tuple[str, Observed]]:
    """Yield the names of recipes with what came of them, each in a process that has diagnosed
    others before."""
    if jobs == 1:
        yield from ((name, diagnosis(path, confirm, budget)) for name, path in paths.items())
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running = {pool.submit(diagnosis, path, confirm, budget): n for n, path in paths.items()}
        for future in as_completed(running):
            yield running[future], future.result()


def diagnose_all(
    programs: Sequence[Program], bases: dict[str, Base], journal: Journal, confirm: bool, jobs: int
) -> None:
    """Diagnose what the journal lacks; what the answers rest on goes into a file beside it."""
    basis = Journal(basis_of(journal.path))
    todo = [program for program in programs if program.name not in journal]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(todo, bases, folder)
        paths = {program.name: recipe_beside_its_data(program, folder) for program in todo}
        for program_name, observed in diagnoses(paths, confirm, jobs):
            basis.add(program_name, observed.basis)
            journal.add(program_name, observed.answer)


def basis_of(answers: Path) -> Path:
    """Return the file of what the answers in another file rest on."""
    return answers.with_name(f"{answers.stem}-basis.jsonl")


def recipe_beside_its_data(program: Program, folder: Path) -> Path:
    """Return the program's recipe: where it was written, or where it is shipped."""
    if is_shipped(program):
        return folder_of(program) / f"{program.base.removeprefix('shipped-')}.yaml"
    return folder / f"{program.name}.yaml"


def edit_of(answer: dict[str, Any], confirm: bool) -> dict[str, Any] | None:
    """Return the edit that ``diagnose --apply`` would write."""
    for finding in answer["findings"]:
        if (
            finding["edit"]
            and finding["severity"] != "info"
            and (finding["confirmed"] or not confirm)
        ):
            edit: dict[str, Any] = finding["edit"]
            return edit
    return None


def retrain(
    programs: Sequence[Program], bases: dict[str, Base], answers: Journal, retrained: Journal,
    confirm: bool,
) -> None:  # fmt: skip
    """Train the buggy programs with the suggested edits, what the journal has left out."""
    for program in programs:
        edit = edit_of(answers[program.name], confirm)
        if not program.buggy or edit is None or key(program, edit) in retrained:
            continue
        try:
            tree = patch_paths(tree_of(program, bases[program.base]), edit)
            found = metrics(tree, program.metric, RETRAINED, folder_of(program))
        except Exception as error:  # an edit that makes no recipe restores nothing
            found = f"{type(error).__name__}: {error}"
        retrained.add(key(program, edit), found)


def key(program: Program, edit: dict[str, Any]) -> str:
    """Return the name of a program with an edit."""
    return f"{program.name} {sorted(edit.items())}"


def diagnosed(
    programs: Sequence[Program], answers: Journal, retrained: Journal, confirm: bool
) -> Iterator[Diagnosed]:
    """Yield what is known of each program that has been diagnosed."""
    measured = Journal(METRICS)
    for program in programs:
        if program.name not in answers:
            continue
        answer = answers[program.name]
        edit = edit_of(answer, confirm)
        after = None
        if program.buggy and edit is not None and key(program, edit) in retrained:
            after = retrained[key(program, edit)]
        base, own = (
            ([], []) if is_shipped(program) else (measured[program.base], measured[program.name])
        )
        yield Diagnosed(program, answer, edit, base, own, after)


def journals(part: str, confirm: bool) -> tuple[Journal, Journal]:
    """Return what was said of a half's programs, and how they trained with the edits."""
    name = part + ("-confirm" if confirm else "")
    return Journal(RESULTS / f"{name}.jsonl"), Journal(RESULTS / f"{name}-edits.jsonl")


def main() -> None:
    """Diagnose, retrain, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("development", "held-back"), required=True)
    parser.add_argument("--confirm", action="store_true")
    parser.add_argument("--sample", type=int, help="so many programs, of every kind in turn")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--misses", action="store_true")
    asked = parser.parse_args()
    if asked.misses and asked.part == "held-back":
        parser.error("the held-back half is not looked at program by program")
    torch.set_num_threads(1)
    kept, bases = kept_programs()
    programs = sample([program for program in kept if program.part == asked.part], asked.sample)
    answers, retrained = journals(asked.part, asked.confirm)
    diagnose_all(programs, bases, answers, asked.confirm, asked.jobs)
    retrain(programs, bases, answers, retrained, asked.confirm)
    results = list(diagnosed(programs, answers, retrained, asked.confirm))
    print(table([row(asked.part, results)]))
    if asked.misses:
        print(misses(results))


if __name__ == "__main__":
    main()
