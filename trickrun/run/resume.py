"""Going on with a run: exactly where it was, or changed a little in a new folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trickrun.data.splits.prepare import prepare_run
from trickrun.errors import RunFolderError
from trickrun.recipe.load import Loaded, load
from trickrun.run import environment, files
from trickrun.run.execute import start
from trickrun.run.folder import RunFolder
from trickrun.run.kept_split import SPLIT_FILE, read_split
from trickrun.training.checkpoint_file import Saved, packed
from trickrun.training.compile import compile_recipe
from trickrun.training.device import training_type
from trickrun.training.job import RecipeJob

REORDERED = (
    "the order of the data has changed since the run started; its samples are taken in the order "
    "they had then"
)

CHANGEABLE = ("train.epochs", "train.steps", "early_stopping", "train.device")


@dataclass(frozen=True)
class Resumed:
    """A run that can go on from its last checkpoint.

    Args:
        folder: where it goes on: its own folder, or a new one if the recipe was changed.
        job: freshly compiled; ``run.execute`` brings it to the checkpoint.
        warnings: what differs from when the run began, so that it may not end bitwise equal.
        notices: what differs, and makes no difference.
    """

    folder: RunFolder
    job: RecipeJob
    warnings: list[str]
    notices: tuple[str, ...] = ()


@contextmanager
def resume(
    folder: RunFolder, overrides: Sequence[str], root: Path, command: list[str]
) -> Iterator[Resumed]:
    """Prepare to go on with the run in ``folder``; the folder where it goes on is locked.

    Args:
        overrides: changes of the recipe, only of CHANGEABLE; they make a new run below ``root``
            whose parent this one is.

    Raises:
        RunFolderError: it cannot go on, another process works in it, or a change is not allowed
            or leaves nothing to do.
        DataChanged: the data are not those that it was begun with.
    """
    check_changes(overrides)
    check_status(folder, changed=bool(overrides))
    if not overrides:
        with folder.locked():
            check_status(folder, changed=False)  # it may have ended meanwhile
            yield prepared(folder, (), command)[0]
        return
    resumed, loaded, saved = prepared(folder, overrides, command)
    best = folder.load("best") if saved is not None else None
    check_goes_on(folder, resumed.job, saved, best)
    with branch(folder, loaded, saved, best, root, command, resumed.job.folder) as new:
        yield replace(resumed, folder=new)


def prepared(
    folder: RunFolder, overrides: Sequence[str], command: list[str]
) -> tuple[Resumed, Loaded, Saved | None]:
    """Return what goes on, its recipe, and the checkpoint from which it does."""
    facts = folder.facts()
    check_arithmetic(folder, facts)
    recipe_folder = Path(facts["recipe_folder"])
    loaded = load(folder.path / "resolved.yaml", overrides)
    saved, kept = folder.saved("last"), read_split(folder)
    if saved is not None and kept is None:
        raise no_split(folder)
    data = prepare_run(loaded.recipe.data, recipe_folder, kept, training_type(loaded.recipe))
    job = compile_recipe(loaded.recipe, recipe_folder, data)
    warnings = []
    if saved is not None:
        warnings = environment.differences(facts, environment.describe_job(job, command))
    notices = (*(saved.notices if saved else ()), *((REORDERED,) if job.data.reordered else ()))
    return Resumed(folder, job, warnings, notices), loaded, saved


def check_changes(overrides: Sequence[str]) -> None:
    """Raise RunFolderError for a change that would make it another run."""
    for override in overrides:
        path = override.split("=", 1)[0]
        if not any(path == allowed or path.startswith(f"{allowed}.") for allowed in CHANGEABLE):
            raise RunFolderError(
                f"{path} cannot be changed while resuming",
                f"command line: {override}",
                "only " + ", ".join(CHANGEABLE) + " can; train the changed recipe again",
            )


def check_status(folder: RunFolder, changed: bool) -> None:
    """Raise RunFolderError if a run in this state cannot go on."""
    status, end, where = folder.ended_as, folder.last_record, str(folder.path)
    if not folder.metrics_file.exists():
        raise RunFolderError("this run belongs to a check, not to a training", where)
    if status == "failed" and end.get("cause") == "non_finite":
        raise RunFolderError(
            f"this run failed, and would fail again: {end.get('reason')}",
            where,
            "change its recipe and train it again, for example with a lower optimizer.lr",
        )
    if status == "finished" and not changed:
        raise RunFolderError(
            f"this run is finished, stopped by {end.get('stopped_by')}",
            where,
            f"to train longer: trickrun train --resume RUN {longer(str(end.get('stopped_by')))}",
        )


def longer(stopped_by: str) -> str:
    """Return the change with which a run goes on that ``stopped_by`` has ended."""
    if stopped_by == "early_stopping":
        return "early_stopping.patience=N, above its old value"
    return f"train.{stopped_by if stopped_by == 'steps' else 'epochs'}=N"


def check_arithmetic(folder: RunFolder, facts: Mapping[str, Any]) -> None:
    """Raise RunFolderError if a recipe computed other numbers when the run began."""
    before = facts.get("arithmetic", 1)
    if before == environment.ARITHMETIC:
        return
    made_by = f"trickrun {facts.get('trickrun', 'of another version')}"
    numbers = f"arithmetic {before}; this version has {environment.ARITHMETIC}"
    if before > environment.ARITHMETIC:
        raise RunFolderError(
            f"this run was started by a newer version, {made_by} ({numbers})",
            str(folder.path),
            "update trickrun to continue it; eval and predict work as they are",
        )
    raise RunFolderError(
        f"this run was started by {made_by}, which computed different numbers ({numbers})",
        str(folder.path),
        "train its recipe.yaml again; eval and predict still work",
    )


def no_split(folder: RunFolder) -> RunFolderError:
    """Return the error about a run that was begun when folders kept no split."""
    return RunFolderError(
        "this run stores no usable split, because an older version started it, so its training "
        "samples are not known",
        str(folder.path),
        "train its recipe.yaml again; eval and predict still work",
    )


def check_goes_on(
    folder: RunFolder, job: RecipeJob, saved: Saved | None, best: dict[str, Any] | None
) -> None:
    """Raise RunFolderError if the changed run has nothing to do, or its best weights are lost."""
    if saved is None:
        return
    progress = saved.state["progress"]
    done, history = progress["step"], progress["history"]
    where = str(folder.path)
    if done >= job.span.steps:
        raise RunFolderError(
            f"the run has taken {done} steps, but the changed recipe has {job.span.steps}",
            where,
            f"for more, give train.epochs above {done / job.span.per_epoch:g} (or train.steps)",
        )
    if job.settings.stops_early and job.stopping.stop(history):
        raise RunFolderError(
            "with this change, early stopping has already ended the run",
            where,
            "give a larger patience",
        )
    wanted = job.stopping.best(history)
    step = history[wanted]["step"] if wanted >= 0 else None
    if step is not None and (best is None or best["values"]["step"] != step):
        raise RunFolderError(
            f"the weights of its best evaluation, at step {step:g}, are not kept",
            where,
            "keep early_stopping.monitor and mode; if the run was killed, resume it first",
        )


def branch(
    parent: RunFolder,
    loaded: Loaded,
    saved: Saved | None,
    best: dict[str, Any] | None,
    root: Path,
    command: list[str],
    recipe_folder: Path,
) -> AbstractContextManager[RunFolder]:
    """Begin a new run with the parent's checkpoints as they were read, and its metrics up to
    there: the parent may be training on meanwhile."""
    contents = {}
    if saved is not None:
        known = saved.state["metrics_bytes"]
        contents["metrics.jsonl"] = files.content_of(parent.metrics_file)[:known]
        if (parent.path / SPLIT_FILE).exists():
            contents[SPLIT_FILE] = files.content_of(parent.path / SPLIT_FILE)
        if best is not None:
            contents["checkpoints/best.pt"] = packed(best)
        contents["checkpoints/last.pt"] = packed(saved.state)
    written = replace(loaded, text=parent.read_text("recipe.yaml"))
    return start(written, root, command, recipe_folder, str(parent.path), contents)
