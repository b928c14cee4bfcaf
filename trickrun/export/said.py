"""``preprocessing.json``: all that an exported program must know of its samples and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from trickrun.data._images import Images
from trickrun.data.csv import Csv
from trickrun.data.formats.cells import Missing
from trickrun.data.text import TEXT_COLUMN, Text
from trickrun.export.sources import CannotExport
from trickrun.training.job import RecipeJob
from trickrun.tricks.losses import Loss

SCORES = {"cross_entropy": "softmax", "nll": "exp"}
"""What makes class scores of outputs, for each loss that does not leave them as they are."""


def said_of(job: RecipeJob, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the run's programs must know, as plain data.

    Args:
        facts: the run's data.json.
    """
    task, data = job.data.task, job.recipe.data
    missing = Missing.of(task.missing_values)
    csv = data if isinstance(data, Csv) else None
    told: dict[str, Any] = {
        "task": task.kind,
        "next_token": task.next_token,
        "shape": list(job.data.shape),
        "labels": list(task.labels),
        "scores": scores_of(job),
        "dtype": str(job.dtype).removeprefix("torch."),
        "precision": job.recipe.train.precision,
        "vocabulary": list(task.vocabulary),
        "features": list(task.features),
        "fills": list(task.fills),
        "categories": [asdict(each) for each in task.categories],
        "unseen": task.unseen,
        "types": [asdict(each) for each in task.types],
        "missing_words": sorted(missing.words),
        "missing_numbers": sorted(missing.values),
        "normalized": facts.get("normalized", False),
        "channels": getattr(data, "channels", "auto"),
        "delimiter": getattr(data, "delimiter", None),
        "header": csv.header if csv is not None else True,
        "targets": list(targets_of(job)),
        "ignored": list(csv.drop) + list(csv.weights) if csv is not None else [],
    }
    names = ("shift", "scale", "target_shift", "target_scale", "target_form", "target_curves")
    told |= {name: facts.get(name) for name in names}
    if isinstance(data, Text):
        told |= {"level": data.level, "column": data.column or TEXT_COLUMN}
    if isinstance(data, Images):
        told["range"] = data.range
    return told


def targets_of(job: RecipeJob) -> tuple[str, ...]:
    """Return the columns of a table that hold targets."""
    data = job.recipe.data
    if isinstance(data, Csv):
        return data.targets
    if isinstance(data, Text):
        return () if data.target is None else (data.target,)
    task = job.data.task
    return task.labels if task.kind != "classification" and task.labels else ("target",)


def scores_of(job: RecipeJob) -> str:
    """Return what makes scores of the network's outputs. Raises CannotExport if that is not
    known."""
    loss, task = job.loss_kind, job.data.task
    if loss.kind_name == "bce":
        return "sigmoid" if task.kind == "multilabel" else "two"
    if loss.kind_name in SCORES:
        return SCORES[loss.kind_name]
    if type(loss).scores is not Loss.scores:
        raise CannotExport(
            f"cannot be exported: loss {loss.kind_name} makes scores in a way that has no plain "
            "form",
            "loss",
        )
    return "as_they_are"
