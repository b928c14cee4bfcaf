"""Which mistakes hurt: trains every script, and its repair, with three seeds.

    python -m benchmarks.scripts.hurts                # goes on where it was interrupted

Each script runs in a process of its own, forked from one that has torch loaded. A mistake counts if
every seed's score is lower than the repair's, and the mean by at least LEAST. A score that is NaN
is lower than any: the weights are lost. A script that raises an exception does not count. This is
decided by training alone, before anything is watched.
"""

from __future__ import annotations

import argparse
import math
import os
import runpy
import statistics
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.journal import Journal
from benchmarks.scripts.collection import scripts
from benchmarks.scripts.forked import Ran, preload, run_all
from benchmarks.scripts.programs import HERE, PARTS, Script, digest

RESULTS = HERE / "results"

TRAINED = RESULTS / "trained.jsonl"

SEEDS = (0, 1, 2)

LEAST = 0.03
"""The least that a mistake must cost, in accuracy, r2 or the script's own score up to 1."""

NOT_MEASURED = "not measured"

HEALTHY = 0.05
"""The most that a healthy variant may lose on the script that it varies."""


def key(script: Script, seed: int) -> str:
    """Return the journal's key of a script, as its text now is."""
    return f"{script.name} {seed} {digest([script])[:16]}"


def train(script: Script, seed: int, folder: Path) -> None:
    """Run a script, in this process."""
    file = folder / f"{script.name}.py"
    file.write_text(script.text, encoding="utf-8")
    sys.argv = [str(file), str(seed)]
    runpy.run_path(str(file), run_name="__main__")


def entry_of(ran: Ran) -> dict[str, Any]:
    """Return what a run tells: its score, or why there is none."""
    lines = [line for line in ran.out.splitlines() if line.startswith("score ")]
    if ran.code == 0 and lines:
        return {"score": float(lines[-1].split()[1])}
    return {"score": None, "error": (ran.err.strip().splitlines() or ["no output"])[-1]}


def verdict(script: Script, repair: Script, trained: Journal) -> str:
    """Return ``counts``, NOT_MEASURED, or why a script does not count; the seeds after one that
    decides this are not needed."""
    known = [s for s in SEEDS if key(script, s) in trained and key(repair, s) in trained]
    own = [trained[key(script, seed)]["score"] for seed in known]
    base = [trained[key(repair, seed)]["score"] for seed in known]
    if None in own + base:
        return "raises an exception"
    pairs = [(good, bad) for good, bad in zip(base, own, strict=True) if not math.isnan(bad)]
    gap = statistics.fmean([good - bad for good, bad in pairs]) if pairs else math.inf
    lost = len(pairs) < len(known)
    if script.faulty and any(bad >= good for good, bad in pairs):
        return f"does not hurt ({gap:+.3f})"
    if len(known) < len(SEEDS):
        return NOT_MEASURED
    if script.faulty:
        return "counts" if gap >= LEAST else f"does not hurt ({gap:+.3f})"
    return "counts" if gap <= HEALTHY and not lost else f"not healthy ({gap:+.3f})"


def verdicts(every: Iterable[Script], trained: Journal) -> dict[str, str]:
    """Return the verdicts on scripts, by name; their repairs must be among them."""
    named = {one.name: one for one in every}
    return {name: verdict(one, named[one.base], trained) for name, one in named.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    workers = parser.parse_args().jobs
    parts = [scripts(part) for part in PARTS]
    trained = Journal(TRAINED)
    preload()
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            for seed in SEEDS:
                before = verdicts(part, trained)
                todo = [
                    one
                    for one in part
                    if key(one, seed) not in trained and before[one.name] == NOT_MEASURED
                ]
                jobs = [(one, partial(train, one, seed, Path(folder))) for one in todo]
                for script, ran in run_all(jobs, workers):
                    trained.add(key(script, seed), entry_of(ran))
    for part in parts:
        for name, said in verdicts(part, trained).items():
            print(f"{name}: {said}")


if __name__ == "__main__":
    main()
