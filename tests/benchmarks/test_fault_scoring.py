"""The fault benchmark's arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.faults.journal import Journal
from benchmarks.faults.scoring import (
    hurts,
    names_cause,
    paired_effect,
    rank_of_cause,
    restores,
    spread_out,
    wilson,
)


def test_wilson_is_what_the_textbook_says() -> None:
    # Wilson 1927's formula at 8 of 10, as in scipy's binomtest(8, 10).proportion_ci("wilson").
    low, high = wilson(8, 10)
    assert low == pytest.approx(0.49016, abs=1e-4)
    assert high == pytest.approx(0.94331, abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == 1.0


def test_the_effect_size_is_that_of_the_paired_differences() -> None:
    # Differences 0.1, 0.2, 0.3: mean 0.2, deviation 0.1.
    assert paired_effect([0.9, 0.8, 0.7], [0.8, 0.6, 0.4]) == pytest.approx(2.0)


def test_a_fault_hurts_if_it_costs_enough_and_not_by_chance() -> None:
    assert hurts([0.9, 0.91, 0.9], [0.1, 0.1, 0.1])
    assert not hurts([0.9, 0.91, 0.9], [0.89, 0.9, 0.89])  # steady, but a hundredth
    assert not hurts([0.9, 0.5, 0.9], [0.6, 0.9, 0.65])  # 0.05 on average, between -0.4 and 0.3


def test_an_edit_restores_if_it_closes_three_quarters_of_the_gap() -> None:
    assert restores(before=0.1, after=0.78, repaired=0.98)
    assert not restores(before=0.1, after=0.7, repaired=0.98)


@pytest.mark.parametrize(
    ("finding", "causes", "named"),
    [
        ({"code": "TR35", "where": "optimizer.lr"}, ("TR35",), True),
        ({"code": "TR36", "where": "optimizer.lr"}, ("TR35",), False),
        ({"code": "TR60", "where": "optimizer.lr"}, ("TR60@optimizer",), True),
        ({"code": "TR60", "where": "data", "edit": {"optimizer.lr": 1}}, ("TR60@optimizer",), True),
        ({"code": "TR60", "where": "data", "edit": None}, ("TR60@optimizer",), False),
        ({"code": "TR70", "where": "data", "edit": {"optimizer.lr": 1}}, ("@optimizer.lr",), True),
        ({"code": "TR70", "where": "data", "edit": {"optimizer.lr": 1}}, ("@optimizer",), True),
        ({"code": "TR70", "where": "data", "edit": {"optimizer.lr": 1}}, ("@optimizer.l",), False),
        ({"code": "TR70", "where": "optimizer.lr", "edit": None}, ("@optimizer.lr",), False),
    ],
)
def test_a_finding_names_a_cause_by_code_and_place(finding, causes, named) -> None:
    assert names_cause(finding, causes) is named


def test_the_rank_is_that_of_the_first_finding_that_names_a_cause() -> None:
    findings = [{"code": "TR41", "where": "model"}, {"code": "TR01", "where": "data"}]
    assert rank_of_cause(findings, ("TR01",)) == 2
    assert rank_of_cause(findings, ("TR35",)) is None


def test_a_sample_takes_from_every_group_in_turn() -> None:
    pairs = [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")]
    assert spread_out(pairs, 4) == ["a1", "b1", "c1", "a2"]


def test_a_journal_goes_on_after_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "measured.jsonl"
    Journal(path).add("one", [1.0])
    path.write_text(path.read_text() + json.dumps(["two", 2])[:-3] + "\n")
    journal = Journal(path)
    assert "one" in journal
    assert "two" not in journal
    journal.add("two", 2)
    assert Journal(path)["two"] == 2
