"""What goes wrong in the watcher never reaches the program that it watches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

Given = ParamSpec("Given")


class Harmless:
    """Keeps the first exception of the watcher's own work; after it, no more of that is done.

    Args:
        give_up: called once at that exception, to take the watcher out of the program's way.
    """

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.give_up = give_up
        self.failure: Exception | None = None

    def __call__(self, work: Callable[Given, object]) -> Callable[Given, None]:
        """Return ``work`` so that it raises no Exception. A request to stop is none."""

        @functools.wraps(work)
        def harmless(*given: Given.args, **named: Given.kwargs) -> None:
            if self.failure is None:
                try:
                    work(*given, **named)
                except Exception as error:
                    self.failed(error)

        return harmless

    @contextmanager
    def part(self) -> Iterator[None]:
        """Do a part of the work that the rest can do without."""
        try:
            yield
        except Exception as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Keep an exception, and give up."""
        if self.failure is None:
            self.failure = error
            self.give_up()
