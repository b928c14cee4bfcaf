"""A process beside the trainings by itself."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from trickrun.search.executors.beside import Beside, NoResult

LARGE = 300_000
"""Bytes that a pipe does not hold."""


@pytest.fixture(scope="module")
def beside() -> Iterator[Beside]:
    begun = Beside(["a_module_that_is_not_there", "xml.dom"])
    yield begun
    begun.end()
    begun.process.join(20)
    assert begun.process.exitcode == -signal.SIGTERM


def test_large_works_and_results_pass_each_other(beside: Beside) -> None:
    work = partial(bytes.__add__, b"a" * LARGE, b"b" * LARGE)
    waiting = [beside.submit(work) for _ in range(4)]
    # In any order, and again.
    for result in (*reversed(waiting), waiting[0]):
        assert len(result()) == 2 * LARGE


def test_one_work_that_fails_leaves_the_next_alone(beside: Beside) -> None:
    failing = [
        beside.submit(partial(int, "no number")),
        beside.submit(partial(sys.exit, "as user code may")),
        beside.submit(partial(open, os.devnull)),  # its result cannot be pickled
    ]
    process = beside.submit(os.getpid)
    with pytest.raises(NoResult):
        beside.submit(lambda: None)
    for result in failing:
        with pytest.raises(NoResult):
            result()
    assert process() == beside.process.pid


def test_it_has_imported_what_it_was_told_and_no_torch(beside: Beside) -> None:
    modules = beside.submit(partial(eval, "set(__import__('sys').modules)"))()
    assert "xml.dom" in modules
    assert "torch" not in modules


def test_what_died_has_no_results() -> None:
    begun = Beside([])
    result = begun.submit(partial(signal.raise_signal, signal.SIGKILL))
    with pytest.raises(NoResult):
        result()
    begun.process.join(20)
    with pytest.raises(NoResult):
        begun.submit(os.getpid)()
