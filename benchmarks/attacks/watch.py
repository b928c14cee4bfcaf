"""Cases in worker processes, watched: what a case does to its process is told, and others go on."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.attacks.case import Attack, Case, source_of_chance
from benchmarks.attacks.worker import TAIL, Began, Ended, Failure, Task, serve, status

MOST_MEMORY = 2**30
"""Bytes that a process may have: torch itself takes 300 MB of them."""

SLICE = 0.05
"""Seconds between two looks at a case that is not done."""

TOO_LONG, TOO_MUCH, DIED = "hang", "memory", "died"

ARRANGING = 60.0
"""What a case may take before its first command."""

MEMORY = Path("/dev/shm")
"""Where it is, a file system in memory."""


class Clock:
    """How long a command takes: in seconds of computing, as the machine may be busy with others,
    or in seconds in which it does nothing at all."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.begun = self.before = computed(process)
        self.moved = time.monotonic()

    def is_over(self, seconds: float) -> bool:
        """Return whether the command has taken ``seconds``."""
        now, moment = computed(self.process), time.monotonic()
        if now > self.before:
            self.before, self.moved = now, moment
        return now - self.begun > seconds or moment - self.moved > seconds


def computed(process: int) -> float:
    """Return the seconds that a process has computed; 0 if it is gone."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Worker:
    """A worker process."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.connection, other = multiprocessing.Pipe()
        context = multiprocessing.get_context("forkserver")
        self.process: Any = context.Process(target=serve, args=(other, task))
        self.process.start()
        other.close()

    def run(self, number: int) -> Ended:
        """Run a case; a failure that ends the process, or must, is one of those above."""
        began, clock, peak = Began((), ARRANGING), Clock(self.process.pid), 0
        try:
            self.connection.send(number)
            while True:
                while not self.connection.poll(SLICE):
                    peak = max(peak, status(self.process.pid).get("VmRSS", 0))
                    if peak > MOST_MEMORY:
                        return self.killed(number, TOO_MUCH, began, peak)
                    if clock.is_over(began.seconds):
                        return self.killed(number, TOO_LONG, began, peak)
                found = self.connection.recv()
                if isinstance(found, Ended):
                    return judged(found)
                began, clock = found, Clock(self.process.pid)
        except (EOFError, OSError):
            self.process.join()
            how = f"{DIED} ({self.process.exitcode})"
            return self.killed(number, how, began, peak)

    def killed(self, number: int, what: str, began: Began, peak: int) -> Ended:
        self.end()
        with suppress(OSError):
            said = self.task.output.read_text(encoding="utf-8", errors="replace")[-TAIL:]
            return Ended(number, "", (what,), Failure(what, began.command, said), peak)
        return Ended(number, "", (what,), Failure(what, began.command, ""), peak)

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def judged(ended: Ended) -> Ended:
    """Return how a case ended; it has failed if its process had too much memory meanwhile."""
    if ended.failure is not None or ended.peak <= MOST_MEMORY:
        return ended
    return replace(ended, failure=Failure(TOO_MUCH, (), f"{ended.peak} bytes"))


@contextmanager
def prepared(attack: Attack) -> Iterator[Path]:
    """Yield a folder in memory in which the attack has made what its cases begin with."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.attacks.preload"])
    root = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None, prefix="attack-"))
    try:
        (root / "home").mkdir()
        attack.prepare(root / "home")
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def run_cases(
    kind: str,
    attack: Attack,
    seed: int,
    numbers: Iterable[int],
    root: Path,
    sabotage: Callable[[], object] | None = None,
) -> Iterator[Ended]:
    """Run cases one after another and yield how each ended.

    One that took too long, or died, is run a second time in a new process: the machine may have
    been busy. It has failed only if it does so again.

    Args:
        root: what ``prepared`` yields.
    """
    own = Path(tempfile.mkdtemp(dir=root, prefix="worker-"))
    task = Task(kind, attack, seed, root / "home", own / "case", own / "output", sabotage)
    worker = Worker(task)
    try:
        for number in numbers:
            ended = worker.run(number)
            if not worker.process.is_alive() or worker.connection.closed:
                worker = Worker(task)
                ended = worker.run(number)
            yield ended
            if ended.peak > MOST_MEMORY // 2 or worker.connection.closed:
                worker.end()  # what it has of memory would be counted against the next one
                worker = Worker(task)
    finally:
        worker.end()
        shutil.rmtree(own, ignore_errors=True)


def arrange_again(
    kind: str, attack: Attack, seed: int, number: int, home: Path, folder: Path
) -> Case:
    """Write a case's files into a folder once more."""

    folder.mkdir(parents=True, exist_ok=True)
    before = os.getcwd()
    os.chdir(folder)
    try:
        return attack.arrange(source_of_chance(kind, seed, number), home, folder)
    finally:
        os.chdir(before)
