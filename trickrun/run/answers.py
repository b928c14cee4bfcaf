"""What a trained run answered on a part of its data: which class was taken for which, and the
samples that it was most surely wrong about.

`train` writes it after scoring the test part, whose predictions it has then; pages are made of it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from math import prod
from typing import Any

import torch

from trickrun.data.splits.source import SplitData, Task
from trickrun.run.folder import RunFolder
from trickrun.run.scoring import confusion, shortest, value_scores
from trickrun.training.job import Job
from trickrun.tricks.metrics._labels import decided

ANSWERS = "answers.json"
"""The file in a run folder."""

VERSION = 1

MOST_WRONG = 24
"""Samples that are kept."""

MOST_CELLS = 12
"""Numbers of a sample that are kept; of the others it is said how many there are."""

MOST_TOKENS = 80
"""Tokens of a text that are kept, the last ones before the answer."""

MOST_POINTS = 300
"""Pairs of a true and a predicted value that are kept, at even distances in the part."""

MOST_CONFUSIONS = 50_000
"""Cells of the confusion matrix with samples; of more, none are kept."""

DIM = 64
"""Images of bytes that are all darker use another range, as the 0 to 16 of digits."""

SIDE = 112
"""Pixels; a larger image is kept smaller."""

Wrong = list[dict[str, Any]]


def remember_answers(
    folder: RunFolder, job: Job, name: str, part: SplitData, prediction: torch.Tensor
) -> None:
    """Write what a run answered on a part into its folder; see ``answers``."""
    folder.write_json(ANSWERS, answers(job, name, part, prediction))


@torch.inference_mode()
def answers(job: Job, name: str, part: SplitData, prediction: torch.Tensor) -> dict[str, Any]:
    """Return what the model answered on a part, as plain data.

    Args:
        name: of the part.
        prediction: the model's outputs [N, ..., outputs] for it.

    The keys: part, samples, weighted, parameters (of the model), probabilities (whether what stands
    beside an answer is one), wrong, and for classes ``cells`` (see ``scoring.confusion``), for
    labels ``labels``, for values ``targets`` (see ``scoring.value_scores``) and ``points``.
    """
    task = job.data.task
    scores = job.data.in_own_unit(job.loss_kind.scores(prediction, task)).cpu()
    weight = part.weight()
    told: dict[str, Any] = {
        "version": VERSION,
        "part": name,
        "samples": len(part),
        "weighted": weight is not None,
        "parameters": sum(parameter.numel() for parameter in job.model.parameters()),
        "probabilities": task.kind == "multilabel" or are_probabilities(scores, task),
    }
    if task.kind == "classification":
        return told | of_classes(job, part, scores, weight)
    if task.kind == "multilabel":
        return told | of_labels(job, part, scores)
    return told | of_values(job, part, scores, weight)


def are_probabilities(scores: torch.Tensor, task: Task) -> bool:
    """Whether class scores [N, ..., classes] are probabilities."""
    if task.kind != "classification" or scores.numel() == 0:
        return False
    sums = scores.double().sum(dim=-1)
    return bool(((sums - 1).abs() < 1e-3).all()) and bool((scores >= 0).all())


def of_classes(
    job: Job, part: SplitData, scores: torch.Tensor, weight: torch.Tensor | None
) -> dict[str, Any]:
    """Return the confusions, and the wrong answers with the highest score.

    Args:
        scores: of the classes [N, classes], or [N, T, classes] of next tokens.
    """
    task, truth = job.data.task, part.y.cpu()
    best, guess = scores.max(dim=-1)
    # A sample of next tokens has a weight for all of its places.
    each = None if weight is None else weight.view(-1, *[1] * (truth.ndim - 1)).expand_as(truth)
    cells = confusion(
        guess.flatten(), truth.flatten(), task.classes, None if each is None else each.flatten()
    )["cells"]
    places = surest(best.flatten(), (guess != truth).flatten())
    length = truth[0].numel() if len(truth) else 1
    of_truth = scores.gather(-1, truth.unsqueeze(-1)).flatten()
    wrong = [
        {
            "sample": place // length,
            "answer": task.labels[guess.flatten()[place]],
            "truth": task.labels[truth.flatten()[place]],
            "score": shortest(best.flatten()[place : place + 1])[0],
            "truth_score": shortest(of_truth[place : place + 1])[0],
        }
        for place in places
    ]
    ends = [place % length + 1 if task.next_token else None for place in places]
    return {
        "cells": cells if len(cells) <= MOST_CONFUSIONS else None,
        "wrong": with_inputs(job, part, wrong, ends),
    }


def of_labels(job: Job, part: SplitData, scores: torch.Tensor) -> dict[str, Any]:
    """Return how often each label was right and wrong, and the answers furthest from the truth.

    Args:
        scores: the probability of each label [N, labels].
    """
    labels, truth = job.data.task.labels, part.y.cpu()
    said = decided(scores)
    counts = [
        {
            "label": label,
            "right": int((truth[:, i] * said[:, i]).sum()),
            "false_alarms": int(((1 - truth[:, i]) * said[:, i]).sum()),
            "missed": int((truth[:, i] * (1 - said[:, i])).sum()),
        }
        for i, label in enumerate(labels)
    ]
    distance = (scores - truth).abs()
    places = surest(distance.flatten(), (said != truth).flatten())
    wrong = []
    for place in places:
        sample, label = place // len(labels), place % len(labels)
        has = bool(truth[sample, label])
        probability = shortest(scores[sample, label : label + 1])[0]
        wrong.append(
            {
                "sample": sample,
                "answer": f"not {labels[label]}" if has else labels[label],
                "truth": labels[label] if has else f"not {labels[label]}",
                "score": 1 - probability if has else probability,
                "truth_score": probability if has else 1 - probability,
            }
        )
    return {"labels": counts, "wrong": with_inputs(job, part, wrong)}


def of_values(
    job: Job, part: SplitData, scores: torch.Tensor, weight: torch.Tensor | None
) -> dict[str, Any]:
    """Return the errors of each target, and the samples with the largest, in the targets' units.

    Errors of several targets are compared as shares of each target's RMSE.

    Args:
        scores: predicted values [N, targets].
    """
    task = job.data.task
    truth = job.data.in_own_unit(part.y).cpu()
    told = value_scores(scores, truth, task.labels, weight)
    usual = torch.tensor([max(row["rmse"], 1e-300) for row in told], dtype=torch.float64)
    error = (scores.double() - truth.double()).abs() / usual
    count = len(told)
    places = surest(error.flatten(), (error > 0).flatten())
    wrong = [
        {
            "sample": place // count,
            "target": told[place % count]["target"],
            "answer": float(scores[place // count, place % count]),
            "truth": float(truth[place // count, place % count]),
        }
        for place in places
    ]
    rows = torch.linspace(0, max(len(truth) - 1, 0), min(len(truth), MOST_POINTS)).round().long()
    points = torch.stack([truth[rows].double(), scores[rows].double()], dim=-1)
    return {
        "targets": told,
        "points": points.transpose(0, 1).tolist(),
        "wrong": with_inputs(job, part, wrong),
    }


def surest(score: torch.Tensor, wrong: torch.Tensor) -> list[int]:
    """Return the places [M] of the wrong answers with the highest score; of equal scores the first
    ones."""
    places = wrong.nonzero().flatten()
    order = score[places].argsort(descending=True, stable=True)[:MOST_WRONG]
    found: list[int] = places[order].tolist()
    return found


def with_inputs(
    job: Job, part: SplitData, wrong: Wrong, ends: Sequence[int | None] | None = None
) -> Wrong:
    """Return wrong answers with what was asked, as it can be shown; see ``shown_inputs``."""
    if not wrong:
        return []
    indices = torch.tensor([row["sample"] for row in wrong], device=part.x.device)
    shown = shown_inputs(job, part.x[indices], ends or [None] * len(wrong))
    return [{**row, "input": one} for row, one in zip(wrong, shown, strict=True)]


def shown_inputs(job: Job, x: torch.Tensor, ends: Sequence[int | None]) -> list[dict[str, Any]]:
    """Return inputs [N, *shape] of a split in a form that can be shown.

    That is ``image`` (a PNG file in base64), ``text``, or ``cells`` (pairs of a name and a number
    or a category), with ``left_out``: how many numbers there are besides.

    Args:
        ends: how many tokens of each belong to it; None: all.
    """
    task, shape = job.data.task, job.data.shape
    if task.vocabulary:
        return [
            {"text": text_of(row[:end], task)} for row, end in zip(x.tolist(), ends, strict=True)
        ]
    values = job.data.original(x).cpu()
    if len(shape) == 3 and shape[0] in (1, 3):
        return images(values, of_bytes=job.data.raw(x[:1]).dtype == torch.uint8)
    if len(shape) == 1:
        return [row_of(row, task) for row in values.tolist()]
    numbers = values.flatten(1)[:, :MOST_CELLS].tolist()
    left_out = max(0, prod(shape) - MOST_CELLS)
    return [
        {"cells": [[f"{place}", v] for place, v in enumerate(row)], "left_out": left_out}
        for row in numbers
    ]


def text_of(ids: Sequence[int], task: Task) -> str:
    """Return token ids as text: words apart, characters not."""
    tokens = [task.vocabulary[index] for index in ids if task.vocabulary[index] != "<padding>"]
    between = "" if all(len(token) == 1 for token in task.vocabulary[2:]) else " "
    cut = "…" if len(tokens) > MOST_TOKENS else ""
    return cut + between.join(tokens[-MOST_TOKENS:])


def row_of(row: Sequence[float], task: Task) -> dict[str, Any]:
    """Return a table's row as names and values; the columns that a category was spread over, such
    as ``color=red``, as the category."""
    categories = {each.column: ("unknown", *each.known) for each in task.categories}
    names = task.features or [f"x{place}" for place in range(len(row))]
    cells: dict[str, Any] = {}
    for name, value in zip(names, row, strict=False):
        column, _, category = name.rpartition("=")
        known = categories.get(name)
        if column and value in (0.0, 1.0) and is_spread(column, names):
            cells.setdefault(column, "none")
            cells[column] = category if value else cells[column]
        elif known is not None and value == int(value) and 0 <= value < len(known):
            cells[name] = known[int(value)]
        else:
            cells[name] = value
    shown = [[name, value] for name, value in cells.items()]
    return {"cells": shown[:MOST_CELLS], "left_out": max(0, len(shown) - MOST_CELLS)}


def is_spread(column: str, names: Sequence[str]) -> bool:
    """Whether a table's column is spread over several features: column=category."""
    return column not in names and sum(name.startswith(f"{column}=") for name in names) > 1


def images(values: torch.Tensor, of_bytes: bool) -> list[dict[str, Any]]:
    """Return images [N, C, H, W] as PNG files, from black at the smallest of their numbers to white
    at the largest; those of bytes that use their range as they are."""
    from PIL import Image

    low, high = float(values.min()), float(values.max())
    if of_bytes and high > DIM:
        low, high = 0.0, 255.0
    grey = ((values - low) / max(high - low, 1e-12) * 255).nan_to_num().clamp(0, 255).round()
    found = []
    for image in grey.to(torch.uint8):
        pixels = image.permute(1, 2, 0) if len(image) == 3 else image[0]
        picture = Image.fromarray(pixels.contiguous().numpy())
        picture.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        picture.save(file, "PNG")
        size = [int(image.shape[-1]), int(image.shape[-2])]
        found.append({"image": base64.b64encode(file.getvalue()).decode(), "size": size})
    return found
