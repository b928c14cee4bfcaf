"""What each rule earns: the figures of a benchmark without its findings.

    python -m benchmarks.faults.ablate --benchmark outside --part development

replays the stored diagnoses that tried edits (replay.py) with the findings of one code left out at
a time, also as suggestions of edits, and prints what detection, first causes and false alarms lose:
with the edits that were tried, and as if none had been. A program whose replay lacks a training
counts as not known, and as unchanged.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.faults.replay import BENCHMARKS, Case, replay, untried
from benchmarks.faults.scoring import rank_of_cause
from benchmarks.results import machine, write_section
from trickrun.findings.faults import CATALOGUE
from trickrun.findings.finding import Finding

EXPLAINED = """`python -m benchmarks.faults.ablate`: the findings of one code are left out, also as
suggestions of edits, and the stored diagnoses are concluded again, without any training: with the
edits that were tried, and as if none had been. In programs; negative: there are more without it."""


@dataclass(frozen=True)
class Score:
    """What was said of one program.

    Args:
        detected: whether there is an error.
        first: whether the first finding names an accepted cause.
        third: whether one of the first three does.
    """

    detected: bool
    first: bool
    third: bool


@dataclass(frozen=True)
class Loss:
    """What leaving a rule out changes, in programs.

    Args:
        code: of the rule.
        touched: programs that have its findings.
        detected, first, third: faulty ones that are no longer right; negative: more are.
        alarms: false alarms that are gone; negative: there are more.
        unknown: programs that a replay cannot tell.
    """

    code: str
    touched: int
    detected: int
    first: int
    third: int
    alarms: int
    unknown: int


def score(case: Case, without: Sequence[str] = ()) -> tuple[Score, bool]:
    """Return what is said of a program, and whether all trainings for that are known."""
    findings, lacking = replay(case.path, case.stored, without)
    rank = rank_of_cause(findings, case.causes)
    detected = any(finding["severity"] == "error" for finding in findings)
    return Score(detected, rank == 1, rank is not None and rank <= 3), not lacking


def loss(code: str, cases: Sequence[Case], before: dict[str, Score]) -> Loss:
    """Return what leaving out the findings with a code changes."""
    touched = [c for c in cases if any(f["code"] == code for f in c.stored["findings"])]
    detected = first = third = alarms = unknown = 0
    for case in touched:
        after, known = score(case, [code])
        if not known:
            unknown += 1
            continue
        old = before[case.name]
        if case.causes:
            detected += old.detected - after.detected
            first += old.first - after.first
            third += old.third - after.third
        else:
            alarms += old.detected - after.detected
    return Loss(code, len(touched), detected, first, third, alarms, unknown)


def losses(cases: Sequence[Case]) -> list[Loss]:
    """Return what each rule earns that found anything, by code."""
    before = {case.name: score(case)[0] for case in cases}
    found = [Finding(**f) for case in cases for f in case.stored["findings"]]
    codes = {f.code for f in found if CATALOGUE[f.code].takes_part(f)}
    return [loss(code, cases, before) for code in sorted(codes, key=lambda c: int(c[2:]))]


def table(cases: Sequence[Case]) -> str:
    """Return the table of all rules that found anything."""
    lines = [
        "| rule | programs | detected lost | first lost | first three lost | alarms gone "
        "| not known | no edits: detected lost | first lost | first three lost | alarms gone |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for found, alone in zip(losses(cases), losses([untried(c) for c in cases]), strict=True):
        name = f"{found.code} {CATALOGUE[found.code].name}"
        numbers = (found.touched, found.detected, found.first, found.third, found.alarms)
        numbers += (found.unknown, alone.detected, alone.first, alone.third, alone.alarms)
        lines.append(f"| {name} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, or write it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", choices=tuple(BENCHMARKS), required=True)
    parser.add_argument("--part", choices=("development", "held-back"), required=True)
    parser.add_argument("--write", action="store_true", help="into RESULTS.md")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with BENCHMARKS[asked.benchmark](asked.part, True) as cases:
        found = table(cases)
    print(found)
    if asked.write:
        title = f"Faults: what each rule earns ({asked.benchmark}, {asked.part})"
        write_section(title, f"{EXPLAINED}\n{machine('torch')}\n\n{found}")


if __name__ == "__main__":
    main()
