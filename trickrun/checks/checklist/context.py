"""All six steps in order: each gated on the one before, what one learns feeds the next.

The user's recipe is never changed. What the steps learn is kept as edits (recipe path to value);
at the end a contest over several seeds decides whether they are worth having.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.checks.subject import AnySubject
from trickrun.errors import OutOfTime, RunFolderError
from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, derive
from trickrun.recipe.patch import edits_after
from trickrun.recipe.text.command_line import typed
from trickrun.run.check_folder import record
from trickrun.run.find import every
from trickrun.run.folder import RunFolder
from trickrun.run.pace import Pace
from trickrun.run.records import FindingRow, adapter
from trickrun.run.records import checked as has_form

STATE, RECIPE = "checklist.json", "tree.json"

StepVerdict = Literal["pass", "warn", "fail"]

STEP_NAMES = ("initial-loss", "overfit-batch", "lr-find", "grid coarse", "grid fine", "curves")
"""The steps in their order, by the commands that repeat them."""

MENDING = ("initial-loss", "overfit-batch")
"""Steps whose edits were confirmed by measuring again, whatever the length of a run."""


def are_findings(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Raise ValueError unless these are findings in the JSON contract."""
    found: list[dict[str, Any]] = has_form(rows, list[FindingRow])
    return found


def is_path(text: str) -> str:
    """Raise ValueError for a text that can name no file."""
    if "\0" in text:
        raise ValueError("a path cannot hold the character U+0000")
    return text


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
    run: Annotated[str, AfterValidator(is_path)]
    summary: str
    edits: dict[str, Any] = field(default_factory=dict)
    findings: Annotated[list[dict[str, Any]], AfterValidator(are_findings)] = field(
        default_factory=list
    )
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
        known: what recipe and data show by themselves.
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
    known: tuple[Finding, ...] = ()

    @property
    def subject(self) -> RecipeSubject:
        """The recipe with the edits of the steps before, and its data."""
        return RecipeSubject(self.working, self.original)

    def folder_of(self, step: StepOutcome) -> RunFolder:
        """Return a step's run folder: its own, or where an older version made it."""
        own = own_folder(self.own_runs, self.loaded.recipe.name, step)
        return own or RunFolder(Path(step.run))


def own_folder(own_runs: Path, name: str, step: StepOutcome) -> RunFolder | None:
    """Return a step's run folder among a checklist's own runs; None if it is not there.

    A path that a file tells is not followed elsewhere.
    """
    path = own_runs / name / Path(step.run).name
    return RunFolder(path) if (path / "resolved.yaml").exists() else None


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
    """Return the steps that a checklist has taken.

    Raises RunFolderError if its file is damaged, or tells others than a checklist begins with.
    """
    if not (folder.path / STATE).exists():
        return ()
    rows = folder.read_json(STATE)
    with folder.reading(STATE):
        done = tuple(adapter(list[StepOutcome]).validate_python(rows))
        names = tuple(step.name for step in done)
        if names != STEP_NAMES[: len(names)]:
            raise ValueError(f"a checklist does not begin with the steps {', '.join(names)}")
    return done


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
            same, left = run.read_json(RECIPE) == loaded.tree, goes_on(run, steps, keep_going)
        except RunFolderError:
            continue  # a damaged one is no hindrance to a new one
        if same:
            return run if left and not run.busy else None
    return None


def goes_on(run: RunFolder, steps: int, keep_going: bool) -> bool:
    """Whether a checklist has something left to do; see ``unfinished``.

    Raises RunFolderError if it is damaged.
    """
    left = len(taken(run)) < steps
    return not (run.path / "evidence.json").exists() or (keep_going and left)


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
    check: Callable[[AnySubject], tuple[Verdict, AnySubject]], subject: AnySubject, failed: Verdict
) -> tuple[dict[str, Any], Verdict, AnySubject] | None:
    """Return the first confirmed edit with which the check no longer fails, and what it then says.

    The verdict is then a warning that tells of both.
    """
    for finding in failed.findings:
        if not finding.edit or finding.confirmed is None:
            continue
        again, derived = check(subject.changed(finding.edit))
        if again.verdict != "fail":
            told = f"{failed.summary}\nFixed by {typed(finding.edit)}: {again.summary}"
            mended = replace(again, verdict="warn", summary=told, findings=failed.findings)
            return finding.edit, mended, derived
    return None
