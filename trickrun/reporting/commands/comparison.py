"""``compare``, ``seeds`` and ``ablate``: done, drawn, printed; for the command line and Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trickrun.checks.comparison.check import Place
from trickrun.findings.verdict import Verdict
from trickrun.reporting.comparison import Form, nobody, print_comparison, told_trial, written
from trickrun.reporting.pictures import pictures
from trickrun.reporting.telling import tell_report
from trickrun.run.folder import RunFolder
from trickrun.run.pace import Pace


@dataclass(frozen=True)
class Shown:
    """A comparison that has been shown.

    Args:
        drawn: its pictures by file name.
    """

    verdict: Verdict
    folder: RunFolder
    drawn: Mapping[str, str]


def compare_and_tell(
    command: str,
    work: Callable[[Place], tuple[Verdict, RunFolder]],
    root: Path,
    line: list[str],
    pace: Pace,
    form: Form = "terminal",
) -> Shown:
    """Do ``work``, draw and print what it says, and tell where its folder and its page are.

    Args:
        command: compare, seeds or ablate.
        work: does it, given where its folder goes and whom it tells.
        root: where run folders are.
        line: the command line, for the record.
        form: what is printed; of Markdown and LaTeX stdout gets nothing else.
    """
    drawn: dict[str, str] = {}

    def draw(verdict: Verdict) -> Mapping[str, str]:
        if verdict.verdict != "fail":
            drawn.update(pictures(command, verdict))
        return drawn

    plain = form == "terminal"
    place = Place(root, line, told_trial if plain else nobody, draw, pace)
    verdict, folder = work(place)
    if form == "terminal":
        print_comparison(command, verdict)
        print(f"run: {folder.path}")
        tell_report(folder, drawn)
    else:
        print(written(command, verdict, form), end="")
        print(f"run: {folder.path}", file=sys.stderr)
    return Shown(verdict, folder, drawn)
