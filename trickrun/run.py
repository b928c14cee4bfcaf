"""A whole training run in its folder: start, resume, score, and say how it ended."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from trickrun import environment
from trickrun.compiler import compile_recipe
from trickrun.errors import TrainingFailed
from trickrun.expect import missed
from trickrun.folder import RunFolder, create
from trickrun.job import Job
from trickrun.loop import (
    Checkpoint,
    End,
    Evaluation,
    NonFinite,
    Progress,
    Record,
    Steps,
    evaluate,
    restore,
    train,
)
from trickrun.nonfinite import locate
from trickrun.recipe.load import Loaded
from trickrun.recipe.schema import Recipe

Sink = Callable[[Record], None]


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


def start(
    loaded: Loaded,
    root: Path,
    command: list[str],
    recipe_folder: Path,
    parent: str | None = None,
) -> RunFolder:
    """Make the folder of a new run, with its recipe as written and as resolved.

    Args:
        recipe_folder: what the recipe's relative paths and python targets are relative to.
        parent: the run that this one goes on from, if it does.
    """
    folder = create(root, loaded.recipe.name)
    folder.write("recipe.yaml", loaded.text)
    resolved = loaded.recipe.model_dump(mode="json", by_alias=True)
    folder.write("resolved.yaml", yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True))
    facts = {"recipe_folder": str(recipe_folder.resolve()), "command": command, "parent": parent}
    folder.write_json("env.json", facts)
    return folder


def execute(
    folder: RunFolder,
    job: Job,
    progress: Progress,
    best: Any,
    command: list[str],
    sinks: list[Sink],
) -> Outcome:
    """Train ``job`` from ``progress`` into ``folder``.

    Args:
        best: the best evaluation's model state so far, or None.
        sinks: told of every record, after it is written.

    Raises:
        TrainingFailed: the loss became non-finite or memory ran out; the folder says so too.
    """
    facts = environment.describe(job.device, command, job.folder)
    folder.write_json("env.json", {**folder.read_json("env.json"), **facts})
    folder.write_json("tricks.json", [vars(touch) for touch in job.ledger])
    write = folder_sink(folder, job.recipe)
    end: End | None = None
    try:
        with stop_on_interrupt() as interrupted:
            for record in train(job, progress, best, interrupted):
                write(record)
                for sink in sinks:
                    sink(record)
                if isinstance(record, End):
                    end = record
    except NonFinite as error:
        raise failed(folder, explain(folder, job, error)) from error
    except torch.OutOfMemoryError as error:
        message = TrainingFailed(
            f"out of memory on {job.device}", "training", "use a smaller data.batch_size or model"
        )
        raise failed(folder, message) from error
    assert end is not None
    return finish(folder, job, progress, end)


def folder_sink(folder: RunFolder, recipe: Recipe) -> Sink:
    """Return the sink that writes records to the run folder."""

    def write(record: Record) -> None:
        if isinstance(record, Steps):
            folder.log(step_lines(record, recipe.train.log_every))
        elif isinstance(record, Evaluation):
            line = {"kind": "epoch", **record.values, "best": record.improved}
            folder.log([{**line, "timing": {"seconds": record.seconds}}])
        elif isinstance(record, Checkpoint):
            folder.save(record.state, record.best)

    return write


def step_lines(record: Steps, every: int) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl for the logged steps of a block."""
    lines = []
    for index, loss in enumerate(record.losses):
        step = record.first + index
        if step % every:
            continue
        line: dict[str, Any] = {"kind": "step", "step": step, "loss": loss, "lr": record.lrs[index]}
        if record.penalties:
            line["penalty"] = record.penalties[index]
        if step in record.gradient_norms:
            line["gradient_norm"] = record.gradient_norms[step]
        speed = record.samples / max(record.seconds, 1e-9)
        lines.append({**line, "timing": {"samples_per_second": speed}})
    return lines


def finish(folder: RunFolder, job: Job, progress: Progress, end: End) -> Outcome:
    """Score the kept weights on the test split and write the closing line."""
    test: dict[str, float] = {}
    if end.stopped_by != "interrupt" and job.data.test is not None:
        test = evaluate(job, job.data.test, job.targets["test"])
    result = {
        "epochs": progress.step / job.span.per_epoch,
        "steps": progress.step,
        "stopped_by": end.stopped_by,
        "best": end.best,
        "test": test,
    }
    speed = progress.samples / max(progress.seconds, 1e-9)
    status = "interrupted" if end.stopped_by == "interrupt" else end.stopped_by
    folder.log([{"kind": "end", **result, "stopped_by": status}])
    result["samples_per_second"] = speed
    unmet = [] if end.stopped_by == "interrupt" else missed(job.recipe.expect, result)
    return Outcome(folder, result, unmet)


def explain(folder: RunFolder, job: Job, error: NonFinite) -> TrainingFailed:
    """Return the error for people: the step, and the layer where the first bad number arose."""
    fresh = compile_recipe(job.recipe, job.folder)
    saved = folder.load("last")
    progress = restore(fresh, saved) if saved else Progress()
    place = locate(fresh, progress, error.step)
    return TrainingFailed(
        f"the loss became {error.loss} at step {error.step}: {place}",
        "training",
        "lower optimizer.lr, or add optimizer.clip: 1.0; check that the inputs are normalized",
    )


def failed(folder: RunFolder, error: TrainingFailed) -> TrainingFailed:
    """Write into the folder that the run failed, and return ``error``."""
    folder.log([{"kind": "end", "stopped_by": "failed", "reason": error.message}])
    return error


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or SIGTERM) into a flag; the second interrupts at once."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        asked.append(number)
        signal.signal(number, previous[signal.Signals(number)])

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in previous:
        signal.signal(number, note)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
