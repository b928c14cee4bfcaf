"""What checkpoints cost, and that their checksums notice damage and nothing else.

    python benchmarks/checkpoints.py

The cost: of one of them, of its checksum, and of a short run with and without bringing files to the
disk (800 steps of the digits recipe, one kind after the other, five times). Damage: single bits are
flipped in last.pt and best.pt, one at a time, and all must be noticed. No damage: a process that
writes checkpoints without a pause is killed with -9 at random moments, and what lies there must be
whole.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from results import machine, write_section

from trickrun.recipe.load import load
from trickrun.run import execute, files
from trickrun.run.folder import PREVIOUS, RunFolder
from trickrun.training.checkpoint import Progress, best_so_far, restore, snapshot
from trickrun.training.checkpoint_file import (
    CheckpointName,
    Damaged,
    check_file,
    packed,
    read_checkpoint,
)
from trickrun.training.compile import compile_recipe

RECIPE = Path(__file__).parents[1] / "recipes" / "digits.yaml"
CHANGES = ["train={steps: 800, device: cpu}", "early_stopping=null", "expect=null"]
REPEATS = 5


class WithoutFsync:
    """The os module whose fsync does nothing."""

    def __getattr__(self, name: str) -> object:
        return (lambda descriptor: None) if name == "fsync" else getattr(os, name)


def train(root: Path, every: str) -> float:
    """Train the recipe with a checkpoint ``every`` so often; return the seconds."""
    loaded = load(RECIPE, [*CHANGES, f"train.checkpoint={every}"])
    job = compile_recipe(loaded.recipe, RECIPE.parent)
    started = time.perf_counter()
    with execute.start(loaded, root, ["bench"], RECIPE.parent) as folder:
        execute.execute(folder, job, ["bench"], [])
    return time.perf_counter() - started


def median_ms(
    work: Callable[[], object],
    repeats: int = 30,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median milliseconds of ``work``."""
    times = []
    for _ in range(repeats):
        started = clock()
        work()
        times.append(clock() - started)
    return 1000 * statistics.median(times)


@dataclass(frozen=True)
class Trained:
    """A run that has ended, and what its next checkpoint would hold."""

    folder: RunFolder
    state: dict[str, Any]
    best: dict[str, Any]

    def save(self) -> None:
        self.folder.save(self.state, self.best)


def trained(root: Path) -> Trained:
    """Train the recipe."""
    loaded = load(RECIPE, CHANGES)
    job = compile_recipe(loaded.recipe, RECIPE.parent)
    with execute.start(loaded, root, ["bench"], RECIPE.parent) as folder:
        execute.execute(folder, job, ["bench"], [])
    state = folder.load("last")
    assert state is not None
    progress: Progress = restore(job, state)
    return Trained(folder, snapshot(job, progress), vars(best_so_far(job, progress)))


def single(run: Trained) -> str:
    """Return a line on what one checkpoint takes."""
    last_only = median_ms(lambda: run.folder.save(run.state, None))
    both = median_ms(run.save)
    size = run.folder.checkpoint_file("last").stat().st_size
    return (
        f"One checkpoint of {size / 1e3:.0f} kB: {last_only:.1f} ms, "
        f"with best.pt {both:.1f} ms (medians of 30). "
        "Of the runs, the fastest is the least disturbed by other work on the machine."
    )


def checksums(run: Trained, root: Path) -> Iterator[str]:
    """Yield a row a size: what the checksum takes of packing a checkpoint, and when it is read; in
    processor time, as no disk is waited for."""
    clock = time.process_time
    larger = {"model": {"weight": torch.zeros(20_000_000 // 4)}}
    for state in (run.state, larger):
        content = packed(state)
        path = root / "checkpoint.pt"
        path.write_bytes(content)
        writing = median_ms(
            lambda content=content: hashlib.blake2b(content, digest_size=16), clock=clock
        )
        whole = median_ms(lambda state=state: packed(state), clock=clock)
        reading = median_ms(lambda path=path: check_file(path), clock=clock)
        size = f"{len(content) / 1e3:,.0f} kB"
        yield f"| {size} | {writing:.2f} | {whole:.2f} | {reading:.2f} |"


def flips(run: Trained, root: Path, count: int, draw: random.Random) -> Iterator[str]:
    """Flip single bits of both checkpoints; yield a line each on how many were noticed.

    Raises AssertionError if one was not.
    """
    names: tuple[CheckpointName, ...] = ("last", "best")
    for name in names:
        content = run.folder.checkpoint_file(name).read_bytes()
        path = root / f"{name}.pt"
        noticed = 0
        for place in draw.sample(range(8 * len(content)), count):
            flipped = bytearray(content)
            flipped[place // 8] ^= 1 << place % 8
            path.write_bytes(flipped)
            try:
                read_checkpoint(path, name)
            except Damaged:
                noticed += 1
        path.write_bytes(content)
        assert not read_checkpoint(path, name).notices
        assert noticed == count, f"{noticed} of {count} flips in {name}.pt were noticed"
        yield f"{noticed} of {count} flips of one bit in {name}.pt were noticed."


def kills(run: Trained, count: int, draw: random.Random) -> str:
    """Kill a process that writes checkpoints, again and again; return what lay there then.

    Raises AssertionError if a checkpoint was then taken for damaged.
    """
    found = {"previous.pt but no last.pt": 0, "a file half written": 0}
    for _ in range(count):
        child = os.fork()
        if child == 0:
            while True:
                run.save()
        time.sleep(draw.uniform(0.0, 0.15))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        last, best = run.folder.saved("last"), run.folder.saved("best")
        assert last is not None
        assert best is not None
        assert not last.notices, last.notices
        assert not best.notices, best.notices
        found["previous.pt but no last.pt"] += last.path.name == PREVIOUS
        found["a file half written"] += any(run.folder.path.rglob("*.tmp"))
        files.remove_half_written(run.folder.path)
    told = ", ".join(f"{number} times {what}" for what, number in found.items())
    return f"{count} kills across the write left no checkpoint that was taken for damaged; {told}."


def cost(root: Path, run: Trained) -> None:
    """Measure one checkpoint, and short runs."""
    kinds = {
        "every 10 s (the default)": ("10 s", os),
        "every 10 s, without fsync": ("10 s", WithoutFsync()),
        "every epoch (20 steps)": ("1 epoch", os),
        "every step": ("1 step", os),
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    body = ["`python benchmarks/checkpoints.py`", machine("torch") + ", 1 thread", "", single(run)]
    for _ in range(REPEATS):
        for kind, (every, system) in kinds.items():
            vars(files)["os"] = system
            seconds[kind].append(train(root, every))
            print(kind, f"{seconds[kind][-1]:.2f} s", flush=True)
    body += ["", "| 800 steps, a checkpoint … | seconds, median of 5 | fastest |", "|---|---|---|"]
    body += [f"| {k} | {statistics.median(s):.2f} | {min(s):.2f} |" for k, s in seconds.items()]
    write_section("Checkpoints", "\n".join(body))


def damage(root: Path, run: Trained, flipped: int, killed: int) -> None:
    """Flip bits, kill, and measure checksums."""
    draw = random.Random(0)
    body = ["`python benchmarks/checkpoints.py --part damage`", machine("torch") + ", 1 thread", ""]
    body += [*flips(run, root, flipped, draw), kills(run, killed, draw), ""]
    body += ["| checkpoint | its checksum, ms | packing with it, ms | checking it, ms |"]
    body += ["|---|---|---|---|", *checksums(run, root), "", "Processor time, medians of 30."]
    write_section("Checkpoints: damage, kills and checksums", "\n".join(body))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("cost", "damage", "both"), default="both")
    parser.add_argument("--flips", type=int, default=500, help="in each of the two files")
    parser.add_argument("--kills", type=int, default=300)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        run = trained(Path(folder))
        if options.part in ("damage", "both"):
            damage(Path(folder), run, options.flips, options.kills)
        if options.part in ("cost", "both"):
            cost(Path(folder), run)


if __name__ == "__main__":
    main()
