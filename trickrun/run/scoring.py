"""How good a trained run is on some samples: scores, confusion matrix, residuals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import repeat
from math import isnan
from pathlib import Path
from typing import Any

import torch

from trickrun.data.formats.paths import check_name
from trickrun.data.splits.source import Samples, SplitData, Task
from trickrun.errors import DataError
from trickrun.training.evaluation import predict, score
from trickrun.training.job import Job, RecipeJob, loss_function, prepared_target
from trickrun.tricks.metrics._labels import decided
from trickrun.tricks.metrics._mean import mean
from trickrun.tricks.metrics.auroc import AUROC
from trickrun.tricks.metrics.r2 import r2

MOST_IN_MATRIX = 200
"""Classes up to which the whole confusion matrix is told."""

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
    part = SplitData(job.data.held(samples.x), samples.y, samples.w).to(job.device)
    return SplitData(part.x, job.data.target_scaler(part.y), part.w)


def full_scores(
    job: Job, part: SplitData, prediction: torch.Tensor | None = None
) -> dict[str, Any]:
    """Return how good the model's predictions for ``part`` are.

    Args:
        prediction: the outputs for it, if they are not just the model's.

    The keys: samples, weighted (whether they have weights, which all scores then count by), scores
    (loss and the recipe's metrics), and for classes ``confusion`` and
    ``per_class``, for labels ``per_label``, for values ``per_target``.
    """
    task = job.data.task
    target = prepared_target(job.loss_kind, part, task, job.dtype)
    # The run's data are stand-ins, without weights, and another file may have some or not.
    smoothing = job.settings.label_smoothing
    loss = loss_function(job.loss_kind, part, task, job.folder, smoothing)
    job = replace(job, loss=loss)
    if prediction is None:
        prediction = predict(job, part.x)
    scores = job.loss_kind.scores(prediction, task)
    w = part.weight()
    told: dict[str, Any] = {
        "samples": len(part),
        "weighted": w is not None,
        "scores": score(job, prediction, part, target),
    }
    if task.kind == "classification":
        guess = scores.argmax(dim=-1).flatten()
        return told | class_scores(guess, part.y.flatten(), task.labels, w)
    if task.kind == "multilabel":
        return told | {"per_label": label_scores(scores, part.y, task.labels, w)}
    guess, actual = (job.data.in_own_unit(values) for values in (scores, part.y))
    return told | {"per_target": value_scores(guess, actual, task.labels, w)}


def class_scores(
    predicted: torch.Tensor,
    actual: torch.Tensor,
    labels: tuple[str, ...],
    weight: torch.Tensor | None = None,
) -> dict[str, Any]:
    """Return the confusion matrix and each class's precision, recall, F1 and support, which are
    sums of weights where samples have some.

    Args:
        predicted, actual: class indices [N].
        labels: the classes' names in index order.
        weight: of each sample [N]; None: all count alike.
    """
    from sklearn.metrics import precision_recall_fscore_support

    truth, guess, classes = actual.cpu(), predicted.cpu(), range(len(labels))
    rows = precision_recall_fscore_support(
        truth.numpy(),
        guess.numpy(),
        labels=list(classes),
        zero_division=0.0,
        sample_weight=None if weight is None else weight.numpy(),
    )
    names = ("precision", "recall", "f1", "support")
    columns = {name: row.tolist() for name, row in zip(names, rows, strict=True)}
    return {
        "confusion": {"labels": list(labels), **confusion(guess, truth, len(labels), weight)},
        "per_class": [
            {"label": labels[i], **{name: columns[name][i] for name in names}} for i in classes
        ],
    }


def confusion(
    predicted: torch.Tensor, actual: torch.Tensor, classes: int, weight: torch.Tensor | None = None
) -> dict[str, Any]:
    """Return how often each class was taken for each, or the weight of the samples that were: as
    ``matrix``, a row an actual class, and as ``cells``, those of its cells that have samples:
    actual class, predicted class, count.

    The matrix of more than MOST_IN_MATRIX classes is None: of 10,000 it would have 100 million
    cells, nearly all of them 0.
    """
    places, cell, counts = torch.unique(
        actual * classes + predicted, return_inverse=True, return_counts=True
    )
    if weight is not None:
        counts = torch.zeros(len(places), dtype=weight.dtype).index_add_(0, cell, weight)
    pairs = zip((places // classes).tolist(), (places % classes).tolist(), strict=True)
    cells = [[*pair, count] for pair, count in zip(pairs, counts.tolist(), strict=True)]
    matrix = None
    if classes <= MOST_IN_MATRIX:
        full = counts.new_zeros(classes * classes).index_put_((places,), counts)
        matrix = full.view(classes, classes).tolist()
    return {"matrix": matrix, "cells": cells}


ONE_LABEL = Task("multilabel", targets=1)


def label_scores(
    probabilities: torch.Tensor,
    actual: torch.Tensor,
    labels: tuple[str, ...],
    weight: torch.Tensor | None = None,
) -> list[dict[str, Any]]:
    """Return each label's accuracy, precision, recall, F1, AUROC and support.

    Precision, recall and F1 are 0 where they are 0 / 0. AUROC is None for a label that all samples
    have, or none. Support is how many have it, by their weights.

    Args:
        probabilities, actual: [N, labels]; actual ones are 0 or 1.
        labels: their names.
        weight: of each sample [N]; None: all count alike.
    """
    from sklearn.metrics import precision_recall_fscore_support

    guesses, actual, scores = decided(probabilities).cpu(), actual.cpu(), probabilities.cpu()
    each = None if weight is None else weight.numpy()
    told = []
    for index, label in enumerate(labels):
        truth, guess = actual[:, index], guesses[:, index]
        precision, recall, f1, _ = precision_recall_fscore_support(
            truth.numpy(), guess.numpy(), average="binary", zero_division=0.0, sample_weight=each
        )
        area = AUROC().compute(scores[:, [index]], actual[:, [index]], ONE_LABEL, weight)
        counted = truth if weight is None else truth * weight
        told.append(
            {
                "label": label,
                "accuracy": float(mean(guess == truth, weight)),
                "precision": float(precision),
                "recall": float(recall),
                "f1": float(f1),
                "auroc": None if isnan(area) else area,
                "support": int(counted.sum()) if weight is None else float(counted.sum()),
            }
        )
    return told


def value_scores(
    predicted: torch.Tensor,
    actual: torch.Tensor,
    labels: tuple[str, ...],
    weight: torch.Tensor | None = None,
) -> list[dict[str, Any]]:
    """Return MAE, RMSE, R² and the quantiles of prediction - target for each target.

    Quantiles count every sample alike, whatever its weight.

    R² is NaN for a single sample.

    Args:
        predicted, actual: values [N, targets].
        labels: the targets' names; may be empty.
        weight: of each sample [N]; None: all count alike.
    """
    told = []
    for index in range(actual.shape[1]):
        guess, truth = predicted[:, index].double().cpu(), actual[:, index].double().cpu()
        residual = guess - truth
        quantiles = torch.quantile(residual, torch.tensor(list(QUANTILES.values())).double())
        told.append(
            {
                "target": labels[index] if labels else f"target {index}",
                "mae": float(mean(residual.abs(), weight)),
                "rmse": float(mean(residual.square(), weight).sqrt()),
                "r2": r2(truth.unsqueeze(1), guess.unsqueeze(1), weight)
                if len(truth) > 1
                else float("nan"),
                "residuals": dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
            }
        )
    return told


def predictions(job: Job, x: torch.Tensor) -> Iterator[dict[str, Any]]:
    """Return a row a sample: the predicted class and each one's score, or each target's value.

    The rows are made one after another: those of many samples and classes would not fit in memory.

    Args:
        x: raw inputs of a file [N, *shape].

    Of labels a row has each one's 0 or 1 under its name, and its probability as p_LABEL. Class
    scores are called p_LABEL where they are probabilities, else score_LABEL. Of next tokens
    the row is about the token after the whole sample.
    """
    task = job.data.task
    outputs = predict(job, job.data.held(x).to(job.device))
    scores = job.loss_kind.scores(outputs[:, -1] if task.next_token else outputs, task)
    scores = job.data.in_own_unit(scores).cpu()
    if task.kind == "regression":
        names = task.labels or tuple(f"prediction_{i}" for i in range(task.targets))
        return (dict(zip(names, row.tolist(), strict=True)) for row in scores)
    if task.kind == "multilabel":
        return label_rows(scores, task.labels)
    sums_to_one = bool(((scores.double().sum(dim=1) - 1).abs() < 1e-3).all())
    prefix = "p" if sums_to_one and bool((scores >= 0).all()) else "score"
    names = tuple(f"{prefix}_{label}" for label in task.labels)
    chosen = (task.labels[i] for i in scores.argmax(dim=1).tolist())
    return (
        {"prediction": label, **dict(zip(names, shortest(row), strict=True))}
        for label, row in zip(chosen, scores, strict=True)
    )


def label_rows(probabilities: torch.Tensor, labels: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Return a row a sample: each label's 0 or 1 under its name, then the probabilities as p_LABEL.

    Args:
        probabilities: [N, labels].
    """
    said = decided(probabilities).to(torch.int64).tolist()
    names = tuple(f"p_{label}" for label in labels)
    return (
        dict(zip(labels, own, strict=True)) | dict(zip(names, shortest(row), strict=True))
        for own, row in zip(said, probabilities, strict=True)
    )


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
    kept: Mapping[str, Sequence[str]], rows: Iterable[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield ``rows`` of predictions with the cells of the samples that they are about.

    A prediction called as one of ``kept`` becomes ``predicted_…``.
    """
    cells = zip(*kept.values(), strict=True) if kept else repeat(())
    for row, found in zip(cells, rows, strict=bool(kept)):
        told = {f"predicted_{name}" if name in kept else name: v for name, v in found.items()}
        yield dict(zip(kept, row, strict=True)) | told


def shortest(x: torch.Tensor) -> list[float]:
    """Return [M] as numbers with the fewest digits that tell them apart in the type of ``x``: a
    float32 of 0.1 is 0.1, not 0.10000000149011612."""
    import numpy as np

    values = x.numpy()
    if values.dtype == np.float64:
        told: list[float] = values.tolist()
        return told
    return [float(str(value)) for value in values]
