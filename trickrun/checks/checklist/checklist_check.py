"""A checklist from the user's recipe to its verdict and the tuned recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trickrun.checks.checklist.context import (
    RECIPE,
    STATE,
    Context,
    StepOutcome,
    StepVerdict,
    Tell,
    goes_on,
    run_steps,
    unfinished,
)
from trickrun.checks.checklist.end import of_all_steps
from trickrun.checks.checklist.steps import STEPS
from trickrun.checks.data_look import look
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.findings.finding import Finding
from trickrun.findings.rules.chance import CODE
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded
from trickrun.recipe.patch import patch_paths
from trickrun.recipe.python_parts import python_parts
from trickrun.run.apply import edited_to
from trickrun.run.check_folder import begin, conclude
from trickrun.run.files import to_json
from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.run.records import ContestEvidence

Finish = Callable[[Verdict, tuple[StepOutcome, ...], RunFolder], None]

ORDER: tuple[StepVerdict, ...] = ("pass", "warn", "fail")
LAST = list(STEPS)[-1]


def run_checklist(
    loaded: Loaded,
    root: Path,
    command: list[str],
    tell: Tell,
    finish: Finish = lambda *_: None,
    keep_going: bool = False,
    pace: Pace = UNHURRIED,
) -> tuple[Verdict, tuple[StepOutcome, ...], RunFolder]:
    """Take all six steps, or go on with a checklist that was cut off, and record the verdict.

    Args:
        root: where run folders are.
        tell: told of each step as it begins and ends.
        finish: writes what people read into the folder, before evidence.json marks the end.
        keep_going: go on after a step that fails.
        pace: searches, epochs and samples shrink to fit; what it has no time for is left out.

    Raises OutOfTime if there is no time for a single step.
    """
    if pace.over():
        raise pace.too_short()
    began = pace.clock()
    original = RecipeSubject(loaded)
    with pace.phase("reading the data"):
        original.data  # noqa: B018  loads it, once for all steps
    with pace.phase("looking at the data"):
        known = tuple(look(loaded.recipe, original.data))
    read_seconds = pace.clock() - began
    with opened(loaded, root, command, keep_going) as folder:
        own = folder.own_runs
        data = (original, read_seconds, known)
        context = Context(loaded, loaded, {}, (), root, own, command, pace, *data)
        done = run_steps(STEPS, context, folder, tell, keep_going)
        if not done:
            raise pace.too_short()
        verdict = concluded(context, done, folder)
        finish(verdict, done, folder)
        conclude(folder, verdict)
    return verdict, done, folder


@contextmanager
def opened(loaded: Loaded, root: Path, command: list[str], keep_going: bool) -> Iterator[RunFolder]:
    """Lock the folder of the checklist that was cut off, or else of a new one."""
    cut_off = unfinished(root, loaded, len(STEPS), keep_going)
    if cut_off is not None:
        with cut_off.locked_if_free() as mine:
            # Another process may have taken it since, and even ended it.
            if mine and goes_on(cut_off, len(STEPS), keep_going):
                yield cut_off
                return
    contents = {RECIPE: to_json(loaded.tree, indent=2) + "\n", STATE: "[]\n"}
    with begin(loaded, loaded, root, command, contents) as new:
        yield new


def concluded(context: Context, done: tuple[StepOutcome, ...], folder: RunFolder) -> Verdict:
    """Return the verdict of a checklist; write the tuned recipe if the last step was taken."""
    result: dict[str, Any] = {
        "steps": [
            {"name": step.name, "verdict": step.verdict, "run": step.run, "seconds": step.seconds}
            for step in done
        ],
        "tuned_recipe": None,
        "left_out": left_out(done, context.pace),
    }
    if done[-1].name != LAST:
        findings = of_all_steps(done, context.known)
        stopped = done[-1].name
        if done[-1].verdict == "fail" and not result["left_out"]:
            said = f"{stopped} failed, so the steps after it would mislead"
            return Verdict(worst(done, findings), result, tuple(findings), said)
        taken = f"{len(done)} of {len(STEPS)} steps done; without the last one no edit is kept"
        grave = max(worst(done, findings), "warn", key=ORDER.index)
        return Verdict(grave, result, tuple(findings), taken)
    result |= tuned(context, done[-1], folder)
    contest = result["contest"] or {}
    compared = [entry["edits"] for entry in contest.get("entries", ())]
    findings = of_all_steps(done, context.known, compared, done[-1].edits)
    failed = [step.name for step in done if step.verdict == "fail"]
    taken = f"{len(done) - len(failed)} of {len(done)} steps passed"
    summary = taken + (f"; {', '.join(failed)} failed" if failed else "")
    return Verdict(worst(done, findings), result, tuple(findings), summary)


def tuned(context: Context, last: StepOutcome, folder: RunFolder) -> dict[str, Any]:
    """Write the tuned recipe; return what the result tells of it, of the contest and its scores."""
    loaded = context.loaded
    evidence = context.folder_of(last).read_json("evidence.json", ContestEvidence)
    folder.write("tuned.yaml", edited_to(loaded.path, patch_paths(loaded.tree, last.edits)))
    return {
        "tuned_recipe": str(folder.path / "tuned.yaml"),
        "tied_to_its_folder": is_tied(loaded),
        "edits": last.edits,
        "contest": evidence["contest"],
        "test": evidence["test"],
        # A checklist that an older version began has none.
        **{name: evidence["runs"][0].get(name) for name in ("constant", "reference")},
    }


def worst(done: Sequence[StepOutcome], findings: Sequence[Finding]) -> StepVerdict:
    """Return the gravest verdict of the steps: no better than a constant answer is a failure even
    where no step came after the range test that said so, and no checklist passes beside a fault."""
    said: list[StepVerdict] = [step.verdict for step in done]
    if any(finding.severity != "info" for finding in findings):
        said.append("warn")
    if any(finding.code == CODE and finding.severity == "error" for finding in findings):
        said.append("fail")
    return max(said, key=ORDER.index)


def left_out(done: Sequence[StepOutcome], pace: Pace) -> list[str]:
    """Return what there was no time for: whole steps, and parts of others."""
    taken = [step.name for step in done]
    names = list(STEPS)
    # After a step that failed those behind it are left out on purpose.
    end = names.index(taken[-1]) if done[-1].verdict == "fail" and not pace.over() else len(names)
    missing = [name for name in names[:end] if name not in taken] if pace.limited else []
    return [*missing, *(f"{step.name}: {part}" for step in done for part in step.cut)]


def is_tied(loaded: Loaded) -> bool:
    """Whether a recipe names files or code beside it, so that it says something else elsewhere."""
    path = getattr(loaded.recipe.data, "path", None)
    files = path is not None and not Path(path).is_absolute()
    extends = sum(not layer.steps for layer in loaded.layers) > 1
    return files or extends or bool(python_parts(loaded.recipe))
