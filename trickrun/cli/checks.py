"""The commands of the checklist: each loads a recipe, calls its check, prints and records it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.cli.output import Answer

if TYPE_CHECKING:
    from trickrun.checks.verdict import Verdict
    from trickrun.recipe.load import Loaded

Check = Callable[["Loaded"], "tuple[Verdict, Loaded]"]
"""From the user's recipe to the verdict and the derived recipe that was run."""


def run_check(recipe: Path, overrides: list[str], runs: Path | None, check: Check) -> Answer:
    """Run ``check`` on a recipe, record it in a run folder and print what it says."""
    from trickrun.recipe.load import load

    loaded = load(recipe, overrides)
    from trickrun.checks.verdict import record
    from trickrun.folder import runs_dir
    from trickrun.report.verdict import print_verdict

    verdict, derived = check(loaded)
    folder = record(verdict, loaded, derived, runs_dir(runs), sys.argv)
    print_verdict(verdict)
    print(f"run: {folder.path}")
    findings = [finding.as_json() for finding in verdict.findings]
    return Answer(verdict.verdict, verdict.result, str(recipe), str(folder.path), findings)
