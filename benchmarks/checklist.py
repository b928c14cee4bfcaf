"""Is what ``trickrun checklist`` tunes better on splits that its search never saw?

    python benchmarks/checklist.py recipes/digits.yaml recipes/digits-untuned.yaml [--write]

Runs the checklist as a user would, then trains the user's recipe and the tuned one at full length
on five fresh splits (with seeds of their own), and prints the paired differences of the test
scores with the 95 % confidence interval of their mean (Student's t).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from results import machine, write_section

from trickrun.recipe.load import Loaded, derive, load
from trickrun.search.winners import interval
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import evaluate
from trickrun.training.loop import train

TRICKRUN = [sys.executable, "-c", "from trickrun.cli import main; main()"]


def run_checklist(recipe: Path, runs: Path, budget: str | None) -> tuple[dict[str, Any], float]:
    """Return the checklist's JSON answer and its wall time in seconds, start-up included."""
    command = [*TRICKRUN, "checklist", str(recipe), "--json", "--runs-dir", str(runs)]
    started = time.monotonic()
    done = subprocess.run(
        command + (["--budget", budget] if budget else []), capture_output=True, text=True
    )
    return json.loads(done.stdout), time.monotonic() - started


def test_scores(recipe: Loaded, fresh: int) -> dict[str, float]:
    """Train ``recipe`` on fresh split number ``fresh`` and return its test scores."""
    changes: dict[str, Any] = {"seed": 1000 + fresh, "data.split.seed": 1000 + fresh}
    derived = derive(recipe, {**changes, "expect": None})
    job = compile_recipe(derived.recipe, derived.folder)
    for _ in train(job):
        pass
    assert job.data.test is not None
    return evaluate(job, job.data.test, job.targets["test"])


def compare(recipe: Path, tuned: str, splits: int) -> list[str]:
    """Return a line on the paired differences of each test score, tuned less original."""
    original = load(recipe)
    text = Path(tuned).read_text()
    beside = recipe.with_name(f".tuned-{recipe.name}")
    beside.write_text(text)  # beside the original, so that relative paths stay right
    try:
        changed = load(beside)
    finally:
        beside.unlink()
    pairs = [(test_scores(original, k), test_scores(changed, k)) for k in range(splits)]
    lines = []
    for name in pairs[0][0]:
        before = [pair[0][name] for pair in pairs]
        after = [pair[1][name] for pair in pairs]
        differences = [b - a for a, b in zip(before, after, strict=True)]
        low, high = interval(differences)
        lines.append(
            f"  - test {name}: original {statistics.fmean(before):.4f}, tuned "
            f"{statistics.fmean(after):.4f}; difference {statistics.fmean(differences):+.4f} "
            f"[{low:+.4f}, {high:+.4f}] over {splits} fresh splits"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="+", type=Path)
    parser.add_argument("--budget", help="as for trickrun checklist")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    lines: list[str] = []
    for recipe in options.recipes:
        with tempfile.TemporaryDirectory() as runs:
            answer, seconds = run_checklist(recipe, Path(runs), options.budget)
            verdicts = ", ".join(f"{s['name']} {s['verdict']}" for s in answer["result"]["steps"])
            edits = answer["result"].get("edits")
            found = [f"- {recipe.name}: {seconds:.1f} s; {verdicts}; edits `{edits}`"]
            if answer["result"]["tuned_recipe"] is not None:
                found += compare(recipe, answer["result"]["tuned_recipe"], options.splits)
            print("\n".join(found), flush=True)
            lines += found
    if options.write:
        told = (
            f"`python benchmarks/checklist.py`: wall time with start-up, paired differences with "
            f"95 % intervals. {machine('torch')}\n\n"
        )
        write_section("The checklist, and what it gains", told + "\n".join(lines))


if __name__ == "__main__":
    main()
