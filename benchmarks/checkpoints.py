"""What checkpoints cost: one of them, and a short run with and without bringing files to the disk.

    python benchmarks/checkpoints.py

The runs are 800 steps of the digits recipe, one kind after the other, five times.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from results import machine, write_section

from trickrun.recipe.load import load
from trickrun.run import execute, files
from trickrun.training.checkpoint import Progress, best_so_far, restore, snapshot
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
    execute.execute(execute.start(loaded, root, ["bench"], RECIPE.parent), job, ["bench"], [])
    return time.perf_counter() - started


def median_ms(work: Callable[[], object], repeats: int = 30) -> float:
    """Return the median milliseconds of ``work``."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def single(root: Path) -> list[str]:
    """Return a line on what one checkpoint takes."""
    loaded = load(RECIPE, CHANGES)
    job = compile_recipe(loaded.recipe, RECIPE.parent)
    folder = execute.start(loaded, root, ["bench"], RECIPE.parent)
    execute.execute(folder, job, ["bench"], [])
    state = folder.load("last")
    assert state is not None
    progress: Progress = restore(job, state)
    best = vars(best_so_far(job, progress))
    last_only = median_ms(lambda: folder.save(snapshot(job, progress), None))
    both = median_ms(lambda: folder.save(snapshot(job, progress), best))
    size = (folder.path / "checkpoints" / "last.pt").stat().st_size
    return [
        f"One checkpoint of {size / 1e3:.0f} kB: {last_only:.1f} ms, "
        f"with best.pt {both:.1f} ms (medians of 30). "
        "Of the runs, the fastest is the least disturbed by other work on the machine."
    ]


def main() -> None:
    torch.set_num_threads(1)
    kinds = {
        "every 10 s (the default)": ("10 s", os),
        "every 10 s, without fsync": ("10 s", WithoutFsync()),
        "every epoch (20 steps)": ("1 epoch", os),
        "every step": ("1 step", os),
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        body = ["`python benchmarks/checkpoints.py`", machine("torch") + ", 1 thread", ""]
        body += single(Path(folder))
        for _ in range(REPEATS):
            for kind, (every, system) in kinds.items():
                vars(files)["os"] = system
                seconds[kind].append(train(Path(folder), every))
                print(kind, f"{seconds[kind][-1]:.2f} s", flush=True)
    body += ["", "| 800 steps, a checkpoint … | seconds, median of 5 | fastest |", "|---|---|---|"]
    body += [f"| {k} | {statistics.median(s):.2f} | {min(s):.2f} |" for k, s in seconds.items()]
    write_section("Checkpoints", "\n".join(body))


if __name__ == "__main__":
    main()
