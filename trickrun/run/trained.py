"""A trained run, opened again: its weights, and the normalization and names it was trained with."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from math import prod
from pathlib import Path
from typing import Any

import torch

from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.normalizers._targets import LogScaler, TargetScaler, read_curves, told
from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import DATA_FILE, SplitData, Task, task_in
from trickrun.errors import RunFolderError
from trickrun.findings.evidence.constant import Constant
from trickrun.nn.columns import encoder_of
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe
from trickrun.run.folder import RunFolder
from trickrun.training.checkpoint_file import CheckpointName
from trickrun.training.compile import compile_to_measure
from trickrun.training.constant import ConstantAnswer, answer_of, scores_of
from trickrun.training.device import training_type
from trickrun.training.job import Job, RecipeJob
from trickrun.tricks.init.auto import Auto
from trickrun.tricks.optimizers.sgd import SGD

SCORES = tuple(field.name for field in fields(Constant))

MOST_NUMBERS = 2**28
"""In a sample: more is no sample, but a damaged file."""


def remember_data(folder: RunFolder, job: Job) -> None:
    """Write what predictions and `curves` need to know of the data that a run is trained on, what
    the shape of its model took from them, and what always giving the same answer scores."""
    answer = {"constant_answer": answer_as_json(job)}
    folder.write_json(DATA_FILE, facts_of(job) | answer)


def facts_of(job: Job) -> dict[str, Any]:
    """Return what predictions need to know of a job's data, as plain data."""
    data, encoder = job.data, encoder_of(job.model)
    return {
        "task": asdict(data.task),
        "shape": data.shape,
        "val_samples": len(data.val) if data.val is not None else 0,
        "normalized": data.normalized,
        # A float written as JSON and read again is the same float.
        "shift": values_or_none(data.scaler.shift),
        "scale": values_or_none(data.scaler.scale),
        "constant": data.scaler.constant,
        "notes": data.notes,
        **told(data.target_scaler),
        "encoded": None if encoder is None else encoder.sizes,
    }


def answer_as_json(job: Job) -> dict[str, Any] | None:
    """Return the best constant answer of a job's training part and its scores on each part."""
    answer = answer_of(job)
    if answer is None:
        return None
    scores = {name: asdict(constant) for name, constant in scores_of(answer, job.data).items()}
    return {
        "output": answer.output.tolist(),
        "usual": values_or_none(answer.usual),
        "scores": scores,
    }


def constant_scores(facts: Mapping[str, Any], part: str) -> Constant | None:
    """Return what a run's constant answer scores on a part, by its data.json; None if that does not
    tell, as that of an older version does not."""
    found = ((facts.get("constant_answer") or {}).get("scores") or {}).get(part)
    return None if found is None else Constant(**{name: found.get(name) for name in SCORES})


def known_answer(job: RecipeJob, facts: Mapping[str, Any]) -> ConstantAnswer | None:
    """Return a run's constant answer, by its data.json; None if that does not tell, or tells of
    another number of outputs.

    Args:
        job: of ``open_run``.
    """
    found = facts.get("constant_answer")
    if found is None or len(found["output"]) != job.loss_kind.outputs(job.data.task):
        return None
    usual = found["usual"]
    return ConstantAnswer(
        job.loss_kind,
        job.data.task,
        job.settings.label_smoothing,
        torch.tensor(found["output"], dtype=torch.float64),
        None if usual is None else torch.tensor(usual),
    )


def open_run(folder: RunFolder, checkpoint: CheckpointName | None = None) -> RecipeJob:
    """Return the job of a run with the weights that it ended with, ready to evaluate and predict.

    No data set is loaded: the job's splits are stand-ins, its scaler and task are the run's.
    It runs on CUDA where there is some, whatever the run was trained on.

    Args:
        checkpoint: whose weights are wanted; None: the best, unless the recipe says last.

    Raises:
        RunFolderError: the run has no weights yet, or its files cannot be read.
    """
    recipe = load(folder.path / "resolved.yaml").recipe
    recipe_folder = Path(folder.facts()["recipe_folder"])
    weights = last_weights(folder, recipe, checkpoint)
    data = stand_in(folder, training_type(recipe))
    job = compile_to_measure(for_predictions(recipe), recipe_folder, data)
    try:
        job.model.load_state_dict(weights)
    except RuntimeError as error:
        raise RunFolderError(
            f"the weights do not fit the model: {error}",
            str(folder.path),
            "was resolved.yaml or the model's code changed?",
        ) from error
    return job


def last_weights(
    folder: RunFolder, recipe: Recipe, checkpoint: CheckpointName | None = None
) -> dict[str, torch.Tensor]:
    """Return the model's state that training ended with: the best, unless the recipe says last.

    Args:
        checkpoint: another one that is wanted.
    """
    stopping = recipe.early_stopping
    usual: CheckpointName = "best" if stopping is None or stopping.restore_best else "last"
    name = checkpoint or usual
    saved = folder.saved(name)
    if saved is None:
        raise RunFolderError(
            f"this run has no trained weights ({name}.pt)",
            str(folder.path),
            "train it first, or continue it: trickrun train --resume RUN",
        )
    for notice in saved.notices:
        print(f"notice: {notice}", file=sys.stderr)
    found = saved.state
    average = found["average"] if name == "last" else None
    evaluated = average if average is not None and average["count"] else found
    state: dict[str, torch.Tensor] = evaluated["model"]
    return state


def for_predictions(recipe: Recipe) -> Recipe:
    """Return the recipe for a job whose weights are loaded and which is not trained."""
    changes: dict[str, Any] = {
        "init": Auto(),
        "augmentation": (),
        "early_stopping": None,
        "optimizer": SGD(),
        "data": recipe.data.model_copy(update={"batch_size": "full"}),
        "train": recipe.train.model_copy(update={"device": "auto", "accumulate": None}),
    }
    if recipe.model.continues_from is not None:
        # The run that it began with may be gone.
        changes["model"] = recipe.model.model_copy(update={"init_from": None})
    return recipe.model_copy(update=changes)


def stand_in(folder: RunFolder, dtype: torch.dtype = torch.float32) -> Prepared:
    """Return the run's data without its samples. Raises RunFolderError if it cannot be read.

    Args:
        dtype: of inputs that are numbers.
    """
    facts = folder.read_json(DATA_FILE)
    task = task_of(folder, facts)
    normalized = facts.get("normalized", False)
    with folder.reading(DATA_FILE):
        if not 0 < prod(facts["shape"]) <= MOST_NUMBERS:
            raise ValueError(f"shape is {facts['shape']}")
        scaler = scaler_of(facts, "", facts["shape"])
        target_scaler = target_scaler_of(facts, task.targets)
    # Two samples, as compiling tries the model on them and one has no batch statistics.
    inputs = torch.zeros(2, *facts["shape"], dtype=torch.int64 if task.vocabulary else dtype)
    targets = torch.zeros(inputs.shape if task.next_token else 2, dtype=torch.int64)
    if task.kind != "classification":
        targets = torch.zeros(2, task.targets, dtype=torch.float64)
    # A run of arithmetic 2 or lower normalized each batch of numbers, in float32.
    scaler = scaler if normalized else scaler.to(torch.float32)
    part = SplitData(inputs, targets)
    return Prepared(
        part,
        None,
        None,
        task,
        scaler,
        target_scaler,
        normalized,
        encoded=encoded_in(folder, facts, task),
    )


def encoded_in(folder: RunFolder, facts: Mapping[str, Any], task: Task) -> tuple[int, ...] | None:
    """Return how many numbers a run's network made of each column of numbers; None for one that
    takes all as they are, and for a run of an older version.

    Raises RunFolderError for what no run writes.
    """
    found = facts.get("encoded")
    if found is None:
        return None
    count = prod(facts["shape"]) - sum(rows > 0 for rows in task.rows)
    whole = isinstance(found, list) and all(type(size) is int and size >= 0 for size in found)
    if not whole or len(found) != count:
        raise RunFolderError(
            f"'encoded' is not a size for each of {count} numbers",
            str(folder.path / DATA_FILE),
            "restore the file, or train the run's recipe.yaml again",
        )
    return tuple(found)


def task_of(folder: RunFolder, facts: Mapping[str, Any]) -> Task:
    """Return the task that a run's data.json tells. Raises RunFolderError."""
    with folder.reading(DATA_FILE):
        task = task_in(facts)
        classes = task.kind == "classification"
        if classes and not 0 < task.classes == len(task.labels):
            raise ValueError(f"task.labels are {len(task.labels)}, task.classes {task.classes}")
        if not classes and not 0 < task.targets <= MOST_NUMBERS:
            raise ValueError(f"task.targets is {task.targets}")
        count = task.classes if classes else task.targets
        if len(task.priors) not in (0, count) or not all(0 <= p <= 1 for p in task.priors):
            raise ValueError("task.priors are not a share for each class or label")
    return task


def scaler_of(facts: Mapping[str, Any], which: str, shape: Sequence[int]) -> Scaler:
    """Return the scaler whose numbers a run's data.json tells. Raises ValueError.

    Args:
        which: how their names begin: empty for that of inputs, else target_.
        shape: of what it is for, one sample.
    """
    found = []
    # A run of an older version has no scaler of targets.
    for name in (f"{which}shift", f"{which}scale"):
        try:
            values = tensor_or_none(facts.get(name))
        except (TypeError, OverflowError, RuntimeError) as error:
            raise ValueError(f"{name} is not an array of numbers") from error
        if values is not None and not fits(values, shape):
            raise ValueError(f"{name} are not finite numbers for {list(shape)}")
        found.append(values)
    shift, scale = found
    return Scaler(shift, scale, () if which else tuple(facts["constant"]))


def target_scaler_of(facts: Mapping[str, Any], targets: int) -> TargetScaler:
    """Return the scaler of values to predict that a run's data.json tells. Raises ValueError."""
    form = facts.get("target_form")
    if form == "quantile":
        return read_curves(facts.get("target_curves"), targets)
    found = scaler_of(facts, "target_", [targets])
    if form is None:
        return found
    if form != "log" or found.off:
        raise ValueError(f"target_form is {form!r}, target_shift {facts.get('target_shift')}")
    return LogScaler(found)


def fits(values: torch.Tensor, shape: Sequence[int]) -> bool:
    """Return whether finite ``values`` broadcast against a sample of ``shape``."""
    places = list(zip(reversed(values.shape), reversed(shape), strict=False))
    fitting = len(values.shape) <= len(shape) and all(n in (1, size) for n, size in places)
    return fitting and bool(values.isfinite().all())


def values_or_none(tensor: torch.Tensor | None) -> Any:
    return None if tensor is None else tensor.tolist()


def tensor_or_none(values: Any) -> torch.Tensor | None:
    return None if values is None else torch.tensor(values, dtype=torch.float64)
