"""The pass over the subjects from elsewhere: what counts, what it costs, what it is beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.journal import Journal
from benchmarks.faults.outside import run
from benchmarks.faults.outside.hurts import counted, key, trained, trees
from benchmarks.faults.outside.run import Pass, asked_of, diagnosed, expected_minutes, tried_as
from benchmarks.faults.outside.section import own_row, published_row
from benchmarks.faults.outside.subjects import Repair, Source, Subject

SOURCE = Source(("DeepFD",), "1", "https://example.org", "It stays.")
RECIPE = {"data": "iris", "model": "mlp", "optimizer": {"kind": "sgd", "lr": 9.0}}
REPAIRS = (
    Repair("a smaller step", ("TR35", "@optimizer.lr"), {"optimizer.lr": 0.1}),
    Repair("another optimizer", ("TR70",), {"optimizer": {"kind": "adam"}}),
)
FAULTY = Subject("so-1", "development", SOURCE, "val_accuracy", RECIPE, REPAIRS)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """How the subject and its repairs train: badly, well, and one that cannot be trained."""
    path = tmp_path / "metrics.jsonl"
    monkeypatch.setattr(run, "METRICS", path)
    journal = Journal(path)
    faulty, smaller, other = (key(FAULTY.name, tree) for tree in trees(FAULTY))
    journal.add(faulty, {"values": [0.3, 0.3, 0.4], "seconds": 2.0})
    journal.add(smaller, {"values": [0.9, 0.95, 0.9], "seconds": 2.0})
    journal.add(other, "RuntimeError: no")
    return journal


@pytest.fixture
def where(tmp_path: Path) -> Pass:
    return Pass(
        False, Journal(tmp_path / "a.jsonl"), Journal(tmp_path / "e.jsonl"), tmp_path / "b.jsonl"
    )


def test_the_best_repair_that_can_be_trained_decides_whether_a_subject_counts(journal) -> None:
    found = trained(FAULTY, journal)
    assert found is not None
    assert found.repaired == [0.9, 0.95, 0.9]
    assert counted([FAULTY], journal) == [FAULTY]


def test_a_subject_that_is_not_measured_does_not_count(tmp_path: Path) -> None:
    assert counted([FAULTY], Journal(tmp_path / "empty.jsonl")) == []


def test_the_cost_is_that_of_what_is_left_to_do(journal, where) -> None:
    # One diagnosis of 5 s and three trainings of 2 s.
    assert expected_minutes([FAULTY], where, jobs=1) == pytest.approx((5 + 6) / 60)
    where.answers.add("another", {"seconds": 30.0})
    assert expected_minutes([FAULTY], where, jobs=2) == pytest.approx((15 + 6) / 60)
    where.answers.add(asked_of(FAULTY), {"findings": [], "seconds": 4.0})
    assert expected_minutes([FAULTY], where, jobs=1) == 0


def test_the_suggested_edit_is_judged_by_the_gap_to_the_best_repair(journal, where) -> None:
    edit = {"optimizer.lr": 0.5}
    finding = {"code": "TR35", "severity": "error", "where": "optimizer.lr", "confirmed": None}
    answer = {"findings": [{**finding, "edit": edit}], "seconds": 4.0}
    where.answers.add(asked_of(FAULTY), answer)
    where.edits.add(tried_as(FAULTY, edit), [0.9, 0.9, 0.85])
    ((subject, result),) = diagnosed([FAULTY], where)
    assert subject is FAULTY
    assert result.restored
    assert result.rank == 1
    assert own_row("DeepFD", [result], False).startswith(
        "| DeepFD | trickrun diagnose | 1 | 100.0% (1/1"
    )


def test_a_published_line_names_its_source() -> None:
    entry = {"dataset": "DeepFD", "of": 52, "source": "a sheet", "url": "https://example.org"}
    line = published_row(entry, {"tool": "UMLAUT", "detected": 50, "named": 14})
    assert line.startswith("| DeepFD | UMLAUT | 52 | 96.2% (50/52;")
    assert line.endswith("| [a sheet](https://example.org) |")
