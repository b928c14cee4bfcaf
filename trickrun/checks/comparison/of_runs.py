"""Trained runs as results of a comparison: what their folders tell, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trickrun.data.splits.kept import PARTS
from trickrun.errors import RunFolderError, TrickrunError
from trickrun.recipe.load import Loaded
from trickrun.run.folder import RunFolder
from trickrun.search.details import Details, answers_of, columns, finite, samples_of
from trickrun.search.trial import Status, TrialResult

TRAIN = "train"
"""The engine of a run's own training."""


def trainings_in(folder: RunFolder) -> list[RunFolder]:
    """Return the trainings that a run's folder stands for: itself, or those of a check.

    Raises RunFolderError if it has none.
    """
    from trickrun.run.find import every

    if folder.metrics_file.exists():
        return [folder]
    own = [run for run in every(folder.own_runs) if run.metrics_file.exists()]
    if not own:
        raise RunFolderError(
            "there is no training in this folder",
            str(folder.path),
            "give runs of `trickrun train`, `curves` or `seeds`; `trickrun runs --all` lists them",
        )
    return own[::-1]


def result_of_run(folder: RunFolder, loaded: Loaded) -> tuple[TrialResult, str]:
    """Return a run's result, and what could not be read of its answers (empty: nothing).

    Raises RunFolderError if its files cannot be read.
    """
    lines = folder.metrics()
    rows = [line for line in lines if line["kind"] == "epoch"]
    end = folder.last_record if folder.ended_as == "finished" else {}
    best = dict(end.get("best") or next((r for r in reversed(rows) if r["best"]), {}))
    values = {k: v for k, v in best.items() if type(v) in (int, float)}
    params: dict[str, Any] = {"seed": loaded.recipe.seed}
    if folder.ended_as != "finished" or not values:
        last = folder.last_record
        reason = str(last.get("reason") or f"it is {folder.status}")
        status: Status = "diverged" if last.get("cause") == "non_finite" else "failed"
        return TrialResult(folder.id, params, status, None, {}, 0.0, TRAIN, reason), ""
    details, missing = details_in(folder, rows, end)
    seconds = seconds_of(rows, end, details.trained)
    found = TrialResult(folder.id, params, "finished", None, values, seconds, TRAIN)
    return replace(found, details=details), missing


def seconds_of(rows: list[dict[str, Any]], end: Mapping[str, Any], trained: int) -> float:
    """Return how long a run's training steps and evaluations took, as its log tells."""
    speed = number_in(end, "samples_per_second")
    evaluations = sum(number_in(row, "seconds") for row in rows)
    return evaluations + (trained / speed if speed > 0 else 0.0)


def number_in(line: Mapping[str, Any], name: str) -> float:
    """Return a number of a line's timing; 0 if it tells none."""
    timing = line.get("timing")
    value = timing.get(name) if isinstance(timing, dict) else None
    return float(value) if isinstance(value, int | float) else 0.0


def details_in(
    folder: RunFolder, rows: list[dict[str, Any]], end: Mapping[str, Any]
) -> tuple[Details, str]:
    """Return the details of a run that has ended, and why its answers are not among them."""
    answers, truth, labels, samples, missing = None, None, [], "", ""
    parameters, sizes = 0, (0, 0, 0)
    test = end.get("test") or {}
    part = "test" if test else "val"
    best = end.get("best") or {}
    scores = test or {k.removeprefix("val_"): v for k, v in best.items() if k.startswith("val_")}
    try:
        from trickrun.run.kept_split import find_part, read_split
        from trickrun.run.trained import open_run
        from trickrun.training.evaluation import predict

        job = open_run(folder)
        parameters = sum(p.numel() for p in job.model.parameters() if p.requires_grad)
        kept = read_split(folder)
        if kept is None:
            missing = "it keeps no split"
        else:
            train, val, last = (len(kept.members(name)) for name in PARTS)
            sizes = (train, val, last)
            found = find_part(job, kept, part)
            if found.missing:
                missing = f"{found.missing} samples of its {part} part are gone"
            else:
                prediction = predict(found.job, found.samples.x)
                answers, truth = answers_of(found.job, found.samples, prediction)
                labels = list(job.data.task.labels) if answers is not None else []
                samples = samples_of(kept, part, found.samples)
    except TrickrunError as error:
        missing = str(error)
    steps = int(end.get("steps") or 0)
    details = Details(
        columns(rows),
        "test" if part == "test" else "val",
        {name: finite(value) for name, value in scores.items()},
        answers,
        truth,
        labels,
        samples,
        parameters,
        steps,
        round(float(end.get("epochs") or 0) * sizes[0]),
        sizes,
    )
    return details, missing
