"""Every script is watched, each in its own process.

    python -m benchmarks.scripts.run development [--jobs 2] [--misses]
    python -m benchmarks.scripts.run held-back [--jobs 2] [--misses]
    python -m benchmarks.scripts.run forum [--jobs 2] [--misses]
    python -m benchmarks.scripts.run trackers [--jobs 2]

goes on from results/watched-<part>.jsonl (remove it after a change of the rules), and writes the
section in RESULTS.md. --misses prints what went wrong, script by script: not for a part that nobody
has looked at, which must stay unseen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.journal import Journal
from benchmarks.scripts.collection import scripts
from benchmarks.scripts.forked import Ran, preload, run_all
from benchmarks.scripts.hurts import NOT_MEASURED, RESULTS, TRAINED, verdicts
from benchmarks.scripts.programs import PARTS, UNSEEN_PARTS, Part, Script, digest
from benchmarks.scripts.table import Watched, misses, write_results


def watch(script: Script, folder: Path) -> None:
    """Give a script to ``trickrun watch --json``, in this process."""
    from trickrun.cli import main as trickrun

    file = folder / f"{script.name}.py"
    file.write_text(script.text, encoding="utf-8")
    sys.argv = ["trickrun", "watch", "--json", str(file), "0"]
    trickrun()


def entry_of(ran: Ran, folder: str) -> dict[str, Any]:
    """Return what was said of a script in ``folder``, or why nothing was."""
    try:
        said = json.loads(ran.out.replace(f"{folder}/", ""))
    except json.JSONDecodeError:
        said = {"error": {"message": ran.err.strip()[-500:] or "no answer"}, "findings": []}
    entry = {"exit": ran.code, "seconds": ran.seconds, "findings": said["findings"]}
    if said.get("error"):
        entry["failed"] = said["error"]["message"]
    return entry


def key(script: Script) -> str:
    """Return the journal's key of a script, as its text now is."""
    return f"{script.name} {digest([script])[:16]}"


def watch_all(of: Sequence[Script], journal: Journal, jobs: int) -> None:
    """Watch what is not in the journal yet."""
    todo = [script for script in of if key(script) not in journal]
    preload()
    with tempfile.TemporaryDirectory() as folder:
        work = [(script, partial(watch, script, Path(folder))) for script in todo]
        for script, ran in run_all(work, jobs):
            journal.add(key(script), entry_of(ran, folder))


def counted(part: Part) -> tuple[list[Script], dict[str, str]]:
    """Return a part's scripts without those that do not count, and why these do not, by name."""
    every = scripts(part)
    said = verdicts(every, Journal(TRAINED))
    dropped = {name: why for name, why in said.items() if why not in ("counts", NOT_MEASURED)}
    return [one for one in every if one.name not in dropped], dropped


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args(arguments)
    if options.misses and options.part in UNSEEN_PARTS:
        parser.error(f"the {options.part} part is not looked at script by script")
    count, dropped = counted(options.part)
    journal = Journal(RESULTS / f"watched-{options.part}.jsonl")
    watch_all(count, journal, options.jobs)
    if NOT_MEASURED in verdicts(count, Journal(TRAINED)).values():
        sys.exit("first: python -m benchmarks.scripts.hurts")
    results = [Watched(script, journal[key(script)]) for script in count]
    if options.misses:
        print(misses(results))
    print(write_results(options.part, results, dropped))


if __name__ == "__main__":
    main()
