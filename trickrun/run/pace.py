"""How long work may take, and whom it tells how far it is: one object, handed down to every part.

A command with a ``--budget`` makes one; its parts ask it before they begin something, and in every
step of a long training.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from trickrun.errors import OutOfTime

IMPORTED = time.monotonic()
"""When the command began, where the system does not tell."""

MORE = "allow more time with --budget"
"""What to do where there was no time."""

ENDING_SHARE, AS_BEGINNING, MOST = 0.05, 0.75, 1 / 3
"""What of a budget is kept for what comes last (reports, pictures, the end of the workers): a share
of it, and about as much as the imports at its beginning took, which show how busy the machine is;
at most the third."""

Moved = Callable[[float], None]
"""Told how much of a phase is done."""

Phases = Callable[[str, float | None], AbstractContextManager[Moved]]
"""Told of a phase as it begins: what is done, and how much of it there is (None: that is not
known)."""


@contextmanager
def silent(what: str, total: float | None = None) -> Iterator[Moved]:
    """Tell nobody of a phase."""
    yield lambda done: None


@dataclass(frozen=True)
class Pace:
    """Until when work may last, and whom it tells how far it is.

    Args:
        deadline: the moment by ``clock`` at which it is to be over; infinity: no limit.
        phases: told of each phase.
        begun: the moment at which the command began.
        clock: seconds; another process that is handed the deadline goes by time.monotonic.
    """

    deadline: float = math.inf
    phases: Phases = silent
    begun: float = 0.0
    clock: Callable[[], float] = time.monotonic

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.deadline < math.inf

    @property
    def left(self) -> float:
        """Seconds left, never negative; infinity without a limit."""
        return max(0.0, self.deadline - self.clock())

    def over(self) -> bool:
        """Whether the time is up."""
        return self.clock() >= self.deadline

    def ask(self, what: str, seconds: float = 0.0) -> None:
        """Raise OutOfTime if ``what`` is not to be begun, or gone on with.

        Args:
            seconds: that it takes, as far as that is known.
        """
        if self.over() or seconds > self.left:
            about = f"it takes about {seconds:.0f} s" if seconds >= 1 else "the time was up"
            raise OutOfTime(about, what, MORE)

    def too_short(self) -> OutOfTime:
        """Return the error of a command that could do nothing, with the time that it would need to
        do something."""
        needed = 10 * math.ceil((2 * (self.clock() - self.begun) + 5) / 10)
        hint = f"to start and to read the data took most of it: --budget {needed}s or more"
        return OutOfTime("there is no time to do anything", "--budget", hint)

    def share(self, part: float) -> Pace:
        """Return the pace of what may take a ``part`` of the time left."""
        return replace(self, deadline=self.clock() + part * self.left) if self.limited else self

    def until(self, moment: float) -> Pace:
        """Return the pace of what has to be over at ``moment`` too."""
        return replace(self, deadline=min(self.deadline, moment))

    def phase(self, what: str, total: float | None = None) -> AbstractContextManager[Moved]:
        """Tell of a phase while the context lasts; it yields what is told how much is done."""
        return self.phases(what, total)


UNHURRIED = Pace()
"""Of work without a limit that tells nobody."""


def budget(seconds: float | None, begun: float | None = None, phases: Phases = silent) -> Pace:
    """Return the pace of a command that may take ``seconds`` from its beginning to its end; None:
    no limit.

    Args:
        begun: when it began (time.monotonic); None: now.
    """
    if seconds is None:
        return Pace(phases=phases)
    now = time.monotonic()
    begun = now if begun is None else begun
    ending = min(ENDING_SHARE * seconds + AS_BEGINNING * (now - begun), MOST * seconds)
    return Pace(begun + seconds - ending, phases, begun)


def process_begun() -> float:
    """Return the moment (time.monotonic) at which this process began, its imports included."""
    try:
        # The command's name, in parentheses, may hold spaces; the 22nd field counts clock ticks.
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot
    except (OSError, AttributeError, ValueError, IndexError):
        return IMPORTED
    begun = time.monotonic() - age
    # A system whose clocks do not agree, as in a container that was moved, tells nonsense.
    return begun if 0 <= IMPORTED - begun < 60 else IMPORTED
