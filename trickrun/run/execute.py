"""A whole training run in its folder: start, go on, score, and say how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trickrun.errors import (
    CannotWrite,
    Diverged,
    Interrupted,
    Lost,
    RunFolderError,
    TrainingFailed,
    TrickrunError,
    Unread,
)
from trickrun.recipe.dump import resolved_text
from trickrun.recipe.expect import missed
from trickrun.recipe.load import Loaded
from trickrun.recipe.schema import Recipe
from trickrun.run import environment, files
from trickrun.run.answers import remember_answers
from trickrun.run.beginning import whole_or_gone
from trickrun.run.folder import RunFolder, create
from trickrun.run.interrupt import stop_on_interrupt
from trickrun.run.kept_split import remember_split
from trickrun.run.memory import out_of_memory_explained
from trickrun.run.nonfinite import BAD_INPUT, locate
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.run.sink import Sink, folder_sink
from trickrun.run.trained import remember_data
from trickrun.training.checkpoint import Best, Progress, restore
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import predict, score
from trickrun.training.events import End, Event, NonFinite
from trickrun.training.introspection.watcher import Watcher
from trickrun.training.job import RecipeJob
from trickrun.training.loop import train


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Args:
        folder: where it is.
        result: the keys of design's ``train`` result: epochs, steps, stopped_by, best, test,
            samples_per_second.
        missed: the recipe's expectations that were not met, in words.
    """

    folder: RunFolder
    result: dict[str, Any]
    missed: list[str]

    @property
    def interrupted(self) -> bool:
        return bool(self.result["stopped_by"] == "interrupt")


@contextmanager
def start(
    loaded: Loaded,
    root: Path,
    command: list[str],
    recipe_folder: Path,
    parent: str | None = None,
    contents: Mapping[str, bytes] | None = None,
) -> Iterator[RunFolder]:
    """Make the folder of a new run, with its recipe as written and as resolved, and lock it.

    Args:
        recipe_folder: what the recipe's relative paths and python targets are relative to.
        parent: the run that this one goes on from, if it does.
        contents: further files, for example the parent's checkpoints.
    """
    folder = create(root, loaded.recipe.name)
    facts = {"arithmetic": environment.ARITHMETIC, "recipe_folder": str(recipe_folder.resolve())}
    with folder.locked():
        with whole_or_gone(folder):
            folder.write("recipe.yaml", loaded.text)
            folder.write_json("env.json", {**facts, "command": command, "parent": parent})
            for name, content in {"metrics.jsonl": b"", **(contents or {})}.items():
                folder.write(name, content)
            # The last file: a folder that a crash left unfinished has none, so it is no run.
            folder.write("resolved.yaml", resolved_text(loaded.recipe))
        with early_end_noted(folder):
            yield folder


@contextmanager
def early_end_noted(folder: RunFolder) -> Iterator[None]:
    """Write into the folder of a new run that it was interrupted before its first step.

    A stdout that cannot be written (OSError) interrupts it as Ctrl-C does.
    """
    try:
        yield
    except (KeyboardInterrupt, Interrupted, OSError):
        if not folder.last_record:
            with suppress(CannotWrite):
                folder.log([{"kind": "end", "stopped_by": "interrupted"}])
        raise


def execute(
    folder: RunFolder, job: RecipeJob, command: list[str], sinks: list[Sink], pace: Pace = UNHURRIED
) -> Outcome:
    """Train ``job``, freshly compiled, from the last checkpoint in ``folder``, if there is one.

    Args:
        folder: locked.
        sinks: told of every event, after it is written.
        pace: when it is over the training ends where it is.

    Raises:
        TrainingFailed: the loss became non-finite or memory ran out; the folder says so too.
        RunFolderError: the folder cannot be read or written.
        Interrupted: Ctrl-C came twice.
        Unread: nobody reads what the sinks print any more; it ended with a checkpoint.
        TrickrunError: the same, where they cannot print for another reason, such as a full disk.
    """
    audience = Audience(sinks)
    with failure_noted(folder):
        progress, best = go_back(folder, job)
        note_environment(folder, job, command, progress)
        with out_of_memory_explained(str(job.device)):
            try:
                end = follow(folder, job, progress, best, audience, pace)
            except NonFinite as error:
                raise explain(folder, job, progress, error) from error
            outcome = finish(folder, job, progress, end)
    if audience.gone is not None:
        raise unheard(audience.gone, outcome) from audience.gone
    return outcome


def go_back(folder: RunFolder, job: RecipeJob) -> tuple[Progress, Best | None]:
    """Bring ``job`` and the metrics to the last checkpoint; return how far that is and the best.

    Raises RunFolderError if the checkpoints do not fit the job or each other.
    """
    saved = folder.saved("last")
    folder.rewind(saved)
    if saved is None:
        # A best.pt without a last.pt is one that the repetition will write again.
        return Progress(), None
    best = folder.load("best")
    try:
        progress = restore(job, saved.state)
    except Exception as error:  # torch raises many kinds for a state of another form
        raise RunFolderError(
            f"the checkpoint does not fit the recipe: {error}",
            str(folder.path),
            "was resolved.yaml or the model's code changed?",
        ) from error
    if best is not None and not same_tensors(best["model"], job.evaluated.state_dict()):
        raise RunFolderError(
            "the weights in best.pt do not fit the recipe",
            str(folder.path),
            "was resolved.yaml or the model's code changed?",
        )
    if best is None and job.stopping.best(progress.history) >= 0:
        raise RunFolderError("best.pt, which last.pt refers to, is missing", str(folder.path))
    return progress, Best(**best) if best else None


def same_tensors(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two models' states have tensors of the same names, shapes, types and layouts,
    all with numbers: a tensor of a file may be on the device ``meta``, which has none."""

    def forms(state: Mapping[str, Any]) -> dict[str, Any]:
        return {name: form(value) for name, value in state.items()}

    def form(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return None
        return value.shape, value.dtype, value.layout, value.is_meta

    return forms(one) == forms(other)


def note_environment(
    folder: RunFolder, job: RecipeJob, command: list[str], progress: Progress
) -> None:
    """Write env.json, tricks.json, data.json and the split; of a resumed run, note what differs."""
    known, facts = folder.facts(), environment.describe_job(job, command)
    if progress.step == 0 or "torch" not in known:
        folder.write_json("env.json", {**known, **facts})
    else:
        changed = environment.differences(known, facts)
        again = {"step": progress.step, "command": command, "differences": changed}
        folder.write_json("env.json", {**known, "resumed": [*known.get("resumed", []), again]})
    folder.write_json("tricks.json", [vars(entry) for entry in job.ledger])
    remember_data(folder, job)
    remember_split(folder, job.data.kept)


@dataclass
class Audience:
    """The sinks that tell people of a run, until they cannot.

    Args:
        gone: why they cannot any more: nobody reads stdout, or it cannot be written.
    """

    sinks: Sequence[Sink]
    gone: OSError | None = None

    def tell(self, event: Event) -> None:
        try:
            for sink in self.sinks if self.gone is None else ():
                sink(event)
        except OSError as error:
            self.gone = error


def follow(
    folder: RunFolder,
    job: RecipeJob,
    progress: Progress,
    best: Best | None,
    audience: Audience,
    pace: Pace,
) -> End:
    """Train, write each event to the folder and tell the audience; return the last event.

    Without its audience the run ends as if interrupted, so that it can be gone on with.
    """
    write = folder_sink(folder, job.settings.log_every, job.settings.look_every)
    with stop_on_interrupt() as interrupted:

        def stop() -> bool:
            return interrupted() or audience.gone is not None

        for event in train(job, progress, best, stop, Watcher(job), over=pace.over):
            write(event)
            audience.tell(event)
    assert isinstance(event, End)
    return event


def unheard(error: OSError, outcome: Outcome) -> TrickrunError:
    """Return the error of a run whose lines cannot be printed any more."""
    hint = f"continue with: trickrun train --resume {outcome.folder.path}"
    if not outcome.interrupted:
        hint = f"the run is finished: {outcome.folder.path}"
    told: TrickrunError
    if isinstance(error, BrokenPipeError):
        told = Unread("nobody reads the output any more", hint=hint)
    else:
        told = TrickrunError(error.strerror or str(error), str(error.filename or ""), hint)
    told.run = str(outcome.folder.path)
    return told


def finish(folder: RunFolder, job: RecipeJob, progress: Progress, end: End) -> Outcome:
    """Score the kept weights on the test split and write the closing line."""
    test: dict[str, float] = {}
    if end.stopped_by != "interrupt" and job.data.test is not None:
        prediction = predict(job, job.data.test.x)
        test = score(job, prediction, job.data.test, job.targets["test"])
        remember_answers(folder, job, "test", job.data.test, prediction)
    result = {
        "epochs": progress.step / job.span.per_epoch,
        "steps": progress.step,
        "stopped_by": end.stopped_by,
        "best": end.best,
        "test": test,
    }
    speed = progress.samples / max(progress.seconds, 1e-9)
    status = "interrupted" if end.stopped_by == "interrupt" else end.stopped_by
    timing = {"samples_per_second": speed, "seconds": progress.seconds}
    folder.log([{"kind": "end", **result, "stopped_by": status, "timing": timing}])
    result["samples_per_second"] = speed
    unmet = [] if end.stopped_by == "interrupt" else missed(job.recipe.expect, result)
    return Outcome(folder, result, unmet)


def explain(folder: RunFolder, job: RecipeJob, progress: Progress, error: NonFinite) -> Diverged:
    """Return the error for people: the step, and the layer where the first bad number arose."""
    if error.good is not None:
        folder_sink(folder, job.settings.log_every, job.settings.look_every)(error.good)
    fresh = compile_recipe(job.recipe, job.folder, job.data)
    saved = folder.load("last")
    begin = restore(fresh, saved) if saved else Progress()
    place = locate(fresh, begin, progress.history, error.step)
    hint = against_divergence(job.recipe)
    if place == BAD_INPUT:
        hint = "the data is finite, so data.normalize or an augmentation caused it"
    return Diverged(f"{error}: {place}", "training", hint)


def against_divergence(recipe: Recipe) -> str:
    """Return what to change in a recipe whose training diverges: nothing that it has already."""
    ways = ["lower optimizer.lr"]
    if recipe.optimizer.clip is None:
        ways.append("add optimizer.clip: 1.0")
    if recipe.data.normalize.kind_name == "none" and not recipe.data.token_ids:
        ways.append("set data.normalize: standard")
    return ", or ".join(ways)


@contextmanager
def failure_noted(folder: RunFolder) -> Iterator[None]:
    """Write into the folder what ended the run, and into the error where the run is."""
    again = f"trickrun train --resume {folder.path}"
    try:
        yield
    except KeyboardInterrupt as error:
        at_once = Interrupted("interrupted", hint=f"go on from the last checkpoint: {again}")
        at_once.run = str(folder.path)
        raise at_once from error
    except (Exception, SystemExit) as error:  # user code may call sys.exit
        if isinstance(error, TrickrunError):
            error.run = str(folder.path)
        if isinstance(error, CannotWrite):
            first = files.remedy(error.__cause__) if isinstance(error.__cause__, OSError) else ""
            again = f"continue with: {again}"
            error.hint = f"{first}, then {again}" if first else again
        if not isinstance(error, RunFolderError):
            reason = error.message if isinstance(error, TrickrunError) else repr(error)
            line = {"kind": "end", "stopped_by": "failed", "cause": cause(error), "reason": reason}
            with suppress(CannotWrite):  # what people must read is the first error
                folder.log([line])
        raise


def cause(error: BaseException) -> str:
    """Return the kind of failure; a run that met a non-finite number would meet it again."""
    if isinstance(error, Diverged):
        return "non_finite"
    if isinstance(error, Lost):
        return "lost"
    return "out_of_memory" if isinstance(error, TrainingFailed) else "error"
