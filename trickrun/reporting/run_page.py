"""Any run as one HTML page, from what its folder holds: what was asked, what happened, how to
repeat it. What a kind of run shows of its own is in ``pages``, a file a kind."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from trickrun.checks.curves.curves_check import read_runs
from trickrun.errors import RunFolderError
from trickrun.findings.verdict import Verdict
from trickrun.reporting.page import page, shown_pictures, told_in_page
from trickrun.reporting.page_asked import asked_sections
from trickrun.reporting.page_parts import Pictures, Section, Stories, can_be_sorted
from trickrun.reporting.pages import sections_for
from trickrun.reporting.pictures import pictures
from trickrun.run.folder import RunFolder
from trickrun.run.listing import started, summary
from trickrun.run.recall import recall

TRAINING = "train"
"""The kind of page that a run with a log of its own has, whatever command it is part of."""


def run_report(
    folder: RunFolder,
    drawn: Mapping[str, str] | None = None,
    answers: Mapping[str, Any] | None = None,
) -> str:
    """Return the page of a run: a training's, or a check's.

    Args:
        drawn: its pictures by file name; None: they are drawn.
        answers: of a training that keeps none itself: what it answered (see ``run.answers``), or
            under ``no_answers`` why that is not known.

    Raises RunFolderError if its files do not hold what the page shows.
    """
    if is_check(folder):
        # A training's page is made while somebody waits for it, and needs none of this.
        from trickrun.checks.checklist.context import STATE

        if (folder.path / STATE).exists():
            return checklist_report(folder)
    told = summary(folder)
    if told.status == "damaged":
        raise RunFolderError(f"the run is damaged: {told.reason}", str(folder.path))
    began = started(folder.id)
    with complete(folder):
        verdict = shown_verdict(folder)
        if answers is not None:
            given = answers if "no_answers" in answers else {"answers": answers}
            verdict = replace(verdict, series={**verdict.series, **given})
        kind = TRAINING if not is_check(folder) else told.command
        command = f"{told.command} {verdict.result.get('stage') or ''}".strip() or "run"
        shown = pictures(command, verdict) if drawn is None else drawn
        sections = shown_sections(kind, folder, verdict)
        return page(
            "run.html.j2",
            {
                "pictures": Pictures(shown_pictures(shown), command),
                "sections": sections,
                "summary": verdict.summary.splitlines(),
                "name": folder.name,
                "command": command,
                "badge": verdict.verdict if is_check(folder) else told.status,
                "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(began)) if began else "",
                "run": str(folder.path),
            },
            sortable=can_be_sorted(sections),
        )


def shown_sections(kind: str, folder: RunFolder, verdict: Verdict) -> list[Section]:
    """Return the sections of a page: findings, the kind's own, and what every run has."""
    found = [Section("What it shows", [Stories(told_in_page(verdict.findings))])]
    own = list(sections_for(kind)(folder, verdict))
    every = [*(found if verdict.findings else []), *own, *asked_sections(folder)]
    return [section for section in every if section.parts]


def checklist_report(folder: RunFolder) -> str:
    """Return the page of a checklist that has ended."""
    from trickrun.checks.checklist.context import taken
    from trickrun.reporting import checklist_page
    from trickrun.reporting.checklist import drawn_steps

    if not (folder.path / "evidence.json").exists():
        raise RunFolderError(
            "this checklist has not ended", str(folder.path), "repeat its command: it goes on"
        )
    with complete(folder):
        done = taken(folder)
        return checklist_page.report(recall(folder), done, folder, drawn_steps(done, folder))


def is_check(folder: RunFolder) -> bool:
    """Whether a folder is a check's, not a training's."""
    return not folder.metrics_file.exists()


@contextmanager
def complete(folder: RunFolder) -> Iterator[None]:
    """Turn what is not in a run's files, or has another form, into RunFolderError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RunFolderError(
            f"its files do not match its report: {type(error).__name__}: {error}",
            str(folder.path),
            "another version made it, or it is damaged: repeat its command",
        ) from error


def shown_verdict(folder: RunFolder) -> Verdict:
    """Return what is to be shown of a run: of a training, what its curves say."""
    if is_check(folder):
        if not (folder.path / "evidence.json").exists():
            raise RunFolderError("this check has not ended", str(folder.path))
        return recall(folder)
    return read_runs([folder])


def write_report(folder: RunFolder, drawn: Mapping[str, str] | None = None) -> Path:
    """Write a run's page into its folder and return where it is. Raises RunFolderError.

    Args:
        drawn: its pictures by file name; None: they are drawn.
    """
    folder.write("report.html", run_report(folder, drawn))
    return folder.path / "report.html"
