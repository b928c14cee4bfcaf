"""How good a trained run is on some samples: scores, confusion matrix, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from trickrun.data.formats.paths import check_name
from trickrun.data.splits.source import Samples, SplitData
from trickrun.errors import DataError
from trickrun.training.evaluation import predict, score
from trickrun.training.job import Job, RecipeJob, prepare_targets
from trickrun.tricks.metrics.r2 import r2

QUANTILES = {"min": 0.0, "5%": 0.05, "25%": 0.25, "median": 0.5, "75%": 0.75, "95%": 0.95, "max": 1}


def file_part(job: RecipeJob, path: Path) -> SplitData:
    """Return the samples of another file, read as the run's own data. Raises DataError."""
    return part_of(job, samples_in(job, path), path)


def samples_in(job: RecipeJob, path: Path) -> Samples:
    """Return what is in another file, read as the run's own data. Raises DataError."""
    check_name(path)
    return job.recipe.data.load_file(path, job.data.task, job.data.shape)


def part_of(job: RecipeJob, samples: Samples, path: Path) -> SplitData:
    """Return what is in the file ``path``, to be scored. Raises DataError if it has no targets."""
    if samples.y is None:
        raise DataError(
            "it has no targets to compare with", str(path), "trickrun predict needs none"
        )
    part = SplitData(job.data.held(samples.x), samples.y).to(job.device)
    return SplitData(part.x, job.data.target_scaler(part.y))


def full_scores(
    job: Job, part: SplitData, prediction: torch.Tensor | None = None
) -> dict[str, Any]:
    """Return how good the model's predictions for ``part`` are.

    Args:
        prediction: the outputs for it, if they are not just the model's.

    The keys: samples, scores (loss and the recipe's metrics), and for classes ``confusion`` and
    ``per_class``, for values ``per_target``.
    """
    with_part = replace(job.data, test=part)
    target = prepare_targets(job.loss_kind, with_part, job.dtype)["test"]
    if prediction is None:
        prediction = predict(job, part.x)
    scores = job.loss_kind.scores(prediction, job.data.task)
    told: dict[str, Any] = {"samples": len(part), "scores": score(job, prediction, part.y, target)}
    if job.data.task.kind == "classification":
        guess = scores.argmax(dim=-1).flatten()
        return told | class_scores(guess, part.y.flatten(), job.data.task.labels)
    guess, actual = (job.data.in_own_unit(values) for values in (scores, part.y))
    return told | {"per_target": value_scores(guess, actual, job.data.task.labels)}


def class_scores(
    predicted: torch.Tensor, actual: torch.Tensor, labels: tuple[str, ...]
) -> dict[str, Any]:
    """Return the confusion matrix and each class's precision, recall, F1 and support.

    Args:
        predicted, actual: class indices [N].
        labels: the classes' names in index order.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    truth, guess, classes = actual.cpu().numpy(), predicted.cpu().numpy(), range(len(labels))
    matrix = confusion_matrix(truth, guess, labels=list(classes))
    rows = precision_recall_fscore_support(truth, guess, labels=list(classes), zero_division=0.0)
    names = ("precision", "recall", "f1", "support")
    columns = {name: row.tolist() for name, row in zip(names, rows, strict=True)}
    return {
        "confusion": {"labels": list(labels), "matrix": matrix.tolist()},
        "per_class": [
            {"label": labels[i], **{name: columns[name][i] for name in names}} for i in classes
        ],
    }


def value_scores(
    predicted: torch.Tensor, actual: torch.Tensor, labels: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return MAE, RMSE, R² and the quantiles of prediction - target for each target.

    R² is NaN for a single sample.

    Args:
        predicted, actual: values [N, targets].
        labels: the targets' names; may be empty.
    """
    told = []
    for index in range(actual.shape[1]):
        guess, truth = predicted[:, index].double().cpu(), actual[:, index].double().cpu()
        residual = guess - truth
        quantiles = torch.quantile(residual, torch.tensor(list(QUANTILES.values())).double())
        told.append(
            {
                "target": labels[index] if labels else f"target {index}",
                "mae": float(residual.abs().mean()),
                "rmse": float(residual.square().mean().sqrt()),
                "r2": r2(truth.unsqueeze(1), guess.unsqueeze(1))
                if len(truth) > 1
                else float("nan"),
                "residuals": dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
            }
        )
    return told


def predictions(job: Job, x: torch.Tensor) -> list[dict[str, Any]]:
    """Return a row a sample: the predicted label and each class's score, or each target's value.

    Args:
        x: raw inputs of a file [N, *shape].

    Class scores are called p_LABEL where they are probabilities, else score_LABEL. Of next tokens
    the row is about the token after the whole sample.
    """
    task = job.data.task
    outputs = predict(job, job.data.held(x).to(job.device))
    scores = job.loss_kind.scores(outputs[:, -1] if task.next_token else outputs, task)
    scores = job.data.in_own_unit(scores).cpu()
    if task.kind == "regression":
        names = task.labels or tuple(f"prediction_{i}" for i in range(task.targets))
        return [dict(zip(names, row, strict=True)) for row in scores.tolist()]
    sums_to_one = bool(((scores.double().sum(dim=1) - 1).abs() < 1e-3).all())
    prefix = "p" if sums_to_one and bool((scores >= 0).all()) else "score"
    names = tuple(f"{prefix}_{label}" for label in task.labels)
    chosen = [task.labels[i] for i in scores.argmax(dim=1).tolist()]
    return [
        {"prediction": label, **dict(zip(names, row, strict=True))}
        for label, row in zip(chosen, shortest(scores), strict=True)
    ]


def kept_columns(samples: Samples, asked: Sequence[str], where: str) -> dict[str, Sequence[str]]:
    """Return the columns that stand before the predictions, each with a cell a sample.

    Args:
        asked: their names; one may be several, with commas between them. None: the usual ones.
        where: the file, for errors.

    Raises DataError for a column that is not there.
    """
    wanted = [
        name
        for words in asked
        for name in ([words] if words in samples.columns else words.split(","))
    ]
    for name in wanted:
        if name not in samples.columns:
            close = get_close_matches(name, samples.columns, n=1)
            known = ", ".join(samples.columns)
            hint = f"its columns are {known}" if known else "it has no columns with names"
            raise DataError(
                f"there is no column {name!r} (--keep)",
                where,
                f"did you mean {close[0]!r}?" if close else hint,
            )
    return {name: samples.columns[name] for name in wanted or samples.told}


def beside(
    kept: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return ``rows`` of predictions with the cells of the samples that they are about.

    A prediction called as one of ``kept`` becomes ``predicted_…``.
    """
    cells = zip(*kept.values(), strict=True) if kept else [()] * len(rows)
    return [
        dict(zip(kept, row, strict=True))
        | {f"predicted_{name}" if name in kept else name: value for name, value in found.items()}
        for row, found in zip(cells, rows, strict=True)
    ]


def shortest(x: torch.Tensor) -> list[list[float]]:
    """Return the rows of [N, M] as numbers with the fewest digits that tell them apart in the type
    of ``x``: a float32 of 0.1 is 0.1, not 0.10000000149011612."""
    import numpy as np

    values = x.numpy()
    if values.dtype == np.float64:
        return x.tolist()
    return [[float(str(value)) for value in row] for row in values]
