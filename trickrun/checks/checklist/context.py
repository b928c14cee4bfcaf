"""All six steps in order: each gated on the one before, what one learns feeds the next.

The user's recipe is never changed. What the steps learn is kept as edits (recipe path to value);
at the end a contest over several seeds decides whether they are worth having.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.errors import OutOfTime, RunFolderError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, derive
from trickrun.recipe.patch import edits_after
from trickrun.run import files
from trickrun.run.check_folder import record
from trickrun.run.find import every
from trickrun.run.folder import RunFolder
from trickrun.run.pace import Pace
from trickrun.run.records import adapter

STATE, RECIPE = "checklist.json", "tree.json"

StepVerdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class StepOutcome:
    """A step that has been taken.

    Args:
        name: the command that repeats it.
        run: its run folder.
        summary: what it found, in a sentence or two.
        edits: what it changes for the steps after it; of the last step: all that is to be kept.
        findings: as in the JSON contract.
        shrunk: what the budget took from it, in words; ``cut``: what of it the budget left out.
        seconds: wall time.
    """

    name: str
    verdict: StepVerdict
    run: str
    summary: str
    edits: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    shrunk: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cut: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """What every step is given.

    Args:
        loaded: the user's recipe.
        working: the recipe with the edits of the steps before.
        edits: those edits.
        done: the steps before.
        root: where run folders are.
        own_runs: where those of the steps are made.
        command: the command line, for the record.
        pace: of what is left to do.
        original: the user's recipe with its data, which all steps share; None: each reads them.
        read_seconds: what reading the data took.
    """

    loaded: Loaded
    working: Loaded
    edits: dict[str, Any]
    done: tuple[StepOutcome, ...]
    root: Path
    own_runs: Path
    command: list[str]
    pace: Pace
    original: RecipeSubject | None = None
    read_seconds: float = 0.0

    @property
    def subject(self) -> RecipeSubject:
        """The recipe with the edits of the steps before, and its data."""
        return RecipeSubject(self.working, self.original)

    def folder_of(self, step: StepOutcome) -> RunFolder:
        """Return a step's run folder: its own, or where an older version made it."""
        path = Path(step.run)
        own = self.own_runs / self.loaded.recipe.name / path.name
        return RunFolder(own if own.exists() else path)


ChecklistStep = Callable[[Context], StepOutcome]
Tell = Callable[[str, StepOutcome | OutOfTime | None], None]
"""Told of a step by name as it begins (None), and as it ends or is left out."""

SHARES = {"initial-loss": 0.25, "overfit-batch": 0.35, "lr-find": 0.35}
"""The share of the time then left after which a step is cut off; others take what they need."""


def run_steps(
    steps: Mapping[str, ChecklistStep],
    context: Context,
    folder: RunFolder,
    tell: Tell,
    keep_going: bool,
) -> tuple[StepOutcome, ...]:
    """Take the steps that the checklist in ``folder`` has not taken yet; return all taken.

    One that there is no time for is left out.

    Args:
        keep_going: go on after a step that fails; otherwise it ends the checklist.
    """
    done = taken(folder)
    for name, step in steps.items():
        if any(before.name == name for before in done):
            continue
        if done and done[-1].verdict == "fail" and not keep_going:
            break
        if context.pace.over():
            break
        tell(name, None)
        edits = edits_of(done)
        working = derive(context.loaded, edits)
        pace = context.pace.share(SHARES.get(name, 1.0))
        try:
            now = step(replace(context, working=working, edits=edits, done=done, pace=pace))
        except OutOfTime as error:
            tell(name, error)
            continue
        done = (*done, now)
        folder.write_json(STATE, [asdict(each) for each in done])
        tell(name, now)
    return done


def edits_of(done: Iterable[StepOutcome]) -> dict[str, Any]:
    """Return what the steps ``done`` change for those after them."""
    edits: dict[str, Any] = {}
    for step in done:
        edits = edits_after(edits, step.edits)
    return edits


def taken(folder: RunFolder) -> tuple[StepOutcome, ...]:
    """Return the steps that a checklist has taken."""
    if not (folder.path / STATE).exists():
        return ()
    rows = folder.read_json(STATE)
    with folder.reading(STATE):
        return tuple(adapter(list[StepOutcome]).validate_python(rows))


def unfinished(root: Path, loaded: Loaded, steps: int, keep_going: bool) -> RunFolder | None:
    """Return the newest checklist of just this recipe that was cut off, or None.

    One that a failed step ended is over, unless ``keep_going`` asks for the rest. One that another
    process is taking is that one's.

    Args:
        steps: how many a whole checklist has.
    """
    for run in every(root, loaded.recipe.name):
        if not (run.path / STATE).exists():
            continue
        try:
            same, done = run.read_json(RECIPE) == loaded.tree, taken(run)
        except RunFolderError:
            continue  # a damaged one is no hindrance to a new one
        if not same:
            continue
        ended = (run.path / "evidence.json").exists()
        goes_on = not ended or (keep_going and len(done) < steps)
        return run if goes_on and not files.is_locked(run.path / RECIPE) else None
    return None


Check = Callable[[RecipeSubject], tuple[Verdict, RecipeSubject]]


def checked(name: str, check: Check, context: Context) -> StepOutcome:
    """Take a step that a check judges; where it fails and a confirmed edit mends it, keep that."""
    subject = context.subject
    verdict, derived = check(subject)
    edits: dict[str, Any] = {}
    if verdict.verdict == "fail":
        mend = mended(check, subject, verdict)
        if mend is not None:
            edits, verdict, derived = mend
    folder = record(verdict, context.working, derived.loaded, context.own_runs, context.command)
    findings = [finding.as_json() for finding in verdict.findings]
    cut = [str(part) for part in verdict.result.get("left_out", ())]
    run, summary = str(folder.path), verdict.summary
    return StepOutcome(name, verdict.verdict, run, summary, edits, findings, cut=cut)


def mended(
    check: Check, subject: RecipeSubject, failed: Verdict
) -> tuple[dict[str, Any], Verdict, RecipeSubject] | None:
    """Return the first confirmed edit with which the check no longer fails, and what it then says.

    The verdict is then a warning that tells of both.
    """
    for finding in failed.findings:
        if not finding.edit or finding.confirmed is None:
            continue
        again, derived = check(subject.changed(finding.edit))
        if again.verdict != "fail":
            told = f"{failed.summary}\nMended by {words(finding.edit)}: {again.summary}"
            mended = replace(again, verdict="warn", summary=told, findings=failed.findings)
            return finding.edit, mended, derived
    return None


def words(edits: Mapping[str, Any]) -> str:
    """Return edits as overrides that can be typed into a shell."""
    return " ".join(shlex.quote(f"{path}={shown_value(value)}") for path, value in edits.items())


def shown_value(value: Any) -> str:
    """Return a value in the form that the command line takes."""
    return f"{value:g}" if isinstance(value, float) else json.dumps(value).strip('"')
