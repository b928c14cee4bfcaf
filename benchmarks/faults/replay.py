"""Diagnoses once more, without training: from stored evidence and what every variant reached.

What a replay would need and no stored training tells is counted as not known.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.faults.journal import Journal
from benchmarks.faults.programs import SplitData
from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.conclude import conclude
from trickrun.checks.diagnosis.diagnosis_check import edits_tried
from trickrun.checks.diagnosis.gather import Evidence
from trickrun.checks.diagnosis.proxy_run import ProxyRun, shorten
from trickrun.checks.diagnosis.trainings import Trainings, Tried
from trickrun.checks.interventions.edits import Changes
from trickrun.checks.interventions.variants import Variant
from trickrun.findings.finding import Finding
from trickrun.findings.stories import merged
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import load

Plain = dict[str, Any]

FOREVER = 1e6
"""Seconds: more than any diagnosis takes."""


def kept(verdict: Verdict) -> Plain | None:
    """Return what a replay needs of a diagnosis, as plain data; None if nothing could be trained,
    so that there is nothing to conclude from."""
    if not verdict.series:
        return None
    evidence = verdict.series["evidence"]
    probe = evidence["probe"]
    return {
        "findings": evidence["findings"],
        "known": evidence.get("known", []),
        "reference": evidence["reference"],
        "trained": evidence["trained"],
        "probe": probe
        and {
            "val": probe["val"],
            "train": probe["train"],
            "input_std": probe["signal"] and probe["signal"]["input_std"],
        },
        "trainings": verdict.series.get("trainings"),
    }


@dataclass
class StoredTrainings(Trainings):
    """Trainings that look up what was stored.

    Args:
        stored: as ``Trainings.as_json`` gave it.
        unknown: variants and seeds that were asked for and are not stored.
    """

    stored: Plain = field(default_factory=dict)
    unknown: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rates = dict(self.stored["rates"])
        self.errors = {label: frozenset(codes) for label, codes in self.stored["errors"].items()}

    @property
    def seconds_left(self) -> float:
        """A replay has time."""
        return FOREVER

    def suggested_rate(self, candidate: Candidate) -> float | None:
        """Look up what a range test suggested."""
        if candidate.label not in self.rates:
            self.unknown.add((candidate.label, -1))
        return self.rates.get(candidate.label)

    def errors_with(self, candidate: Candidate) -> frozenset[str]:
        """Look up the errors with an edit."""
        if candidate.label not in self.errors:
            self.unknown.add((candidate.label, -2))
        return self.errors.get(candidate.label, frozenset())

    def run(self, wanted: Mapping[str, Changes], seeds: Sequence[int], share: float = 1.0) -> None:
        """Look up each variant ``wanted`` with ``seeds``."""
        for name, edit in wanted.items():
            variant = self.known.setdefault(name, Variant(dict(edit)))
            stored = self.stored["known"].get(name, {"results": {}, "reason": ""})
            variant.reason = stored["reason"]
            for seed in seeds:
                if str(seed) in stored["results"]:
                    variant.results[seed] = stored["results"][str(seed)]
                elif not variant.reason:
                    self.unknown.add((name, seed))


@cache
def proxy_of(path: Path) -> ProxyRun:
    """Return the short training of the recipe at ``path``; made once, without being trained."""
    return shorten(load(path))


@dataclass(frozen=True)
class Replayed:
    """What a stored diagnosis rests on.

    Args:
        lacking: trainings that it asks for and that are not stored.
    """

    proxy: ProxyRun
    evidence: Evidence
    tried: Tried | None
    lacking: int


def replayed(path: Path, stored: Plain, without: Collection[str] = ()) -> Replayed:
    """Return what the diagnosis of the recipe at ``path`` rests on.

    Args:
        without: codes of the findings that are left out.
    """
    proxy = proxy_of(path)
    findings = [Finding(**f) for f in stored["findings"] if f["code"] not in without]
    evidence = Evidence(
        findings=findings,
        known=[f for f in findings if [f.code, f.where] in stored["known"]],
        reference=stored["reference"],
        trained=stored["trained"],
    )
    if stored["probe"]:
        probe: Any = SimpleNamespace(**stored["probe"])
        probe.signal = SimpleNamespace(input_std=probe.input_std) if probe.input_std else None
        evidence.probe = probe
    if stored["trainings"] is None:
        return Replayed(proxy, evidence, None, 0)
    trainings = StoredTrainings(proxy, stored=stored["trainings"])
    tried = edits_tried(proxy, evidence, trainings)
    return Replayed(proxy, evidence, tried, len(trainings.unknown))


def replay(path: Path, stored: Plain, without: Collection[str] = ()) -> tuple[list[Plain], int]:
    """Return the findings of a stored diagnosis as plain data, and how many trainings it lacks."""
    found = replayed(path, stored, without)
    told = conclude(found.proxy, found.evidence, found.tried)
    findings = merged(told, found.evidence.known, in_order=True)
    return [finding.as_json() for finding in findings], found.lacking


@dataclass(frozen=True)
class Case:
    """A program that was diagnosed.

    Args:
        name: of the program.
        path: its recipe, beside its code.
        causes: the accepted ones; none if it is healthy.
        stored: what its diagnosis rests on; see ``kept``.
    """

    name: str
    path: Path
    causes: tuple[str, ...]
    stored: Plain


def untried(case: Case) -> Case:
    """Return the case as if no edit had been tried."""
    return replace(case, stored={**case.stored, "trainings": None})


@contextmanager
def generated(part: SplitData, confirm: bool) -> Iterator[list[Case]]:
    """Yield the diagnosed programs of a half of the generated benchmark."""
    from benchmarks.faults.hurts import kept_programs
    from benchmarks.faults.programs import write
    from benchmarks.faults.run import basis_of, journals, recipe_beside_its_data

    programs, bases = kept_programs()
    basis = Journal(basis_of(journals(part, confirm)[0].path))
    known = [p for p in programs if p.part == part and basis.entries.get(p.name)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(known, bases, folder)
        yield [
            Case(p.name, recipe_beside_its_data(p, folder), p.causes, basis[p.name]) for p in known
        ]


@contextmanager
def outside(part: SplitData, confirm: bool) -> Iterator[list[Case]]:
    """Yield the diagnosed subjects of a half of the benchmark from elsewhere."""
    from benchmarks.faults.outside import hurts, run
    from benchmarks.faults.outside.subjects import half

    basis = Journal(run.Pass.of(part, confirm).basis)
    counted = hurts.counted(half(part), Journal(hurts.METRICS))
    known = [s for s in counted if basis.entries.get(run.asked_of(s))]
    with tempfile.TemporaryDirectory() as name:
        paths = run.written(known, Path(name))
        keys = [(s, run.asked_of(s)) for s in known]
        yield [Case(s.name, paths[key], s.causes, basis[key]) for s, key in keys]


@contextmanager
def calibration() -> Iterator[list[Case]]:
    """Yield the diagnosed programs of the calibration set, with the edits that were tried."""
    from benchmarks.faults.outside import calibration as of
    from benchmarks.faults.run import basis_of

    programs, bases = of.programs()
    basis = Journal(basis_of(of.ANSWERS))
    with of.folder() as folder:
        yield [
            Case(p.name, of.recipe_of(p, bases, folder), p.causes, basis[p.name])
            for p in of.counted(programs, Journal(of.METRICS))
            if basis.entries.get(p.name)
        ]


BENCHMARKS = {"generated": generated, "outside": outside}
