"""Searches, checklists and diagnoses killed with -9 end as ones that are never killed.

    python benchmarks/kill9_checks.py

Each is a real command. Its process alone is killed, and its workers must then end by themselves;
the command is given again, until it ends. A search is killed before it has chosen how each trial
trains, and then several times more; the one that it is compared with is left alone and is given
that choice, because it is made by timing and decides the last bits. Checklists and diagnoses are
compared with one that was left alone. Their trainings are so few that nothing is chosen by timing,
but for the contest at a checklist's end, whose values need only be close.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from results import machine, write_section

from trickrun.run.find import every
from trickrun.run.listing import summaries

RECIPES = Path(__file__).parents[1] / "recipes"
SPACE = (
    "{optimizer.lr: {log: [1e-4, 1e-1]}, regularizers.dropout: {uniform: [0, 0.6]}, "
    "model.hidden: {choice: [[64], [128], [32, 32], [64, 64], [128, 64], [256, 128]]}}"
)
"""Six shapes of network, so that trials end at different times also where they are stacked."""

TRIALS = 24
SEARCH = (
    "grid", "coarse", RECIPES / "digits.yaml",
    f"grid.coarse={{trials: {TRIALS}, epochs: 30, space: {SPACE}}}",
)  # fmt: skip
SMALL = "grid={coarse: {trials: 2, epochs: 20}, fine: {trials: 2, epochs: 20}}"
CHECKLIST = ("checklist", RECIPES / "iris.yaml", SMALL)
DIAGNOSE = ("diagnose", RECIPES / "iris.yaml")

TIMED = {
    "seconds",
    "part_seconds",
    "run",
    "path",
    "tuned_recipe",
    "executor",
    "timing",
    "samples_per_second",
}
"""Keys whose values depend on time or place."""


@dataclass(frozen=True)
class Killed:
    """A command that was killed and given again.

    Args:
        at: where it was killed, in words.
        faults: what is not as it should be; empty if all is well.
        left: what lies there beside the results.
    """

    what: str
    at: str
    faults: list[str]
    left: str = "-"

    @property
    def row(self) -> str:
        verdict = ", ".join(self.faults) or "yes"
        return f"| {self.what} | {self.at} | {self.left} | {verdict} |"


def launch(runs: Path, *words: object) -> subprocess.Popen[str]:
    """Start a command in a process group of its own."""
    trickrun = [sys.executable, "-c", "from trickrun.cli import main; main()", *map(str, words)]
    return subprocess.Popen(
        [*trickrun, "--runs-dir", str(runs), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip


def answer(runs: Path, *words: object) -> dict[str, Any]:
    """Run a command to its end; return its JSON."""
    out, _ = launch(runs, *words).communicate()
    body: dict[str, Any] = json.loads(out)
    return body


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill the process alone; return a fault if its workers outlive it."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(1200):  # one that imports torch ends when it has done so
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return []
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    return ["workers outlived it"]


def wait_until(process: subprocess.Popen[str], seconds: float, reached: Callable[[], bool]) -> bool:
    """Wait until something is reached, or some time is over; return whether the process runs."""
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until and not reached():
        time.sleep(0.002)
    return process.poll() is None


def lasting(value: Any) -> Any:
    """Return what does not depend on time or place."""
    if isinstance(value, dict):
        return {key: lasting(each) for key, each in value.items() if key not in TIMED}
    return [lasting(each) for each in value] if isinstance(value, list) else value


def alike(one: Any, other: Any, close: bool = False) -> bool:
    """Return whether two results are equal, but for the last digits of what a contest measured."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            alike(one[key], other[key], close or key == "contest") for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(alike(*pair, close) for pair in pairs)
    if close and isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6)
    return bool(one == other)


def litter(runs: Path) -> list[str]:
    """Return the folders at work though nobody works, and what was left half written."""
    found = [str(path.name) for path in runs.rglob("*.tmp")]
    return found + [run.status for run in summaries(runs) if run.status in ("running", "damaged")]


def journals(runs: Path) -> int:
    """Return the number of lines in the searches' journals."""
    return sum(len(path.read_bytes().splitlines()) for path in runs.glob("*/*/trials.jsonl"))


def has_folder(runs: Path) -> bool:
    return any(runs.glob("*/*/resolved.yaml"))


def has_more_lines(runs: Path, before: int) -> bool:
    return journals(runs) > before


def search(root: Path, kills: int, draw: random.Random) -> list[Killed]:
    """Kill a search several times, the first time before its layout.json; compare its end."""
    torn, whole = root / "torn", root / "whole"
    rows: list[Killed] = []
    begun = 0.0
    for number in range(kills):
        process, before = launch(torn, *SEARCH), journals(torn)
        if number == 0:
            began = time.monotonic()
            runs = wait_until(process, 60, partial(has_folder, torn))
            begun = time.monotonic() - began
        else:
            patience = draw.uniform(0.5, 6) * begun
            runs = wait_until(process, patience, partial(has_more_lines, torn, before))
            if draw.random() < 0.5:
                time.sleep(draw.uniform(0, 0.2))
        faults = kill(process) if runs else ["it had ended"]
        state = "layout chosen" if list(torn.glob("*/*/layout.json")) else "no layout yet"
        rows.append(Killed("grid coarse", f"{journals(torn)} of {TRIALS} trials, {state}", faults))
        print(rows[-1].row, flush=True)
    table = lasting(answer(torn, *SEARCH)["result"])
    (folder,) = every(torn)
    there = whole / folder.name / folder.id
    there.mkdir(parents=True)
    for name in ("recipe.yaml", "resolved.yaml", "env.json", "plan.json", "layout.json"):
        shutil.copy(folder.path / name, there)
    expected = lasting(answer(whole, *SEARCH)["result"])
    faults = litter(torn)
    faults += ["another table"] if table != expected else []
    faults += [f"{journals(torn)} lines"] if journals(torn) != TRIALS else []
    rows.append(Killed("grid coarse", f"given again after {kills} kills", faults))
    print(rows[-1].row, flush=True)
    return rows


def steps_of(runs: Path) -> list[dict[str, Any]]:
    """Return the steps that the newest checklist below ``runs`` has taken."""
    state = max(runs.glob("*/*/checklist.json"))
    steps: list[dict[str, Any]] = json.loads(state.read_bytes())
    return steps


def told_by_checklist(runs: Path, body: dict[str, Any]) -> Any:
    """Return what a checklist found, step by step, with all measurements."""
    measured = [
        json.loads(Path(step["run"], "evidence.json").read_bytes()) for step in steps_of(runs)
    ]
    return lasting([body["verdict"], body["result"], body["findings"], steps_of(runs), measured])


def checklist(root: Path, kills: int, draw: random.Random) -> list[Killed]:
    """Kill checklists once each; compare their ends with that of one left alone."""
    began = time.monotonic()
    expected = told_by_checklist(root / "whole", answer(root / "whole", *CHECKLIST))
    longest = time.monotonic() - began
    rows: list[Killed] = []
    for number in range(kills):
        runs = root / f"torn{number}"
        while True:
            process = launch(runs, *CHECKLIST)
            wait_until(process, 60, partial(has_folder, runs))
            alive = wait_until(process, draw.uniform(0, 0.8) * longest, lambda: False)
            faults = kill(process) if alive else []
            if alive and not any(runs.glob("*/*/evidence.json")):
                break
            shutil.rmtree(runs)  # it had ended meanwhile; draw again
        before = steps_of(runs)
        body = answer(runs, *CHECKLIST)
        faults += litter(runs)
        if len(list(runs.glob("*/*/checklist.json"))) != 1:
            faults.append("begun anew")
        faults += [] if alike(told_by_checklist(runs, body), expected) else ["another result"]
        faults += ["steps redone"] if steps_of(runs)[: len(before)] != before else []
        (report,) = runs.glob("*/*/report.html")
        faults += ["no report"] if not report.stat().st_size else []
        cut = [run for run in summaries(runs) if run.status in ("killed", "unfinished")]
        left = ", ".join(f"a {run.status} {run.command} folder" for run in cut) or "-"
        rows.append(Killed("checklist", f"{len(before)} of 6 steps taken", faults, left))
        print(rows[-1].row, flush=True)
    return rows


def told_by_diagnosis(body: dict[str, Any]) -> Any:
    return lasting([body["verdict"], body["result"], body["findings"]])


def diagnose(root: Path, kills: int, draw: random.Random) -> list[Killed]:
    """Kill diagnoses once each; compare their ends with that of one left alone."""
    began = time.monotonic()
    expected = told_by_diagnosis(answer(root / "whole", *DIAGNOSE))
    longest = time.monotonic() - began
    rows: list[Killed] = []
    for number in range(kills):
        runs = root / f"torn{number}"
        while True:
            process, after = launch(runs, *DIAGNOSE), draw.uniform(0.1, 0.95) * longest
            if wait_until(process, after, lambda: False):
                break
            shutil.rmtree(runs)
        faults = kill(process)
        cut = len(list(every(runs)))
        # A diagnosis is never gone on with: what the killed one was writing stays in its folder.
        torn = [path.name for path in runs.rglob("*.tmp")]
        found = told_by_diagnosis(answer(runs, *DIAGNOSE))
        faults += [fault for fault in litter(runs) if fault not in torn]
        faults += ["another result"] if found != expected else []
        faults += ["no folder of its own"] if len(list(every(runs))) != cut + 1 else []
        left = ", ".join([f"{cut} unfinished folder", *torn]) if cut else "-"
        rows.append(Killed("diagnose", f"after {after / longest:.0%} of its time", faults, left))
        print(rows[-1].row, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=2, help="each is killed five times")
    parser.add_argument("--checklists", type=int, default=5)
    parser.add_argument("--diagnoses", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    draw = random.Random(options.seed)
    rows: list[Killed] = []
    for kills, work in (
        *(((5, search),) * options.searches),
        (options.diagnoses, diagnose),
        (options.checklists, checklist),
    ):
        with tempfile.TemporaryDirectory() as root:
            rows += work(Path(root), kills, draw)
        write(rows)
    sys.exit(any(row.faults for row in rows))


def write(rows: list[Killed]) -> None:
    """Write the section."""
    kills = [row for row in rows if not row.at.startswith("given again")]
    body = [
        f"`python benchmarks/kill9_checks.py`: {len(kills)} kills, "
        f"{sum(bool(row.faults) for row in rows)} rows with a fault.",
        "Equal: the same result as one left alone, to the last digit, times and places left out "
        "(the values of a checklist's contest, whose layout is chosen by timing: within 1e-4); "
        "nothing done twice, no worker left, nothing half written left. What lies there beside the "
        "results is listed.",
        machine("torch") + ", 1 thread",
        "",
        "| command | killed at | left beside it | equal |",
        "|" + "---|" * 4,
        *(row.row for row in rows),
    ]
    write_section("Killed and given again: searches, checklists, diagnoses", "\n".join(body))


if __name__ == "__main__":
    main()
