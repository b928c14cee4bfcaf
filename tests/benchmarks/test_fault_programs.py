"""The fault benchmark's tables: composition, and the half that no rule may be tuned on."""

from __future__ import annotations

import pytest

from benchmarks.faults.bases import BASES
from benchmarks.faults.faults import FAULTS
from benchmarks.faults.frozen import FROZEN, hashes
from benchmarks.faults.healthy import healthy
from benchmarks.faults.programs import (
    Base,
    Fault,
    Times,
    compose,
    digest,
    targets,
    tree_of,
)

BASE = Base(
    "small",
    "development",
    {
        "data": {"kind": "iris"},
        "model": {"kind": "mlp", "hidden": [4]},
        "optimizer": {"kind": "adam", "lr": 0.01, "betas": [0.8, 0.9]},
    },
)


def test_a_fault_is_put_into_each_base_at_each_severity() -> None:
    severities = {"mild": {"optimizer.lr": Times(10)}, "strong": {"optimizer.lr": Times(1000)}}
    fault = Fault("fast", ("TR35",), severities, ("small",))
    mild, strong = compose({"small": BASE}, [fault])
    assert [mild.name, strong.name] == ["small+fast-mild", "small+fast-strong"]
    assert tree_of(mild, BASE)["optimizer"]["lr"] == pytest.approx(0.1)
    assert strong.edits == {"optimizer.lr": 10.0}
    assert mild.buggy
    assert mild.part == "development"


def test_an_edit_of_the_kind_takes_the_parameters_of_the_old_kind_away() -> None:
    fault = Fault("sgd", ("TR36",), {"plain": {"optimizer": {"kind": "sgd"}}}, ("small",))
    (program,) = compose({"small": BASE}, [fault])
    assert tree_of(program, BASE)["optimizer"] == {"kind": "sgd"}


def test_the_halves_share_no_data_set() -> None:
    def sources(part: str) -> set[str]:
        sections = [base.tree["data"] for base in BASES.values() if base.part == part]
        return {
            section.get("family") or section.get("args", {}).get("name") or
            section.get("target") or section["kind"]
            for section in sections
        }  # fmt: skip

    development, other = sources("development"), sources("held-back")
    assert development
    assert other
    assert not development & other


def test_each_program_has_a_name_of_its_own_and_the_benchmark_is_large_enough() -> None:
    buggy, good = list(compose(BASES, FAULTS)), list(healthy(BASES))
    names = [program.name for program in (*buggy, *good)]
    assert len(set(names)) == len(names)
    assert len(buggy) >= 120
    assert len(good) >= 80


def test_the_held_back_half_is_as_it_was_frozen() -> None:
    assert hashes() == FROZEN.read_text(encoding="utf-8").splitlines()


def test_the_digest_changes_with_a_recipe_a_cause_or_an_edit() -> None:
    def hashed(base: Base, code: str, value: float) -> str:
        fault = Fault("fast", (code,), {"plain": {"optimizer.lr": value}}, ("small",))
        return digest(compose({"small": base}, [fault]), {"small": base})

    other = Base("small", "development", {**BASE.tree, "data": {"kind": "wine"}})
    first = hashed(BASE, "TR35", 1.0)
    assert first == hashed(BASE, "TR35", 1.0)
    changed = {hashed(other, "TR35", 1.0), hashed(BASE, "TR36", 1.0), hashed(BASE, "TR35", 2.0)}
    assert len(changed | {first}) == 4


def test_python_targets_are_found_wherever_a_recipe_has_them() -> None:
    tree = {
        "data": {"kind": "csv", "target": "price"},
        "model": {"kind": "python", "target": "nets:Net", "args": {"a": [1]}},
        "train": {"step": {"target": "steps:plain"}},
    }
    assert set(targets(tree)) == {"nets:Net", "steps:plain"}
