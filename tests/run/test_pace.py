"""A budget by a clock that the test turns, and when a process began."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from trickrun.errors import OutOfTime
from trickrun.run import pace as module
from trickrun.run.pace import UNHURRIED, Moved, Pace, budget, process_begun


@dataclass
class Clock:
    """A clock that moves only when it is told to."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_a_limit_there_is_always_time(clock: Clock) -> None:
    pace = Pace(clock=clock)
    clock.now = 1e12
    pace.ask("anything", 1e9)
    assert (pace.limited, pace.over(), pace.left) == (False, False, math.inf)
    assert pace.share(0.5) is pace
    assert UNHURRIED.left == math.inf


def test_what_would_not_end_in_time_is_not_begun(clock: Clock) -> None:
    pace = Pace(130.0, clock=clock)
    pace.ask("short", 29.0)
    with pytest.raises(OutOfTime, match="about 31 s") as refused:
        pace.ask("long", 31.0)
    assert (refused.value.where, refused.value.hint) == ("long", "allow more time with --budget")


def test_when_the_time_is_up_nothing_is_gone_on_with(clock: Clock) -> None:
    pace = Pace(130.0, clock=clock)
    clock.now = 129.9
    pace.ask("training")
    clock.now = 130.0
    assert pace.over()
    with pytest.raises(OutOfTime, match="the time was up"):
        pace.ask("training")
    clock.now = 500.0
    assert pace.left == 0.0


def test_a_part_ends_before_the_whole(clock: Clock) -> None:
    pace = Pace(200.0, clock=clock)
    part = pace.share(0.3)
    assert part.left == pytest.approx(30.0)
    clock.now = 120.0
    assert part.left == pytest.approx(10.0)
    assert pace.share(0.5).left == pytest.approx(40.0)
    assert pace.until(150.0).left == pytest.approx(30.0)
    assert pace.until(900.0).left == pytest.approx(80.0)
    assert part.share(1.0).deadline == part.deadline


def test_a_budget_counts_from_the_beginning_and_keeps_some_for_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 50.0)
    assert budget(None).limited is False
    assert budget(60.0, begun=50.0).deadline == 50 + 60 - 3
    assert budget(60.0, begun=46.0).deadline == 46 + 60 - 3 - 3  # it took 4 s to begin
    assert budget(3.0, begun=0.0).deadline == 2.0
    assert budget(3.0).begun == 50.0


def test_a_command_that_could_do_nothing_says_what_it_needs(clock: Clock) -> None:
    pace = Pace(101.0, begun=100.0, clock=clock)
    clock.now = 104.0
    assert "--budget 20s or more" in pace.too_short().hint
    clock.now = 130.0
    assert "--budget 70s or more" in pace.too_short().hint


def test_phases_are_told_of() -> None:
    told: list[object] = []

    @contextmanager
    def phases(what: str, total: float | None = None) -> Iterator[Moved]:
        told.append((what, total))
        yield told.append

    with Pace(phases=phases).share(0.5).phase("work", 3) as moved:
        moved(2)
    with UNHURRIED.phase("work", 3) as moved:
        moved(2)
    assert told == [("work", 3), 2]


def test_a_process_knows_when_it_began() -> None:
    before = time.monotonic()
    program = "from trickrun.run.pace import process_begun; print(process_begun())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    # The system counts in hundredths of a second.
    assert before - 0.1 <= float(ran.stdout) <= time.monotonic()


def test_a_process_whose_clocks_do_not_agree_began_with_its_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.clock_gettime", lambda clock: 1e9)
    assert process_begun() == module.IMPORTED
