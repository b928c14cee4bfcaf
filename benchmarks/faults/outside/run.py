"""Every subject from elsewhere is diagnosed, and every suggested edit is trained.

    python -m benchmarks.faults.outside.run --half development [--confirm] [--jobs 2] [--misses]

goes on from results/outside-<half>[-confirm].jsonl (remove it after a change of the rules), and
prints the line of the table that report.py puts into RESULTS.md. --misses prints what went wrong,
subject by subject: not for the held-back half, which must stay unseen. What the answers rest on is
kept in results/outside-<half>[-confirm]-basis.jsonl, from which conclusions can be drawn again.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml

from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.outside.hurts import METRICS, counted, key, measured, trained
from benchmarks.faults.outside.subjects import FOLDERS, TARGETS, Subject, half
from benchmarks.faults.outside.table import as_program, row, table
from benchmarks.faults.programs import SplitData
from benchmarks.faults.run import RETRAINED, diagnoses, edit_of
from benchmarks.faults.table import Diagnosed, misses
from trickrun.recipe.patch import patch_paths

USUAL_SECONDS = {False: 5.0, True: 45.0}
"""Of a diagnosis without and with ``--confirm``, as long as none has been measured."""


@dataclass(frozen=True)
class Pass:
    """The journals of one pass over a half.

    Args:
        answers: what was said of each subject, by recipe (``hurts.key``).
        edits: how the subjects trained with the suggested edits.
        basis: the file of what the answers rest on; it is only written here.
    """

    confirm: bool
    answers: Journal
    edits: Journal
    basis: Path

    @classmethod
    def of(cls, part: SplitData, confirm: bool) -> Pass:
        """Return the pass over a half, as far as it has come."""
        name = f"outside-{part}" + ("-confirm" if confirm else "")
        answers, edits = (Journal(RESULTS / f"{name}{end}.jsonl") for end in ("", "-edits"))
        return cls(confirm, answers, edits, RESULTS / f"{name}-basis.jsonl")


def diagnose_all(of: Sequence[Subject], where: Pass, jobs: int) -> None:
    """Diagnose what the journal lacks."""
    basis = Journal(where.basis)
    todo = [subject for subject in of if asked_of(subject) not in where.answers]
    with tempfile.TemporaryDirectory() as name:
        paths = written(todo, Path(name))
        for subject_key, observed in diagnoses(paths, where.confirm, jobs):
            basis.add(subject_key, observed.basis)
            where.answers.add(subject_key, observed.answer)


def asked_of(subject: Subject) -> str:
    """Return the key of the answer to a subject."""
    return key(subject.name, subject.tree())


def written(of: Sequence[Subject], folder: Path) -> dict[str, Path]:
    """Write recipes and the code that they name, and return the recipes' files by key."""
    for file in TARGETS.glob("*.*"):
        shutil.copy(file, folder)
    paths = {}
    for subject in of:
        path = folder / f"{subject.name}.yaml"
        path.write_text(yaml.safe_dump(subject.tree(), sort_keys=False), encoding="utf-8")
        paths[asked_of(subject)] = path
    return paths


def retrain(of: Sequence[Subject], where: Pass) -> None:
    """Train the faulty subjects with the suggested edits, what the journal has left out."""
    for subject in of:
        edit = edit_of(where.answers[asked_of(subject)], where.confirm)
        if not subject.faulty or edit is None or tried_as(subject, edit) in where.edits:
            continue
        try:
            tree = patch_paths(subject.tree(), edit)
        except Exception as error:  # an edit that makes no recipe restores nothing
            found = f"{type(error).__name__}: {error}"
        else:
            entry = measured(tree, subject.metric, RETRAINED)
            found = entry if isinstance(entry, str) else entry["values"]
        where.edits.add(tried_as(subject, edit), found)


def tried_as(subject: Subject, edit: dict[str, object]) -> str:
    """Return the key of a subject with an edit."""
    return f"{asked_of(subject)} {sorted(edit.items())}"


def diagnosed(of: Sequence[Subject], where: Pass) -> Iterator[tuple[Subject, Diagnosed]]:
    """Yield what is known of each subject that has been diagnosed."""
    journal = Journal(METRICS)
    for subject in of:
        found = trained(subject, journal)
        if asked_of(subject) not in where.answers or found is None:
            continue
        answer = where.answers[asked_of(subject)]
        edit = edit_of(answer, where.confirm)
        after = None
        if subject.faulty and edit is not None and tried_as(subject, edit) in where.edits:
            after = where.edits[tried_as(subject, edit)]
        program = as_program(subject)
        yield subject, Diagnosed(program, answer, edit, found.repaired, found.own, after)


def expected_minutes(of: Sequence[Subject], where: Pass, jobs: int) -> float:
    """Return how long the rest of a pass will take, as far as one can tell: diagnoses by the mean
    of those that are done, and the trainings with edits as the subjects trained."""
    journal = Journal(METRICS)
    todo = [subject for subject in of if asked_of(subject) not in where.answers]
    done = [answer["seconds"] for answer in where.answers.entries.values()]
    each = statistics.fmean(done) if done else USUAL_SECONDS[where.confirm]
    trainings = sum(found.seconds for s in todo if s.faulty and (found := trained(s, journal)))
    return (len(todo) * each / jobs + len(RETRAINED) * trainings) / 60


def main() -> None:
    """Diagnose, retrain, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=tuple(FOLDERS), required=True)
    parser.add_argument("--confirm", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--misses", action="store_true")
    asked = parser.parse_args()
    if asked.misses and asked.half == "held-back":
        parser.error("the held-back half is not looked at subject by subject")
    torch.set_num_threads(1)
    where = Pass.of(asked.half, asked.confirm)
    of = counted(half(asked.half), Journal(METRICS))
    print(f"about {expected_minutes(of, where, asked.jobs):.0f} minutes", flush=True)
    diagnose_all(of, where, asked.jobs)
    retrain(of, where)
    results = list(diagnosed(of, where))
    print(table([row(asked.half, results)]))
    if asked.misses:
        print(misses([result for _, result in results]))


if __name__ == "__main__":
    main()
