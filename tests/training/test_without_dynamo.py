"""torch's compiler is kept out of trickrun's own processes, and nothing else changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROBE = HERE.parent / "dynamo_probe.py"


def probe(*what: str) -> list[str]:
    """Run dynamo_probe.py in a process of its own; return what it prints, line by line."""
    done = subprocess.run(
        [sys.executable, "-W", "error", PROBE, *what], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def kept_out() -> list[str]:
    return probe("own", "train")


def test_it_is_kept_out_of_training(kept_out: list[str]):
    assert kept_out[-1] == "dynamo False"


def test_losses_and_states_are_equal_to_the_bit(kept_out: list[str]):
    plain = probe("train")
    assert plain[-1] == "dynamo True"
    assert len(plain) > 15
    assert plain[:-1] == kept_out[:-1]


def test_a_stack_does_without_it():
    assert probe("own", "stack")[-1] == "dynamo False"


def test_compiling_works_afterwards():
    assert probe("own", "then_compile") == ["before: dynamo False", "after: dynamo True", "equal"]


def test_hooks_stay_when_it_is_let_in():
    assert probe("own", "hooks") == ["1 before, 2 after"]


def test_users_code_meets_torch_as_it_is():
    assert probe("own", "users_code") == ["kept out", "let in"]


def test_an_optimizer_of_a_package_meets_torch_as_it_is():
    own, plain = probe("own", "plug_in"), probe("plug_in")
    assert own == plain
    assert [line.split()[0] for line in own] == ["3", "3"]
    assert own[0] != own[1]


def test_a_subclass_runs_its_hooks_once_a_step():
    assert probe("own", "base_class") == ["1", "2"]


def test_a_step_that_was_inherited_is_torchs_when_it_is_let_in():
    assert probe("own", "inherited") == ["before: dynamo False", "after: dynamo True"]


def test_another_torch_is_left_alone():
    assert probe("own", "another_torch") == ["as torch has them"]
