"""A progress bar for work that is no training run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def bar(work: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what shows how many steps of how many are done: a bar, on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn(work), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task(work, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
