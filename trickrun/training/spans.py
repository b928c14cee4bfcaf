"""Where a command's time goes. ``TRICKRUN_TIMINGS=FILE`` makes each of its processes append a line
of JSON to FILE for every span: what was done, when by time.monotonic, and its processor time.

benchmarks/command_times.py sums the lines up and draws them. Spans may lie in others; what is in
none is a command's own. Without the variable nothing is measured and nothing is written.
"""

from __future__ import annotations

import builtins
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Yielded = TypeVar("Yielded")
Yielding = Callable[Given, Iterator[Yielded]]

FILE = os.environ.get("TRICKRUN_TIMINGS", "")

PYTHONS = builtins.__import__

SHORTEST_IMPORT = 0.002
"""Seconds: an import that takes less is not told."""


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Tell how long the block takes, under ``name``; of a decorated function, each call."""
    if not FILE:
        yield
        return
    begun, processor = time.monotonic(), time.process_time()
    try:
        yield
    finally:
        tell(name, begun, processor)


def iterated(name: str) -> Callable[[Yielding[Given, Yielded]], Yielding[Given, Yielded]]:
    """As ``timed``, for a function that yields: from its first value to its end, with what is done
    meanwhile with its values."""

    def measured(yielding: Yielding[Given, Yielded]) -> Yielding[Given, Yielded]:
        if not FILE:
            return yielding

        @wraps(yielding)
        def iterate(*args: Given.args, **kwargs: Given.kwargs) -> Iterator[Yielded]:
            with timed(name):
                yield from yielding(*args, **kwargs)

        return iterate

    return measured


def tell(name: str, begun: float, processor: float, shortest: float = 0.0) -> None:
    """Append the line of a span that ends now, if it took at least ``shortest`` seconds.

    Args:
        begun, processor: time.monotonic and time.process_time at its beginning.
    """
    end = time.monotonic()
    if end - begun < shortest:
        return
    spent = time.process_time() - processor
    line = {"span": name, "process": os.getpid(), "begun": begun, "end": end, "processor": spent}
    # Several processes append, each a whole line at once.
    descriptor = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, json.dumps(line).encode() + b"\n")
    finally:
        os.close(descriptor)


def time_imports() -> None:
    """Let the imports of this process be spans from now on, each with those that it needs."""
    # A fork of a process has what that has.
    if not FILE or builtins.__import__ is not PYTHONS:
        return
    usual, within = PYTHONS, False

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal within
        if within:
            return usual(name, *args, **kwargs)
        within, begun, processor = True, time.monotonic(), time.process_time()
        try:
            return usual(name, *args, **kwargs)
        finally:
            within = False
            tell("imports", begun, processor, SHORTEST_IMPORT)

    builtins.__import__ = importing
