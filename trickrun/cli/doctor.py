"""``doctor``: what this machine and installation offer to training."""

from __future__ import annotations

from pathlib import Path

from trickrun.cli.options import AsJson, Debug, RunsDir
from trickrun.cli.output import Answer, answer


def doctor(runs_dir: RunsDir = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show versions, device, threads, memory, disk and data sets, and any problems.

    Exits 1 if runs cannot be written or a package is missing.

    Example: trickrun doctor
    """
    answer("doctor", as_json, debug, lambda: check_machine(runs_dir))


def check_machine(option: Path | None) -> Answer:
    """Print the facts and the problems."""
    from trickrun.reporting.machine import print_facts
    from trickrun.run.folder import runs_dir
    from trickrun.run.machine import examine

    facts = examine(runs_dir(option))
    print_facts(facts)
    broken = not facts["runs"]["writable"] or None in facts["versions"].values()
    if broken:
        return Answer("fail", facts)
    return Answer("warn" if facts["problems"] else "pass", facts)
