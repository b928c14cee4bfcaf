"""What trainings with edits prove: by a stand-in whose skill follows from the edits alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.confirm import try_edits
from trickrun.checks.interventions.variants import Variant
from trickrun.data.splits.source import Task
from trickrun.findings.finding import Finding

Edited = Mapping[str, Any]


def part(path: str, code: str, likelihood: float, value: Any = 1) -> Candidate:
    edit = {path: value}
    return Candidate(path, edit, code, f"{code} {path}", "", edit, likelihood)


@dataclass
class FakeTrainings:
    """Stands for Trainings.

    Args:
        skill: of an edit, for every seed.
        errors: by path, what the recipe with an edit of it raises.
    """

    proxy: Any
    skill: Callable[[Edited], float]
    errors: dict[str, frozenset[str]] = field(default_factory=dict)
    known: dict[str, Variant[float]] = field(default_factory=dict)
    seconds_left: float = 1e9
    step_seconds: float = 1e-3

    def run(self, wanted: Mapping[str, Edited], seeds: Sequence[int], share: float = 1.0) -> None:
        for name, edit in wanted.items():
            variant = self.known.setdefault(name, Variant(dict(edit)))
            for place, seed in enumerate(seeds):
                variant.results[seed] = self.skill(edit) + 0.001 * place

    def suggested_rate(self, candidate: Candidate) -> None:
        return None

    def errors_with(self, candidate: Candidate) -> frozenset[str]:
        return self.errors.get(candidate.path, frozenset())


@pytest.fixture
def trainings(make) -> Callable[..., FakeTrainings]:
    loaded = make()
    data = SimpleNamespace(
        val=range(400), train=range(2000), task=Task("classification", 3, priors=(0.4, 0.3, 0.3))
    )
    proxy = SimpleNamespace(
        loaded=loaded,
        data=data,
        step_seconds=1e-3,
        steps=300,
        span=SimpleNamespace(steps=300),
    )

    def made(skill: Callable[[Edited], float], **errors: frozenset[str]) -> FakeTrainings:
        return FakeTrainings(proxy, skill, errors)

    return made


def needs(*paths: str) -> Callable[[Edited], float]:
    return lambda edit: 0.9 if set(edit) >= set(paths) else 0.2


def test_one_edit_that_is_enough(trainings):
    found = [part("init", "TR23", 0.8), part("loss", "TR30", 0.6)]
    tried = try_edits(trainings(needs("loss")), found, 0.9, [])
    assert [c.path for c in tried.causes] == ["loss"]


def test_two_roots_go_before_a_learning_rate_that_makes_up_for_both(trainings):
    def skill(edit: Edited) -> float:
        return 0.93 if "optimizer.lr" in edit else needs("data.normalize", "data.scale")(edit)

    found = [
        part("data.normalize", "TR01", 0.5),
        part("data.scale", "TR06", 0.45),
        part("optimizer.lr", "TR36", 0.15, 2.5),
    ]
    first = try_edits(trainings(skill), found, 0.9, []).causes[0]
    assert set(first.edit) == {"data.normalize", "data.scale"}
    assert first.code == "TR01"


def test_what_the_others_do_not_need_is_left_out(trainings):
    def skill(edit: Edited) -> float:
        # Together with the rate the head looks needed to the seed of the first look.
        return 0.9 if {"optimizer", "model.hidden"} <= set(edit) else 0.1

    found = [
        part("model.head", "TR29", 0.6),
        part("model.hidden", "TR54", 0.5),
        part("optimizer", "TR70", 0.45),
    ]
    tried = try_edits(trainings(skill), found, 0.9, [])
    assert [set(c.edit) for c in tried.causes] == [{"optimizer", "model.hidden"}]


def test_an_edit_that_raises_an_error_comes_last_with_its_error(trainings):
    def skill(edit: Edited) -> float:
        return {"optimizer": 0.95, "init": 0.85}.get(next(iter(edit), ""), 0.1)

    found = [part("init", "TR23", 0.3), part("optimizer", "TR70", 0.4)]
    raised = {"optimizer": frozenset({"TR35"})}
    tried = try_edits(trainings(skill, **raised), found, 0.9, [])
    assert [c.path for c in tried.causes] == ["init", "optimizer"]
    assert tried.raises == {"optimizer=1": ("TR35",)}
    old = Finding("TR35", "", "error", 0.9, "", {}, "")
    tried = try_edits(trainings(skill, **raised), found, 0.9, [old])
    assert tried.raises == {}


def test_what_ends_at_a_constant_answer_helps_nobody(trainings):
    found = [part("init", "TR23", 0.9)]
    tried = try_edits(trainings(lambda edit: 0.0 if edit else -0.5), found, 0.0, [])
    assert tried.causes == []


def test_sets_around_the_same_edits_end_in_one_cause(trainings):
    def skill(edit: Edited) -> float:
        # Alone, with one more part, and all at once: each set seems to be better than the last.
        return 0.5 + 0.05 * len(edit) if {"a", "b"} <= set(edit) else 0.1

    found = [part(name, "TR70", 0.5) for name in "abcde"]
    tried = try_edits(trainings(skill), found, 0.95, [])
    assert [set(c.edit) for c in tried.causes] == [{"a", "b"}]
