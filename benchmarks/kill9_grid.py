"""A grid killed with -9 five times ends with the same table as one that is never killed.

    python benchmarks/kill9_grid.py

Both run ``trickrun grid coarse`` on digits with 32 trials, each in a runs folder of its own; the
second starts with the first one's choice of how each trial trains. The whole process group is
killed as soon as new trials are in the journal, or earlier at random; the command is then given
again, until it ends by itself. The tables must agree but for the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RECIPE = Path(__file__).parent.parent / "recipes" / "digits.yaml"
SPACE = (
    "{optimizer.lr: {log: [1e-4, 1e-1]}, regularizers.dropout: {uniform: [0, 0.6]}, "
    "model.hidden: {choice: [[64], [128], [32, 32], [256, 128]]}}"
)
"""Four shapes of network, so that trials end at different times also where they are stacked."""


def command(runs: Path, trials: int) -> list[str]:
    """Return the command line of the search."""
    overrides = [f"grid.coarse={{trials: {trials}, epochs: 30, space: {SPACE}}}"]
    trickrun = [sys.executable, "-c", "from trickrun.cli import main; main()"]
    return [*trickrun, "grid", "coarse", str(RECIPE), *overrides, "--runs-dir", str(runs), "--json"]


def finished(runs: Path) -> int:
    """Return the number of lines in the journals below ``runs``."""
    return sum(len(path.read_bytes().splitlines()) for path in runs.glob("*/*/trials.jsonl"))


def started_search(runs: Path, trials: int) -> subprocess.Popen[str]:
    """Start the search and return once it has its folder."""
    process = subprocess.Popen(
        command(runs, trials), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True, text=True,
    )  # fmt: skip
    while process.poll() is None and not list(runs.glob("*/*/plan.json")):
        time.sleep(0.02)
    return process


def killed_once(runs: Path, trials: int, patience: float) -> bool:
    """Start the search and kill it; return False if it ended before.

    Args:
        patience: seconds after which it is killed even if no trial of it has ended.
    """
    process = started_search(runs, trials)
    before, began = finished(runs), time.monotonic()
    while process.poll() is None and finished(runs) == before:
        if time.monotonic() - began > patience:
            break
        time.sleep(0.005)
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return not ended


def table(runs: Path, trials: int) -> tuple[list[dict[str, Any]], float]:
    """Run the search to its end; return its trials without their seconds, and how long it took."""
    process = started_search(runs, trials)
    began = time.monotonic()
    answer, _ = process.communicate()
    rows = json.loads(answer)["result"]["trials"]
    kept = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    return kept, time.monotonic() - began


def copy_layout(whole: Path, torn: Path) -> None:
    """Copy a search's folder as it was before its first trial: which way each trial trains is
    chosen by timing, so that two searches may choose differently, and differ in the last digits."""
    for plan in whole.glob("*/*/plan.json"):
        there = torn / plan.parent.relative_to(whole)
        there.mkdir(parents=True)
        for name in ("recipe.yaml", "resolved.yaml", "env.json", "plan.json", "layout.json"):
            shutil.copy(plan.parent / name, there)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, torn = Path(folder, "whole"), Path(folder, "torn")
        expected, longest = table(whole, options.trials)
        copy_layout(whole, torn)
        kills = 0
        for _ in range(options.kills):
            kills += killed_once(torn, options.trials, chance.uniform(0.3, 1.5) * longest)
            print(f"killed after {finished(torn)} of {options.trials} trials", flush=True)
        found, _ = table(torn, options.trials)
        lines = finished(torn)
    same = found == expected
    print(
        f"{kills} kills, {lines} journal lines, tables {'equal' if same else 'DIFFERENT'}; "
        f"undisturbed {longest:.1f} s"
    )
    sys.exit(0 if same and kills == options.kills else 1)


if __name__ == "__main__":
    main()
