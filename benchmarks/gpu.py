"""Does a GPU give what the CPU gives, and does it pay? In three minutes at most.

    python benchmarks/gpu.py [--out gpu.jsonl]
    python benchmarks/gpu.py --tiny            # everything on the CPU, in seconds

Measured are: the losses of one training of each kind of network beside those of the CPU; whether an
interrupted training with train.deterministic ends bitwise as one that was left alone; a stacked
grid beside a hand-written loop; and CUDA graphs beside plain training.

Each line is one case as JSON, printed and written as soon as it is known: its ``status`` is ok, off
(it ran, but a figure is not what it should be), failed or skipped, the last two with a ``reason``.
A case that fails, dies or takes too long ends the process that it ran in, because it may leave the
device unusable; the next case gets a new one. Exits 1 if a case is off or failed.

It needs nothing but what trickrun itself requires. So far it has run on CPUs only (--tiny, in the
tests); no figure of a GPU is known yet.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

KINDS = ("mlp", "cnn", "resnet", "vgg", "rnn", "lstm", "gru", "transformer", "python", "pretrained")
TINY_KINDS = ("mlp", "resnet", "lstm", "transformer", "python")

LIMIT, FIRST_LIMIT = 40.0, 90.0
"""Seconds that a case may take, and the first one, in which a cold disk gives torch. Most should
need a tenth of it."""

Figures = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is measured in one go.

    Args:
        function: the name of a function of gpu_cases, which returns the case's figures.
        arguments: what it is called with.
        limit: seconds that it may take.
        own_process: whether it changes its process, so that no other case can follow there.
    """

    function: str
    arguments: tuple[Any, ...]
    limit: float = LIMIT
    own_process: bool = False

    @property
    def name(self) -> str:
        """The name in its line, for example ``losses mlp``."""
        return " ".join([self.function, *(a for a in self.arguments if isinstance(a, str))])


def cases(tiny: bool, graphs: float) -> list[Case]:
    """Return what is measured.

    Args:
        tiny: on the CPU, with fewer kinds and steps.
        graphs: seconds that CUDA graphs may take; 0 leaves them out.
    """
    found = [Case("losses", (kind, tiny)) for kind in (TINY_KINDS if tiny else KINDS)]
    found += [Case("grid", (tiny,)), Case("resume", (tiny,), own_process=not tiny)]
    if graphs:
        found.append(Case("graphs", (tiny,), graphs, own_process=True))
    return found


def call(function: str, *arguments: Any) -> Figures:
    """Call a function of gpu_cases in a worker process, the only one that imports torch."""
    figures: Figures = getattr(importlib.import_module("gpu_cases"), function)(*arguments)
    return figures


class Worker:
    """A process that takes one call after another until one of them fails."""

    def __init__(self) -> None:
        self.pool = ProcessPoolExecutor(1, get_context("spawn"))
        self.pid = self.pool.submit(os.getpid).result()

    def end(self) -> None:
        """End the process, whatever it does."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.pool.shutdown(wait=True)


class Measuring:
    """Calls in a worker process, which is replaced when a call has failed.

    Args:
        seconds: what all calls together may take.
    """

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.worker: Worker | None = None

    def measure(
        self, limit: float, function: Callable[..., Figures], *arguments: Any, fresh: bool = False
    ) -> Figures:
        """Return the figures that ``function`` returns, with a status and the seconds it took.

        Args:
            limit: seconds that the call may take.
            fresh: whether the call needs a process of its own.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            return {"status": "skipped", "reason": "no time is left"}
        if fresh:
            self.end()
        began = time.monotonic()
        answer = self.answer(min(limit, left), function, *arguments)
        if answer["status"] == "failed" or fresh:
            self.end()
        return {**answer, "seconds": round(time.monotonic() - began, 2)}

    def answer(self, limit: float, function: Callable[..., Figures], *arguments: Any) -> Figures:
        """Return what the call gives within ``limit`` seconds, or why it gives nothing."""
        try:
            self.worker = self.worker or Worker()
            return {"status": "ok", **self.worker.pool.submit(function, *arguments).result(limit)}
        except TimeoutError:
            reason = f"it took more than {limit:.0f} s"
        except BrokenProcessPool:
            reason = "its process died"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        return {"status": "failed", "reason": reason}

    def end(self) -> None:
        """End the worker process, if there is one."""
        if self.worker is not None:
            self.worker.end()
        self.worker = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="on the CPU: fewer kinds and steps")
    parser.add_argument("--out", type=Path, help="file for the lines, which are printed as well")
    parser.add_argument("--seconds", type=float, default=170, help="for all cases together")
    parser.add_argument(
        "--graphs", type=float, help="seconds for CUDA graphs, 0: without (60; with --tiny 0)"
    )
    options = parser.parse_args()
    graphs = options.graphs if options.graphs is not None else 0 if options.tiny else 60
    if options.tiny:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a GPU that is there is not used
        # Threads that wait for each other take longer than such small steps.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    # cuBLAS reads it when it starts; deterministic training needs it.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    lines: list[Figures] = []
    if options.out:
        options.out.write_text("", encoding="utf-8")

    def tell(name: str, figures: Figures) -> None:
        lines.append({"case": name, **figures})
        print(json.dumps(lines[-1]), flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(lines[-1]) + "\n")

    measuring = Measuring(options.seconds)
    try:
        tell("machine", measuring.measure(FIRST_LIMIT, call, "machine", options.tiny))
        if lines[0]["status"] == "ok":
            for case in cases(options.tiny, graphs):
                wanted = (call, case.function, *case.arguments)
                tell(case.name, measuring.measure(case.limit, *wanted, fresh=case.own_process))
    finally:
        measuring.end()
    raise SystemExit(any(line["status"] in ("off", "failed") for line in lines))


if __name__ == "__main__":
    main()
