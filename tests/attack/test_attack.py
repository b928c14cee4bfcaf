"""A quick share of the attack (benchmarks/attack.py), and that it finds what is broken."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.attack import KINDS, Campaign, Tally, again, known, way
from benchmarks.attacks.case import CANARY, source_of_chance
from benchmarks.attacks.mutate import HOSTILE
from benchmarks.attacks.runs import LIGHT_RUNS
from benchmarks.attacks.watch import prepared, run_cases
from tests.attack import sabotage
from tests.attack.cases import ONE, PICKLE

QUICK = {"recipes": 300, "runs": 30, "data": 100}
"""Cases of each kind, of a seed of their own."""

SEED = 2026

SHARE = {**KINDS, "runs": LIGHT_RUNS}


@pytest.fixture(scope="module")
def root_of() -> Iterator[Callable[[str], Path]]:
    """What an attack begins with, made when it is first asked for."""
    made: dict[str, Path] = {}
    with ExitStack() as stack:

        def root(kind: str) -> Path:
            if kind not in made:
                made[kind] = stack.enter_context(prepared(SHARE[kind]))
            return made[kind]

        yield root


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_hostile_gets_through(kind: str, root_of: Callable[[str], Path]) -> None:
    ended = [*run_cases(kind, SHARE[kind], SEED, range(QUICK[kind]), root_of(kind))]
    wrong = [(one.number, one.told, way(one)) for one in ended if one.failure is not None]
    assert wrong == []
    # The cases reach what they attack: some are taken, others refused.
    codes = [code for one in ended for code in one.codes]
    assert {"0", "2"} <= set(codes)


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (None, ""),
        (sabotage.no_problems, "exit 70"),
        (sabotage.slow, "hang"),
        (sabotage.greedy, "memory"),
        (sabotage.dies, "died (-6)"),
    ],
)
def test_what_a_broken_build_does_is_told(
    broken: Callable[[], None] | None, what: str, root_of: Callable[[str], Path]
) -> None:
    (ended,) = run_cases("one", ONE, 0, [0], root_of("recipes"), broken)
    assert (ended.failure.what if ended.failure else "") == what


@pytest.mark.parametrize(("broken", "what"), [(None, ""), (sabotage.all_pickles, "pickle")])
def test_a_pickle_that_is_executed_is_told(
    broken: Callable[[], None] | None, what: str, root_of: Callable[[str], Path]
) -> None:
    (ended,) = run_cases("pickle", PICKLE, 0, [0], root_of("recipes"), broken)
    assert (ended.failure.what if ended.failure else "") == what


def test_a_case_that_failed_is_kept_and_runs_again(
    root_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "one", ONE)
    tally = Tally()
    campaign = Campaign("one", 0, tmp_path, root_of("recipes"), tally)
    (ended,) = run_cases("one", ONE, 0, [0], root_of("recipes"), sabotage.no_problems)
    row = campaign.fail(ended)
    campaign.journal(range(1), Counter(ended.codes), [row])
    assert (tmp_path / "0/files/r.yaml").read_text().endswith("{lr: x}\n")
    assert row["way"].startswith("exit 70 | File ")
    assert known(tmp_path, 0)[0].cases == 0  # the line is of no whole block
    monkeypatch.chdir(tmp_path)
    assert again(tmp_path / "0") == 0  # the build is whole here


def test_the_hostile_pickles_are_hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(HOSTILE[0])
    assert (tmp_path / CANARY).exists()
    for content in HOSTILE[1:]:
        assert b"mkdir" in content


def test_a_case_is_the_same_again(root_of: Callable[[str], Path], tmp_path: Path) -> None:
    for kind in KINDS:
        cases = []
        for name in ("a", "b"):
            (tmp_path / kind / name).mkdir(parents=True)
            chance = source_of_chance(kind, 3, 14)
            cases.append(
                SHARE[kind].arrange(chance, root_of(kind) / "home", tmp_path / kind / name)
            )
        assert cases[0] == cases[1]
