"""The programs that the confidence is corrected on: drawn once, of no held-back part."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.faults.faults import FAULTS
from benchmarks.faults.journal import Journal
from benchmarks.faults.outside import calibration
from benchmarks.faults.outside.calibration import DRAWN, WANTED, counted, in_turns, suits, whole
from benchmarks.faults.outside.subjects import folder_of
from benchmarks.faults.programs import Base, Program
from trickrun.recipe.load import load

BASE = Base("b", "development", {"data": {"kind": "iris"}, "model": {"kind": "mlp", "hidden": [8]}})


def test_every_drawn_program_is_a_mistake_in_a_healthy_development_program() -> None:
    names = DRAWN.read_text(encoding="utf-8").split()
    assert len(names) == len(set(names)) == WANTED
    healthy = {path.stem for path in folder_of("development", faulty=False).glob("*.yaml")}
    mistakes = {f"{fault.name}-{severity}" for fault in FAULTS for severity in fault.severities}
    for name in names:
        base, _, mistake = name.partition("+")
        assert base in healthy
        assert mistake in mistakes


def test_the_drawn_programs_are_recipes_with_the_causes_of_their_mistake() -> None:
    programs, bases = calibration.programs()
    causes = {fault.name: fault.causes for fault in FAULTS}
    assert len(programs) == WANTED
    for program in programs:
        mistake = program.name.partition("+")[2].rpartition("-")[0]
        assert program.causes == causes[mistake]
        assert calibration.tree_of(program, bases[program.base]) != whole(bases[program.base])


def test_turns_take_each_mistake_and_spread_over_the_bases() -> None:
    able = {(f"fault{i}", "plain"): ["a", "b", "c", "d"] for i in range(60)}
    drawn = in_turns(able, random.Random(0))
    assert len(drawn) == len(set(drawn)) == WANTED
    assert {name.partition("+")[2] for name in drawn} == {f"fault{i}-plain" for i in range(60)}
    share = {base: sum(name.startswith(base) for name in drawn) for base in "abcd"}
    assert max(share.values()) - min(share.values()) <= 2


@pytest.mark.parametrize(
    ("edits", "fits"),
    [
        ({"model.head_activation": "softmax"}, True),
        ({"model.hidden": [8]}, False),  # as it is
        ({"model.channels": [8]}, False),  # an MLP has none
    ],
)
def test_a_mistake_suits_a_base_that_it_makes_another_recipe_of(
    edits: dict[str, object], fits: bool, tmp_path: Path
) -> None:
    assert suits(edits, BASE, tmp_path) is fits


def test_a_program_counts_if_its_mistake_hurts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    journal.add("b", [0.9, 0.9, 0.92, 0.9, 0.91])
    journal.add("b+bad-plain", [0.5, 0.6, 0.5, 0.4, 0.5])
    journal.add("b+mild-plain", [0.9, 0.89, 0.91, 0.9, 0.9])
    journal.add("b+none-plain", "RecipeError: no")
    programs = [
        Program(f"b+{name}-plain", "development", "b", {}, "val_accuracy", ("TR01",))
        for name in ("bad", "mild", "none", "unmeasured")
    ]
    assert [program.name for program in counted(programs, journal)] == ["b+bad-plain"]


def test_code_of_both_benchmarks_lies_beside_a_recipe() -> None:
    with calibration.folder() as where:
        assert {"own_steps.py", "more_nets.py"} <= {path.name for path in where.iterdir()}
        tree = {**whole(BASE), "train": {"epochs": 1, "step": {"target": "own_steps:plain"}}}
        assert load(calibration.written("r", tree, where)).recipe.train.step is not None
