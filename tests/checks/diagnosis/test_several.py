"""Several faults at once: the fewest edits that are needed, found with few trainings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.several import fewest, replaceable, unusual
from trickrun.checks.interventions.variants import Variant


def part(path: str, likelihood: float, value: Any = None, code: str = "TR00") -> Candidate:
    edit = {path: value}
    return Candidate(path, edit, code, path, "", edit, likelihood)


@dataclass
class FakeTrainings:
    """Stands for Trainings: the skill of an edit is what ``skill`` makes of its paths."""

    skill: Callable[[set[str]], float]
    seconds_left: float = 100.0
    step_seconds: float = 0.01
    known: dict[str, Variant[float]] = field(default_factory=dict)
    proxy: Any = field(default_factory=lambda: SimpleNamespace(step_seconds=0.01, steps=100))

    def run(self, wanted: dict[str, dict[str, Any]], seeds: list[int]) -> None:
        self.seconds_left -= 1
        for name, changes in wanted.items():
            self.known[name] = Variant(changes, {seed: self.skill(set(changes)) for seed in seeds})


PARTS = [part(name, 0.8 - place / 10) for place, name in enumerate("abcdef")]


def needs(*paths: str) -> FakeTrainings:
    return FakeTrainings(lambda edited: 0.9 if edited >= set(paths) else 0.1)


@pytest.mark.parametrize("needed", ["ae", "c", "f", "abcdef", "bdf"])
def test_only_what_is_needed_is_left(needed):
    found = fewest(needs(*needed), PARTS, 0, 0.5)
    assert set(found.edit) == set(needed)
    assert bool(found.together) == (len(needed) > 1)


def test_a_part_that_is_worth_little_is_put_back():
    trainings = FakeTrainings(lambda edited: 0.9 * ("a" in edited) + 0.02 * ("b" in edited))
    assert set(fewest(trainings, PARTS, 0, 0.5).edit) == {"a"}


def test_what_is_surely_wrong_and_not_needed_is_put_back():
    found = fewest(needs("c"), [part("z", 0.95), *PARTS], 0, 0.5)
    assert set(found.edit) == {"c"}


def test_nothing_is_put_back_if_all_together_do_not_help():
    trainings = FakeTrainings(lambda edited: 0.4)
    assert fewest(trainings, PARTS, 0, 0.5) is None
    assert len(trainings.known) == 1


def test_time_for_the_proof_is_left():
    trainings = needs("a")
    trainings.seconds_left = 11.0  # a proof takes 8
    assert set(fewest(trainings, PARTS, 0, 0.5).edit) == {"a", "b", "c"}


def test_parts_to_replace():
    found = [
        part("init", 0.9),
        part("optimizer.lr", 0.9, 1e-3),
        part("init", 0.8, "other"),
        part("train.epochs", 0.7, 40),
        part("regularizers.dropout", 0.3, 0.1),
        part("regularizers.dropout", 0.3),
        part("regularizers", 0.2),
        part("normalization", 0.15, code="TR72"),
    ]
    assert [c.edit for c in unusual(found)] == [{"init": None}, {"optimizer.lr": 1e-3}]
    assert [c.path for c in replaceable(found)] == ["init", "optimizer.lr", "regularizers.dropout"]
    assert replaceable(found)[-1].edit == {"regularizers.dropout": None}
