"""Step 6: what do the loss curves of runs show, and what is to be done?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from trickrun.checks.curves.evidence import looks_of, read_curves
from trickrun.checks.curves.reference import reference_of_run
from trickrun.data.splits.prepare import Prepared
from trickrun.errors import Diverged, Interrupted
from trickrun.findings import static
from trickrun.findings.evidence.curves import Curves, smoothed
from trickrun.findings.evidence.reference import Reference
from trickrun.findings.finding import Finding
from trickrun.findings.rules.chance import CODE, behind_linear
from trickrun.findings.rules.curves.shapes import SHAPES, judge, judge_together
from trickrun.findings.rules.curves.while_training import silent_layers
from trickrun.findings.stories import merged, of_curves, seen
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import Loaded, derive, load
from trickrun.run import execute
from trickrun.run.check_folder import begin
from trickrun.run.folder import RunFolder
from trickrun.run.names import by_difference
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.run.sink import Sink
from trickrun.training.compile import compile_recipe
from trickrun.training.job import RecipeJob

ShowRun = Callable[[RecipeJob, RunFolder], AbstractContextManager[Sink]]
"""What shows a run while it trains."""


def train_runs(
    loaded: Loaded,
    root: Path,
    command: list[str],
    watch: ShowRun,
    seeds: int = 1,
    pace: Pace = UNHURRIED,
) -> list[RunFolder]:
    """Train a recipe with ``seeds`` seeds, from its own on, and return the run folders.

    Args:
        root: where these are made.

    A run that diverged is a result too: its curve says so.

    Raises:
        Interrupted: by the user; the run can be resumed.
        TrickrunError: the recipe cannot become a job, or memory ran out.
    """
    folders = []
    data: Prepared | None = None
    for index in range(seeds):
        seed = loaded.recipe.seed + index
        one = derive(loaded, {"seed": seed}) if index else loaded
        # All seeds have one split, whatever becomes of the file meanwhile.
        with pace.phase("reading the data"):
            job = compile_recipe(one.recipe, one.folder, data)
        data = job.data
        with execute.start(one, root, command, one.folder) as folder, watch(job, folder) as sink:
            folders.append(folder)
            try:
                outcome = execute.execute(folder, job, command, [sink])
            except Diverged:
                continue
        reference_of_run(folder, data)
        if outcome.interrupted:
            hint = f"continue with: trickrun train --resume {folder.path}"
            raise Interrupted("interrupted", hint=hint)
    return folders


def read_runs(
    folders: Sequence[RunFolder],
    known: Sequence[Finding] | None = None,
    *,
    beside_learners: bool = False,
) -> Verdict:
    """Judge the curves of one or more runs.

    Args:
        known: what was known of the one run before it began; None: what each run's folder says.
        beside_learners: compare each with a linear model and trees, fitted to its data.

    Raises RunFolderError if a run's files cannot be read, or it has trained nothing yet.
    """
    curves = [read_curves(folder) for folder in folders]
    each = [judge(one) for one in curves]
    references = [reference_of_run(folder) if beside_learners else None for folder in folders]
    behind = [
        [] if found[0].code == CODE else behind_learners(folder, one, reference)
        for folder, one, found, reference in zip(folders, curves, each, references, strict=True)
    ]
    shown = [[*found, *late] for found, late in zip(each, behind, strict=True)]
    together = judge_together(curves)
    causes = [before(folder) if known is None else known for folder in folders]
    layers = [silent_layers(looks_of(f), found) for f, found in zip(folders, each, strict=True)]
    names = by_difference(folders) if len(folders) > 1 else [""]
    findings = tuple(told(curves, names, shown, layers, together, causes))
    # What was known before makes no curve fail, but no curve passes beside it.
    severities = {finding.severity for found in (together, *each, *behind) for finding in found}
    severities |= {"warning" for finding in findings if finding.severity != "info"}
    runs = [
        {
            "run": folder.id,
            "name": name,
            "path": str(folder.path),
            "shape": SHAPES[found[0].code],
            "shapes": [SHAPES[finding.code] for finding in found],
            "best_epoch": one.best_epoch,
            "constant": None if one.constant is None else asdict(one.constant),
            "reference": None if reference is None else asdict(reference),
        }
        for folder, name, one, found, reference in zip(
            folders, names, curves, each, references, strict=True
        )
    ]
    return Verdict(
        "fail" if "error" in severities else "warn" if "warning" in severities else "pass",
        {"runs": runs},
        findings,
        sentence(curves, names, each),
        {
            "curves": [
                asdict(one) | {"name": name, "smoothed": smooth(one)}
                for one, name in zip(curves, names, strict=True)
            ],
            "steps": [steps_of(folder) for folder in folders],
        },
    )


def behind_learners(folder: RunFolder, one: Curves, reference: Reference | None) -> list[Finding]:
    """Return TR113 if the weights that a run ends with do worse than a linear model."""
    if reference is None or not one.epochs:
        return []
    epoch = one.epochs[one.kept]
    lines = (line for line in folder.metrics() if line["kind"] == "epoch")
    values = next((line for line in lines if line["epoch"] == epoch), {})
    found = behind_linear(reference, values.get(f"val_{reference.metric}"), "val")
    return [] if found is None else [replace(found, evidence={"run": one.run, **found.evidence})]


def told(
    curves: Sequence[Curves],
    names: Sequence[str],
    each: Sequence[Sequence[Finding]],
    layers: Sequence[Sequence[Finding]],
    together: Sequence[Finding],
    causes: Sequence[Sequence[Finding]],
) -> Iterator[Finding]:
    """Yield the findings, run after run, each run's with the causes that were known before; of
    several runs, with the run that they concern.

    Args:
        names: what the runs are called beside each other; of a single one it does not matter.
        each: what the curves of each run show.
        layers: what the looks at each run's layers show.
        together: what only several runs show, told with the first of them.
        causes: what was known of each run before it began.
    """
    rows = zip(curves, names, each, layers, causes, strict=True)
    for one, name, found, silent, before in rows:
        shared = [finding for finding in together if finding.evidence["runs"][0] == one.run]
        for finding in seen(merged([*before, *shared, *found, *silent], before)):
            several = len(curves) > 1 and "runs" not in finding.evidence
            where = f"{finding.where} of {name}" if several else finding.where
            yield replace(finding, where=where)


def before(folder: RunFolder) -> list[Finding]:
    """Return what was known of a run before it began: what its folder holds, or its recipe shows.

    Raises RunFolderError if its files cannot be read.
    """
    if not (folder.path / "findings.json").is_file():
        return static.findings(facts_of(load(folder.path / "resolved.yaml").recipe))
    rows = [Finding(**row) for row in folder.read_json("findings.json")]
    return [finding for finding in rows if not of_curves(finding)]


def smooth(curves: Curves) -> dict[str, list[float]]:
    """Return the smoothed losses, as they were judged."""
    return {"train_loss": smoothed(curves.train_loss), "val_loss": smoothed(curves.val_loss)}


def steps_of(folder: RunFolder) -> dict[str, list[Any]]:
    """Return what a run logged of its steps."""
    steps = [record for record in folder.metrics() if record["kind"] == "step"]
    names = ("step", "loss", "lr", "gradient_norm")
    return {name: [step.get(name) for step in steps] for name in names}


def sentence(curves: Sequence[Curves], names: Sequence[str], each: Sequence[list[Finding]]) -> str:
    """Return each run's shape and best evaluation in words."""
    parts = []
    for one, name, found in zip(curves, names, each, strict=True):
        word = ", ".join(SHAPES[finding.code].replace("_", " ") for finding in found)
        part = f"{word} after {counted(len(one.epochs), 'evaluation')}"
        if one.best_epoch is not None and one.judged_loss:
            part += f"; best at epoch {one.best_epoch:.4g} with loss {min(one.judged_loss):.4g}"
        parts.append(f"{name}: {part}" if name else part)
    return "\n".join(parts)


@contextmanager
def folder_for(folders: Sequence[RunFolder], root: Path, command: list[str]) -> Iterator[RunFolder]:
    """Lock the folder to write what the curves of runs show into: the one run's folder; for several
    runs, and for one in which another process works, a new one with the first one's recipe."""
    first = folders[0]
    if len(folders) == 1:
        with first.locked_if_free() as mine:
            if mine:
                yield first
                return
    recipe_folder = Path(first.facts()["recipe_folder"])
    placed = replace(load(first.path / "resolved.yaml"), path=recipe_folder / "recipe.yaml")
    with begin(placed, placed, root, command) as own:
        yield own
