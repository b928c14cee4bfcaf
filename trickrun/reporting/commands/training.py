"""A training in its run folder, told to people from its first look to what its end shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trickrun.checks.curves.while_training import ending_sink, first_steps_sink, read_run
from trickrun.checks.data_look import look
from trickrun.errors import Diverged, Lost
from trickrun.findings.finding import Finding
from trickrun.findings.stories import merged, seen, stories
from trickrun.recipe.load import Loaded
from trickrun.recipe.text.command_line import typed
from trickrun.reporting.console import terminal
from trickrun.reporting.phases import phase
from trickrun.reporting.progress import announce, print_outcome, progress_sink
from trickrun.reporting.telling import tell_before_training, tell_first_steps, tell_notes
from trickrun.reporting.verdict import print_stories
from trickrun.run import execute
from trickrun.run.folder import RunFolder
from trickrun.run.sink import Sink
from trickrun.training.compile import compile_recipe
from trickrun.training.job import RecipeJob

Follow = Callable[[RunFolder], None]
"""What begins to follow a run."""

StopWhen = Literal["lost"]
"What may end a run early: lost, it has diverged or is dead."


@dataclass(frozen=True)
class Trained:
    """A training that has ended.

    Args:
        findings: what it shows, with what was known before, causes first; none if it was
            interrupted.
        notes: what people should know of its data.
    """

    outcome: execute.Outcome
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def train_recipe(
    loaded: Loaded,
    root: Path,
    command: Sequence[str],
    stop_when: StopWhen | None = None,
    follow: Follow | None = None,
) -> Trained:
    """Train a recipe in a new run folder below ``root``; see ``train_job``."""
    with phase("reading the data"):
        job = compile_recipe(loaded.recipe, loaded.folder)
    with execute.start(loaded, root, list(command), loaded.folder) as folder:
        return train_job(folder, job, command, stop_when, follow)


def train_job(
    folder: RunFolder,
    job: RecipeJob,
    command: Sequence[str],
    stop_when: StopWhen | None,
    follow: Follow | None = None,
) -> Trained:
    """Train a job in its run folder, show how far it is, and print how it ended and what that
    shows.

    Args:
        folder: locked.
        command: the command line, for the record.
        follow: told of the folder as soon as the training begins.

    Raises what ``execute`` does.
    """
    before = look_first(job, folder)
    announce(job, folder)
    if follow is not None:
        follow(folder)
    with progress_sink(job) as sink, told_if_it_fails(folder, before):
        sinks = [sink, first_steps(job, folder, before), *ending(job, stop_when)]
        outcome = execute.execute(folder, job, list(command), sinks)
    print_outcome(outcome)
    found = () if outcome.interrupted else tuple(shown_findings(outcome, before))
    return Trained(outcome, found, tuple(job.data.notes))


def look_first(job: RecipeJob, folder: RunFolder) -> list[Finding]:
    """Return what recipe and data show before training; tell people, and note it in the folder."""
    tell_notes(job.data.notes)
    with phase("looking at the data"):
        found = look(job.recipe, job.data)
    tell_before_training(found)
    folder.write_json("findings.json", [finding.as_json() for finding in found])
    return found


def first_steps(job: RecipeJob, folder: RunFolder, before: list[Finding]) -> Sink:
    """Return what tells people if the first steps of a run have ended it already, adds that to what
    was known ``before``, and notes it in the folder."""

    def tell(finding: Finding) -> None:
        tell_first_steps(merged([*before, finding], before))
        before.append(finding)
        folder.write_json("findings.json", [each.as_json() for each in before])

    return first_steps_sink(job.recipe, tell)


def ending(job: RecipeJob, stop_when: StopWhen | None) -> list[Sink]:
    """Return what ends a lost run, if that is wanted."""
    return [ending_sink(job.recipe.optimizer.lr)] if stop_when == "lost" else []


def shown_findings(outcome: execute.Outcome, before: list[Finding]) -> list[Finding]:
    """Return what a finished run shows, with what was known before, causes first.

    Prints what people should know, and were not told when it began.
    """
    findings = merged([*before, *read_run(outcome.folder)], before)
    grave = [story for story in stories(seen(findings)) if story.severity != "info"]
    print_stories(terminal(), grave, before)
    rows = [finding.as_json() for finding in findings]
    outcome.folder.write_json("findings.json", rows)
    return findings


@contextmanager
def told_if_it_fails(folder: RunFolder, before: list[Finding]) -> Iterator[None]:
    """Add to the error of a run that diverges what was known before, if that explains it."""
    try:
        yield
    except (Diverged, Lost) as error:
        findings = merged([*before, *(error.findings or read_run(folder))], before)
        error.findings = tuple(findings)
        story = next((story for story in stories(findings) if story.symptoms), None)
        if story is not None and story.edit:
            cause = f"{story.cause.code} {story.cause.name}"
            error.hint = f"{cause} explains it: {typed(story.edit)} fixes it"
        folder.write_json("findings.json", [finding.as_json() for finding in findings])
        raise
