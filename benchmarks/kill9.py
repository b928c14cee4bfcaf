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

from trickrun.folder import RunFolder, every

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from exactness import ending, same, the_run

RECIPE = Path(__file__).parents[1] / "recipes" / "digits.yaml"
COMMON = ["train.epochs=60", "early_stopping.patience=6", "expect=null", "train.device=cpu"]
SCENARIOS = {
    "Adam, cosine, every 1 s": ["train.checkpoint=1 s"],
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
        equal: whether the resumed run ended as the one left alone.
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


def reference(root: Path, changes: list[str]) -> tuple[dict[str, Any], float]:
    """Train undisturbed; return how it ended, and the seconds from its first to its last write."""
    process = launch(RECIPE, *COMMON, *changes, "--runs-dir", root)
    wait_until(lambda: list(root.glob("*/*/data.json")), process)
    started = time.monotonic()
    assert process.wait() == 0
    return ending(the_run(root)), time.monotonic() - started


def kill_once(root: Path, changes: list[str], after: float) -> RunFolder | None:
    """Kill a run ``after`` seconds of training; None if it had ended by then."""
    process = launch(RECIPE, *COMMON, *changes, "--runs-dir", root)
    wait_until(lambda: list(root.glob("*/*/data.json")), process)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (run,) = every(root)
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


def trial(
    changes: list[str], expected: dict[str, Any], window: float, draw: random.Random
) -> Killed:
    """Kill a run at a random moment of its training, resume it and compare."""
    while True:
        with tempfile.TemporaryDirectory() as folder:
            run = kill_once(Path(folder), changes, draw.uniform(0, window))
            if run is None:
                continue  # it was faster than the first one; draw again
            found = inspect(run)
            code = launch("--resume", run.path, "--runs-dir", folder).wait()
            return Killed(*found, equal=code == 0 and same(ending(run), expected))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
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
        killed = trial(changes, *references[name], draw)
        equal += killed.equal
        torn = ", ".join(killed.torn) or "-"
        rows.append(
            f"| {name} | {killed.step} | {killed.saved or 'none'} | {torn} | {killed.equal} |"
        )
        print(rows[-1], flush=True)
    lengths = {
        name: f"{end['last']['progress']['step']} steps in {window:.1f} s"
        for name, (end, window) in references.items()
    }
    told = f"`python benchmarks/kill9.py`: {equal} of {options.kills} runs ended bitwise equal."
    alone = "; ".join(f"{name}: {length}" for name, length in lengths.items())
    body = [told, f"Left alone: {alone}.", machine("torch") + ", 1 thread", "", *rows]
    write_section("Killed and resumed", "\n".join(body))
    sys.exit(equal != options.kills)


if __name__ == "__main__":
    main()
