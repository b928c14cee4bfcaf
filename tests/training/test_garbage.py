"""Garbage is collected rarely only until the first job is compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.garbage import (
    RARE,
    USUAL,
    collect_as_usual,
    collect_rarely,
    leave_garbage,
)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_a_compiled_job_is_collected_as_usual():
    collect_rarely()
    assert gc.get_threshold() == RARE
    tree = {"data": {"kind": "iris"}, "model": {"kind": "mlp", "hidden": [4]}}
    compile_recipe(from_tree(canonical(tree)), Path())
    assert gc.get_threshold() == USUAL
    assert gc.get_freeze_count() > 0


def test_thresholds_of_another_program_stay():
    gc.set_threshold(123, 4, 5)
    collect_as_usual()
    assert gc.get_threshold() == (123, 4, 5)
    assert gc.get_freeze_count() == 0


def test_what_only_reads_leaves_its_garbage_at_the_end():
    collect_rarely()
    leave_garbage()
    assert gc.get_freeze_count() > 0


def test_after_a_job_garbage_is_looked_for_at_the_end_too():
    collect_rarely()
    collect_as_usual()
    gc.unfreeze()
    leave_garbage()
    assert gc.get_freeze_count() == 0
