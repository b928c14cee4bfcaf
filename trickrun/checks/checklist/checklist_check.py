"""A checklist from the user's recipe to its verdict and the tuned recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trickrun.checks.checklist.budget import Budget
from trickrun.checks.checklist.context import (
    RECIPE,
    STATE,
    Context,
    StepOutcome,
    Tell,
    goes_on,
    run_steps,
    unfinished,
)
from trickrun.checks.checklist.steps import STEPS
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
from trickrun.run.records import ContestEvidence

Finish = Callable[[Verdict, tuple[StepOutcome, ...], RunFolder], None]


def run_checklist(
    loaded: Loaded,
    root: Path,
    command: list[str],
    tell: Tell,
    finish: Finish = lambda *_: None,
    keep_going: bool = False,
    seconds: float | None = None,
) -> tuple[Verdict, tuple[StepOutcome, ...], RunFolder]:
    """Take all six steps, or go on with a checklist that was cut off, and record the verdict.

    Args:
        root: where run folders are.
        tell: told of each step as it begins and ends.
        finish: writes what people read into the folder, before evidence.json marks the end.
        keep_going: go on after a step that fails.
        seconds: budget; searches, epochs and samples shrink to fit. None: no limit.
    """
    budget = Budget(seconds)
    with opened(loaded, root, command, keep_going) as folder:
        context = Context(loaded, loaded, {}, (), root, folder.own_runs, command, budget)
        done = run_steps(STEPS, context, folder, tell, keep_going)
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
    worst = max((step.verdict for step in done), key=("pass", "warn", "fail").index)
    result: dict[str, Any] = {
        "steps": [
            {"name": step.name, "verdict": step.verdict, "run": step.run, "seconds": step.seconds}
            for step in done
        ],
        "tuned_recipe": None,
    }
    if len(done) < len(STEPS):
        stopped = done[-1].name
        summary = f"{stopped} failed, so the steps after it would mislead"
        return Verdict(worst, result, learned_nothing(done), summary)
    loaded, last = context.loaded, done[-1]
    evidence = context.folder_of(last).read_json("evidence.json", ContestEvidence)
    folder.write("tuned.yaml", edited_to(loaded.path, patch_paths(loaded.tree, last.edits)))
    result |= {
        "tuned_recipe": str(folder.path / "tuned.yaml"),
        "tied_to_its_folder": is_tied(loaded),
        "edits": last.edits,
        "contest": evidence["contest"],
        "test": evidence["test"],
        # A checklist that an older version began has none.
        **{name: evidence["runs"][0].get(name) for name in ("constant", "reference")},
    }
    failed = [step.name for step in done if step.verdict == "fail"]
    taken = f"{len(done) - len(failed)} of {len(done)} steps passed"
    summary = taken + (f"; {', '.join(failed)} failed" if failed else "")
    return Verdict(worst, result, learned_nothing(done), summary)


def learned_nothing(done: tuple[StepOutcome, ...]) -> tuple[Finding, ...]:
    """Return the last finding, if a step has one, that nothing better than a constant answer was
    found."""
    found = [row for step in done for row in step.findings if row["code"] == CODE]
    return tuple(Finding(**row) for row in found[-1:])


def is_tied(loaded: Loaded) -> bool:
    """Whether a recipe names files or code beside it, so that it says something else elsewhere."""
    path = getattr(loaded.recipe.data, "path", None)
    files = path is not None and not Path(path).is_absolute()
    extends = sum(not layer.steps for layer in loaded.layers) > 1
    return files or extends or bool(python_parts(loaded.recipe))
