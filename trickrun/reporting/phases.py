"""What goes on now, how far it is and how long it will still take: of every part that may last.

On a terminal a bar each, which disappear at the end; in a pipe a plain line for a phase that lasts.
All of it goes to stderr, so that stdout stays what the command is asked for.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn

from trickrun.reporting.console import Text, duration, terminal
from trickrun.run.pace import Moved

LASTING = 2.0
"""Seconds after which a phase in a pipe is told."""


@contextmanager
def phase(what: str, total: float | None = None) -> Iterator[Moved]:
    """Show a phase while the context lasts; see run.pace.Phases. Phases may lie in others."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        with told_if_it_lasts(what, total) as moved:
            yield moved
        return
    with bars(console) as shown:
        task = shown.progress.add_task(what, total=total)
        try:
            yield lambda done: shown.progress.update(task, completed=done)
        finally:
            shown.progress.remove_task(task)


class Left(ProgressColumn):
    """How far a phase is, and how long it will still take if it goes on as it did."""

    def render(self, task: Task) -> Text:
        """Return the words."""
        return Text(how_far(task.elapsed or 0.0, task.completed, task.total))


def how_far(seconds: float, done: float, total: float | None) -> str:
    """Return how far a phase is, in words.

    Args:
        seconds: since it began.
        done: how much of ``total`` is done; None: nobody knows how much there is.
    """
    if not total or done <= 0:
        return duration(seconds)
    left = seconds / done * max(total - done, 0.0)
    return f"{done / total:.0%}, about {duration(left)} left"


class Bars:
    """The bars of the phases that go on, one below the other, and what is shown above them."""

    def __init__(self, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), Left())
        self.progress = Progress(*columns, console=console, auto_refresh=False)
        self.above: RenderableType = Group()
        # What goes to a file must not be taken to the terminal of stderr.
        self.live = Live(
            console=console,
            transient=True,
            get_renderable=self.render,
            redirect_stdout=sys.stdout.isatty(),
        )

    def render(self) -> RenderableType:
        """Return all of it."""
        return Group(self.above, self.progress.get_renderable())


_shown: list[Bars] = []
"""Those on the terminal now: at most one, as it has one place for them."""


@contextmanager
def bars(console: Console) -> Iterator[Bars]:
    """Yield the terminal's bars: those that are there, or new ones while the context lasts."""
    if _shown:
        yield _shown[0]
        return
    new = Bars(console)
    _shown.append(new)
    try:
        with new.live:
            yield new
    finally:
        _shown.remove(new)


@contextmanager
def told_if_it_lasts(what: str, total: float | None) -> Iterator[Moved]:
    """Yield what is told how much is done; after LASTING seconds a line says what goes on."""
    begun, done = time.monotonic(), 0.0

    def moved(now: float) -> None:
        nonlocal done
        done = now

    def tell() -> None:
        far = f", {how_far(time.monotonic() - begun, done, total)}" if total and done else ""
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            print(f"{what} ...{far}", file=sys.stderr, flush=True)

    timer = threading.Timer(LASTING, tell)
    timer.daemon = True
    timer.start()
    try:
        yield moved
    finally:
        timer.cancel()
