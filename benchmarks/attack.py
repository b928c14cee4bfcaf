"""Hostile recipes, run folders and data: does any of them end in a traceback, a hang or worse?

    python -m benchmarks.attack recipes --cases 100000
    python -m benchmarks.attack runs --cases 5000
    python -m benchmarks.attack data --cases 2000
    python -m benchmarks.attack again build/attack/recipes-0/17

Each case is drawn from its kind, the seed and its number: a folder of files, one of them damaged or
made up, and commands that read it. The commands run in a process that is forked from one with
everything imported, and is watched. A case fails if a command exits with 70 or with any other code
than 0 to 3, lets out an exception or a traceback, takes more than 5 s (60 s if it trains) or more
than 1 GB of memory, ends the process, prints no JSON where it should, writes an edit that says
something else, or unpickles an object: hostile pickles among the files would then leave a mark.

What failed is kept: its files and ``case.json`` in build/attack/KIND-SEED/NUMBER, which ``again``
runs once more in a copy, with all it prints. ``journal.jsonl`` has a line a block of cases, so that
a run that is stopped goes on; lines of another commit do not count. It exits 1 if a case failed.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

from benchmarks.attacks.case import Attack
from benchmarks.attacks.data import DATA
from benchmarks.attacks.recipes import RECIPES
from benchmarks.attacks.runs import RUNS
from benchmarks.attacks.watch import arrange_again, prepared, run_cases
from benchmarks.attacks.worker import Ended, run_command

KINDS: dict[str, Attack] = {"recipes": RECIPES, "runs": RUNS, "data": DATA}

USUAL = {"recipes": 100_000, "runs": 5_000, "data": 2_000}
"""Cases of the long form."""

BLOCK = 100
"""Cases between two lines of the journal."""

KEPT = 5
"""Cases that are kept of those that fail alike."""

ROOT = Path(__file__).parents[1]


@dataclass
class Tally:
    """What has been found so far.

    Args:
        codes: how many commands ended with each exit code, by command and code.
        failures: what failed, one a case.
        alike: how many cases failed in the same way.
    """

    cases: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)
    alike: Counter[str] = field(default_factory=Counter)


def commit() -> str:
    """Return the commit that is attacked, and whether files were changed since."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def way(ended: Ended) -> str:
    """Return what is the same in cases that fail alike: the kind of failure, and where."""
    assert ended.failure is not None
    lines = [line.strip() for line in ended.failure.detail.splitlines()]
    places = [line for line in lines if line.startswith('File "')]
    errors = [line.split(":")[0] for line in lines if line.split(":")[0].endswith("Error")]
    command = ended.failure.command[:1] if not places else ()
    return " | ".join([ended.failure.what, *command, *places[-1:], *errors[-1:]])


@dataclass(frozen=True)
class Campaign:
    """A long run.

    Args:
        out: where failures and the journal are kept.
        root: the folder in memory.
    """

    kind: str
    seed: int
    out: Path
    root: Path
    tally: Tally
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, blocks: queue.Queue[range]) -> None:
        """Run blocks of cases until none is left."""
        while True:
            try:
                block = blocks.get_nowait()
            except queue.Empty:
                return
            codes: Counter[str] = Counter()
            failed = []
            for ended in run_cases(self.kind, KINDS[self.kind], self.seed, block, self.root):
                codes.update(ended.codes)
                if ended.failure is not None:
                    with self.lock:
                        failed.append(self.fail(ended))
            with self.lock:
                self.journal(block, codes, failed)

    def fail(self, ended: Ended) -> dict[str, Any]:
        """Count a case that failed, keep it unless many fail alike; return the journal's row."""
        alike = way(ended)
        self.tally.alike[alike] += 1
        if self.tally.alike[alike] <= KEPT:
            self.keep(ended)
        return {"number": ended.number, "told": ended.told, "way": alike}

    def journal(self, block: range, codes: Counter[str], failed: list[dict[str, Any]]) -> None:
        """Count a block's cases, and write its line of the journal."""
        line = {"commit": commit(), "from": block.start, "to": block.stop}
        line |= {"codes": codes, "failures": failed}
        with (self.out / "journal.jsonl").open("a") as journal:
            journal.write(json.dumps(line) + "\n")
        self.tally.cases += len(block)
        self.tally.codes.update(codes)
        self.tally.failures += failed

    def keep(self, ended: Ended) -> None:
        """Save a case's files, and what it says, so that ``again`` can run it."""
        assert ended.failure is not None
        folder = self.out / str(ended.number)
        if folder.exists():
            shutil.rmtree(folder)
        files = folder / "files"
        case = arrange_again(
            self.kind, KINDS[self.kind], self.seed, ended.number, self.root / "home", files
        )
        facts = {"kind": self.kind, "seed": self.seed, **asdict(ended), "told": case.told}
        (folder / "case.json").write_text(json.dumps(facts, indent=2))
        print(f"{folder}: {way(ended)}\n  {case.told[:200]}", flush=True)


def known(out: Path, cases: int) -> tuple[Tally, set[int]]:
    """Return what the journal has of this commit: the tally, and where its blocks begin."""
    tally, begun = Tally(), set()
    path = out / "journal.jsonl"
    for text in path.read_text().splitlines() if path.exists() else ():
        line = json.loads(text)
        whole = line["to"] - line["from"] == BLOCK and line["to"] <= cases
        if line["commit"] == commit() and whole and line["from"] not in begun:
            begun.add(line["from"])
            tally.cases += line["to"] - line["from"]
            tally.codes.update(line["codes"])
            tally.failures += line["failures"]
            tally.alike.update(failure["way"] for failure in line["failures"])
    return tally, begun


def attack(kind: str, cases: int, seed: int, jobs: int, out: Path) -> Tally:
    """Run the cases of a kind that the journal does not know yet."""
    out.mkdir(parents=True, exist_ok=True)
    tally, begun = known(out, cases)
    blocks: queue.Queue[range] = queue.Queue()
    for start in range(0, cases, BLOCK):
        if start not in begun:
            blocks.put(range(start, min(cases, start + BLOCK)))
    with prepared(KINDS[kind]) as root:
        campaign = Campaign(kind, seed, out, root, tally)
        threads = [threading.Thread(target=campaign.work, args=(blocks,)) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return tally


def again(folder: Path) -> int:
    """Run a case that was kept once more, in a copy of its files; return 1 if it fails again."""
    facts = json.loads((folder / "case.json").read_text())
    with tempfile.TemporaryDirectory() as copy:
        work = Path(copy) / "case"
        shutil.copytree(folder / "files", work, symlinks=True)
        os.chdir(work)
        command = tuple(facts["failure"]["command"])
        print(" ".join(command)[:500], flush=True)
        code = run_command(command)
    print(f"{facts['failure']['what']} before; now {code}")
    return int(code not in ("0", "1", "2", "3"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=[*KINDS, "again"])
    parser.add_argument("folder", nargs="?", type=Path, help="of a case that was kept")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", type=int, help="run the case of this number")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "attack")
    options = parser.parse_args()
    if options.kind == "again":
        return again(options.folder.absolute())
    started = time.monotonic()
    if options.only is not None:
        return only(options.kind, options.seed, options.only)
    cases = options.cases or USUAL[options.kind]
    out = options.out / f"{options.kind}-{options.seed}"
    tally = attack(options.kind, cases, options.seed, options.jobs, out)
    print(f"\n{tally.cases} cases of {options.kind}, seed {options.seed}, commit {commit()}")
    print("exit codes: " + ", ".join(f"{code}: {n}" for code, n in sorted(tally.codes.items())))
    for alike, count in tally.alike.most_common():
        print(f"{count:6d} failed: {alike}")
    print(f"{len(tally.failures)} failed; {time.monotonic() - started:.0f} s")
    return int(bool(tally.failures))


def only(kind: str, seed: int, number: int) -> int:
    """Run one case and print how it ended."""
    with prepared(KINDS[kind]) as root:
        (ended,) = run_cases(kind, KINDS[kind], seed, [number], root)
    print(ended.told, ended.codes, f"{ended.peak / 2**20:.0f} MiB")
    if ended.failure is not None:
        print(f"{ended.failure.what}: {' '.join(ended.failure.command)}\n{ended.failure.detail}")
    return int(ended.failure is not None)


if __name__ == "__main__":
    sys.exit(main())
