"""Which subjects count: each is trained as it was and with every accepted repair, seed by seed.

    python -m benchmarks.faults.outside.hurts [--half development|held-back] [--names so-]

goes on from results/outside-metrics.jsonl, and writes results/outside-dropped.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.faults.journal import RESULTS, Journal
from benchmarks.faults.measure import metrics
from benchmarks.faults.outside.subjects import FOLDERS, TARGETS, Subject, everything
from benchmarks.faults.programs import targets
from benchmarks.faults.scoring import hurts, paired_effect
from benchmarks.faults.sections import Tree

SEEDS = (0, 1, 2, 3, 4)
SEEDS_OF_HEALTHY = (0, 1)
"""A healthy program only has to reach its bound."""

METRICS = RESULTS / "outside-metrics.jsonl"
DROPPED = RESULTS / "outside-dropped.md"


@dataclass(frozen=True)
class Trained:
    """How a subject trains.

    Args:
        own: its metric, one value a seed.
        repaired: the same with the best repair; empty if it is healthy.
        seconds: of a processor for one training.
    """

    own: Sequence[float]
    repaired: Sequence[float]
    seconds: float


def key(name: str, tree: Tree) -> str:
    """Return a recipe's key in a journal: what is measured of it ends with any change."""
    text = json.dumps([tree, code_of(tree)], sort_keys=True)
    return f"{name} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def code_of(tree: Tree) -> list[str]:
    """Return the text of the modules that a recipe names."""
    modules = sorted({target.partition(":")[0] for target in targets(tree)})
    return [(TARGETS / f"{module}.py").read_text(encoding="utf-8") for module in modules]


def trees(subject: Subject) -> list[Tree]:
    """Return the subject's recipe, and that with each of its repairs."""
    return [subject.tree(), *(subject.repaired(repair) for repair in subject.repairs)]


def measured(tree: Tree, metric: str, seeds: Sequence[int], folder: Path = TARGETS) -> Any:
    """Return a recipe's metric with each seed, and the seconds that a processor needs for a
    training, whatever else it does; the reason in words if it cannot be trained."""
    started = time.process_time()
    try:
        values = metrics(tree, metric, seeds, folder)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    seconds = (time.process_time() - started) / len(seeds)
    return {"values": values, "seconds": round(seconds, 2)}


def measure_all(of: Iterable[Subject], journal: Journal) -> None:
    """Train what the journal lacks."""
    for subject in of:
        for tree in trees(subject):
            if key(subject.name, tree) not in journal:
                seeds = SEEDS if subject.faulty else SEEDS_OF_HEALTHY
                entry = measured(tree, subject.metric, seeds)
                journal.add(key(subject.name, tree), entry)


def trained(subject: Subject, journal: Journal) -> Trained | None:
    """Return how a subject trains; None if that is not measured, or cannot be."""
    keys = [key(subject.name, tree) for tree in trees(subject)]
    if any(k not in journal for k in keys):
        return None
    own, *repaired = (journal[k] for k in keys)
    good = [entry["values"] for entry in repaired if not isinstance(entry, str)]
    if isinstance(own, str) or (subject.faulty and not good):
        return None
    return Trained(own["values"], max(good, key=statistics.fmean, default=[]), own["seconds"])


def truly(subject: Subject, found: Trained) -> bool:
    """Return whether a faulty subject is worse than its best repair, or a healthy one is good."""
    if subject.at_least is None:
        return hurts(found.repaired, found.own)
    return statistics.fmean(found.own) >= subject.at_least


def counted(of: Iterable[Subject], journal: Journal) -> list[Subject]:
    """Return the subjects that were measured to be what they are meant to be."""
    pairs = [(subject, trained(subject, journal)) for subject in of]
    return [subject for subject, found in pairs if found is not None and truly(subject, found)]


def dropped_table(of: Sequence[Subject], journal: Journal) -> str:
    """Return the subjects that are not what they were meant to be, with figures."""
    lines = [
        "# Subjects from elsewhere that were dropped",
        "",
        "`python -m benchmarks.faults.outside.hurts`: final validation metric, mean of 5 paired",
        "seeds (2 for healthy programs). A faulty subject is dropped if its best repair is less",
        "than 0.03 better or the effect size is below 0.5, a healthy one if it does not reach the",
        "bound in its file.",
        "",
        "| subject | half | meant | repaired, or bound | it | effect size |",
        "|---|---|---|---|---|---|",
    ]
    kept = {subject.name for subject in counted(of, journal)}
    lines += [dropped_line(s, trained(s, journal)) for s in of if s.name not in kept]
    return "\n".join(lines) + "\n"


def dropped_line(subject: Subject, found: Trained | None) -> str:
    """Return the line of a subject that does not count."""
    head = f"| {subject.name} | {subject.part} | {'faulty' if subject.faulty else 'healthy'} "
    if found is None:
        return f"{head}| cannot be trained | - | - |"
    own = statistics.fmean(found.own)
    if not subject.faulty:
        return f"{head}| {subject.at_least} | {own:.3f} | - |"
    effect = paired_effect(found.repaired, found.own)
    return f"{head}| {statistics.fmean(found.repaired):.3f} | {own:.3f} | {effect:.2f} |"


def write_dropped() -> str:
    """Write the table of what has been measured so far, and return in words what counts."""
    journal, all_of_them = Journal(METRICS), everything()
    done = [s for s in all_of_them if all(key(s.name, tree) in journal for tree in trees(s))]
    DROPPED.write_text(dropped_table(done, journal), encoding="utf-8")
    words = [f"{len(done)} of {len(all_of_them)} subjects measured"]
    for part in FOLDERS:
        kept = counted([s for s in done if s.part == part], journal)
        faulty = sum(s.faulty for s in kept)
        words.append(f"{part}: {faulty} faulty and {len(kept) - faulty} healthy count")
    return "; ".join(words)


def main() -> None:
    """Measure, and write what counts and what is dropped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=tuple(FOLDERS))
    parser.add_argument("--names", default="", help="only subjects whose name begins so")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    wanted = [
        subject
        for subject in everything()
        if asked.half in (None, subject.part) and subject.name.startswith(asked.names)
    ]
    measure_all(wanted, Journal(METRICS))
    print(write_dropped())


if __name__ == "__main__":
    main()
