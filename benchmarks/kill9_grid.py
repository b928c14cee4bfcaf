"""A grid killed with -9 five times ends with the same table as one that is never killed.

    python benchmarks/kill9_grid.py

Both run ``trickrun grid coarse`` on digits with 32 trials, each in a runs folder of its own. The
whole process group is killed at random moments after the first trials are in the journal; the
command is then given again, until it ends by itself. The tables must agree but for the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RECIPE = Path(__file__).parent.parent / "recipes" / "digits.yaml"
SPACE = "{optimizer.lr: {log: [1e-4, 1e-1]}, regularizers.dropout: {uniform: [0, 0.6]}}"


def command(runs: Path, trials: int) -> list[str]:
    """Return the command line of the search."""
    overrides = [f"grid.coarse={{trials: {trials}, epochs: 3, space: {SPACE}}}"]
    trickrun = [sys.executable, "-c", "from trickrun.cli import main; main()"]
    return [*trickrun, "grid", "coarse", str(RECIPE), *overrides, "--runs-dir", str(runs), "--json"]


def finished(runs: Path) -> int:
    """Return the number of lines in the journals below ``runs``."""
    return sum(len(path.read_bytes().splitlines()) for path in runs.glob("*/*/trials.jsonl"))


def killed_once(runs: Path, trials: int, chance: random.Random) -> bool:
    """Start the search and kill it while it runs; return False if it ended before."""
    before = finished(runs)
    process = subprocess.Popen(
        command(runs, trials), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and finished(runs) < before + 2:
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, 0.4))
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return not ended


def table(runs: Path, trials: int) -> list[dict[str, Any]]:
    """Run the search to its end and return its trials without their seconds."""
    done = subprocess.run(command(runs, trials), capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)["result"]["trials"]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, torn = Path(folder, "whole"), Path(folder, "torn")
        expected = table(whole, options.trials)
        kills = 0
        for _ in range(options.kills):
            kills += killed_once(torn, options.trials, chance)
            print(f"killed after {finished(torn)} of {options.trials} trials", flush=True)
        found = table(torn, options.trials)
        lines = finished(torn)
    same = found == expected
    print(f"{kills} kills, {lines} journal lines, tables {'equal' if same else 'DIFFERENT'}")
    sys.exit(0 if same and kills == options.kills else 1)


if __name__ == "__main__":
    main()
