"""Training runs killed with -9 in the middle end bitwise as one that was never killed.

    python benchmarks/kill9.py

Each run is a real ``trickrun train`` of the digits recipe, with dropout, noise, batch norm and
early stopping. It is killed at a random moment of the training itself (not of Python's start),
resumed with ``trickrun train --resume``, and compared with a run that was left alone: the log
without its times, all weights, the optimizer's state, the best checkpoint and the test scores.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import machine, write_section

from trickrun.run.find import every
from trickrun.run.folder import RunFolder
from trickrun.run.owner import OWNER

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from exactness import ending, same, the_run

RECIPE = Path(__file__).parents[1] / "recipes" / "digits.yaml"
COMMON = ["train.epochs=60", "early_stopping.patience=6", "expect=null", "train.device=cpu"]
SCENARIOS = {
    # Long enough for a few checkpoints on a fast machine too.
    "Adam, cosine, every 1 s": [
        "train.checkpoint=1 s",
        "train.epochs=300",
        "early_stopping.patience=150",
    ],
    "momentum, plateau, every 30 steps": [
        "optimizer={kind: sgd, lr: 0.1, momentum: 0.9, schedule: {kind: plateau, patience: 1}}",
        "train.checkpoint=30 steps",
    ],
}


@dataclass(frozen=True)
class Killed:
    """How a run stood when it was killed, and how it ended.

    Args:
        step: the last step in its log.
        saved: the step of its last checkpoint; 0 if there was none.
        torn: what was half done: a cut line, a file half written, a best.pt without its last.pt.
        equal: whether the resumed run ended as the one left alone, and left nothing else.
    """

    step: int
    saved: int
    torn: list[str]
    equal: bool


def launch(*words: object) -> subprocess.Popen[bytes]:
    """Start ``trickrun train`` with these words; what it says goes to stderr."""
    trickrun = [sys.executable, "-c", "from trickrun.cli import main; main()", "train"]
    return subprocess.Popen([*trickrun, *map(str, words)], stdout=subprocess.DEVNULL)


def wait_until(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not condition():
        time.sleep(0.002)


def reference(root: Path, changes: list[str]) -> dict[str, Any]:
    """Train undisturbed; return how it ended."""
    assert launch(RECIPE, *COMMON, *changes, "--runs-dir", root).wait() == 0
    return ending(the_run(root))


def kill_once(root: Path, changes: list[str], step: int, after: float) -> RunFolder | None:
    """Kill a run ``after`` seconds from when ``step`` is in its log; None if it had ended then."""
    process = launch(RECIPE, *COMMON, *changes, "--runs-dir", root)
    # The last file that is written before the first step.
    wait_until(lambda: list(root.glob("*/*/data.json")), process)
    (run,) = every(root)
    wait_until(lambda: run.last_record.get("step", 0) >= step, process)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return None if run.last_record.get("kind") == "end" else run


def inspect(run: RunFolder) -> tuple[int, int, list[str]]:
    """Return the last logged step, the last saved step, and what the kill left half done."""
    steps = [line["step"] for line in run.metrics()]
    last, best = run.load("last"), run.load("best")
    saved = last["progress"]["step"] if last else 0
    torn = [path.name for path in run.path.rglob("*.tmp")]
    if run.metrics_file.stat().st_size and not run.metrics_file.read_bytes().endswith(b"\n"):
        torn.append("a cut line")
    if best is not None and best["values"]["step"] > saved:
        torn.append("best.pt newer than last.pt")
    return int(max(steps, default=0)), saved, torn


def trial(changes: list[str], expected: dict[str, Any], draw: random.Random) -> Killed:
    """Kill a run at a random moment of its training, resume it and compare."""
    steps = expected["last"]["progress"]["step"]
    while True:
        with tempfile.TemporaryDirectory() as folder:
            run = kill_once(Path(folder), changes, draw.randrange(steps), draw.uniform(0, 0.05))
            if run is None:
                continue  # it had ended meanwhile; draw again
            found, told = inspect(run), run.status
            code = launch("--resume", run.path, "--runs-dir", folder).wait()
            left = [*run.path.rglob("*.tmp"), *run.path.glob(OWNER)]
            as_told = (told, run.status) == ("killed", "finished")
            equal = code == 0 and as_told and not left and same(ending(run), expected)
            return Killed(*found, equal=equal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    draw = random.Random(options.seed)
    rows = [
        "| run | killed at step | last checkpoint | half done | bitwise equal |",
        "|" + "---|" * 5,
    ]
    equal = 0
    references = {}
    for name, changes in SCENARIOS.items():
        with tempfile.TemporaryDirectory() as folder:
            references[name] = reference(Path(folder), changes)
    for number in range(options.kills):
        name, changes = list(SCENARIOS.items())[number % len(SCENARIOS)]
        killed = trial(changes, references[name], draw)
        equal += killed.equal
        torn = ", ".join(killed.torn) or "-"
        rows.append(
            f"| {name} | {killed.step} | {killed.saved or 'none'} | {torn} | {killed.equal} |"
        )
        print(rows[-1], flush=True)
    told = f"`python benchmarks/kill9.py`: {equal} of {options.kills} runs ended bitwise equal."
    steps = {name: end["last"]["progress"]["step"] for name, end in references.items()}
    alone = "; ".join(f"{name}: {count} steps" for name, count in steps.items())
    body = [told, f"Left alone: {alone}.", machine("torch") + ", 1 thread", "", *rows]
    write_section("Killed and resumed", "\n".join(body))
    sys.exit(equal != options.kills)


if __name__ == "__main__":
    main()
