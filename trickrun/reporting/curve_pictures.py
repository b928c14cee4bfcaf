"""Pictures of runs' curves: loss, metric, learning rate and gradient norm."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from trickrun.findings.verdict import Verdict
from trickrun.reporting.line_plot import draw
from trickrun.reporting.panels import Line, Marker, Panel

TRAINING, VALIDATION = 0, 2
"""Colors (see svg.COLORS) of a single run's lines. The one between them marks the best epoch."""

WIDE = 50.0
"""Losses that span a larger factor are drawn on a logarithmic axis."""

COUNTED = 8
"""Runs beyond this are drawn, but do not get a name in the legend."""


FEW = 5
"""Evaluations; fewer are drawn as they are, as a mean of neighbors is not their course."""


def pictures(verdict: Verdict) -> dict[str, str]:
    """Return file names and SVG documents, one a panel."""
    return {f"curves-{place}.svg": draw([panel]) for place, panel in enumerate(panels(verdict), 1)}


def panels(verdict: Verdict) -> list[Panel]:
    """Return a panel each for what the runs of `curves` logged; those without values are left
    out, but for an empty first one."""
    runs = list(zip(verdict.series["curves"], verdict.series["steps"], strict=True))
    found = [loss(runs, verdict), metric(runs)]
    found.append(of_steps(runs, "lr", "Learning rate", "learning rate"))
    found.append(of_steps(runs, "gradient_norm", "Gradient norm before clipping", "2-norm"))
    drawn = [panel for panel in found if any(len(line.x) > 1 for line in panel.lines)]
    return drawn or found[:1]


Run = tuple[dict[str, Any], dict[str, Any]]
"""The evaluations' columns of a run, and its steps'."""


def loss(runs: Sequence[Run], verdict: Verdict) -> Panel:
    """Return a run's training and validation loss, or the loss of each of several runs."""
    curves = runs[0][0]
    if len(runs) == 1:
        lines = smoothed_line(curves, "train_loss", "training", TRAINING)
        lines += smoothed_line(curves, "val_loss", "validation", VALIDATION)
        title, marked = "Loss", markers(verdict)
    else:
        name = "val_loss" if curves["val_loss"] else "train_loss"
        columns = [
            smoothed_line(run, name, named(runs, i, ""), i) for i, (run, _) in enumerate(runs)
        ]
        lines = [line for column in columns for line in column]
        title, marked = "Validation loss" if name == "val_loss" else "Training loss", []
    values = [y for line in lines for y in line.y if math.isfinite(y)]
    log = bool(values) and min(values) > 0 and max(values) > WIDE * min(values)
    if all(run["baseline"] == curves["baseline"] for run, _ in runs):
        lines += constant_answer(curves, log)
    y_label = "loss (logarithmic)" if log else "loss"
    return Panel(title, "epoch", y_label, lines, marked, log_y=log)


def smoothed_line(curves: dict[str, Any], column: str, name: str, color: int) -> list[Line]:
    """Return a loss as measured, faint, and as it was judged."""
    x, raw = curves["epochs"], curves[column]
    if len(raw) < FEW:
        return [Line(name, x, raw, color=color)] if raw else []
    smooth = Line(name, x, curves["smoothed"][column], color=color)
    return [Line("", x, raw, faint=True, color=color), smooth] if raw else []


def constant_answer(curves: dict[str, Any], log: bool) -> list[Line]:
    """Return the level that a constant answer has, if the curve comes near it."""
    base, x = curves["baseline"], curves["epochs"]
    if not curves.get("baseline_known", True):
        return []
    if len(x) < 2 or (not log and base > 2 * max(curves["train_loss"])):
        return []
    return [Line("constant answer", [x[0], x[-1]], [base, base], level=True)]


def markers(verdict: Verdict) -> list[Marker]:
    """Return the best epoch, and where overfitting begins."""
    best = verdict.result["runs"][0]["best_epoch"]
    found = [Marker("best", best, main=True)] if best is not None else []
    onsets = [f.evidence["from_epoch"] for f in verdict.findings if "from_epoch" in f.evidence]
    return found + [Marker("overfitting begins", onset) for onset in onsets[:1]]


def metric(runs: Sequence[Run]) -> Panel:
    """Return the watched metric on the validation split; of several runs, the metric of most."""
    single = len(runs) == 1
    watched = Counter(run["metric"] for run, _ in runs if run["metric"] and run["values"])
    name = watched.most_common(1)[0][0] if watched else "metric"
    lines = [
        Line(named(runs, i, ""), run["epochs"], run["values"], color=VALIDATION if single else i)
        for i, (run, _) in enumerate(runs)
        if run["values"] and run["metric"] == name
    ]
    return Panel(f"Validation {name}", "epoch", name, lines)


def of_steps(runs: Sequence[Run], column: str, title: str, y_label: str) -> Panel:
    """Return what was logged of the steps, over epochs."""
    ratios = [epochs_per_step(curves) for curves, _ in runs]
    in_epochs = None not in ratios
    lines = []
    for index, ((_, steps), ratio) in enumerate(zip(runs, ratios, strict=True)):
        scale = ratio if in_epochs and ratio is not None else 1.0
        values = zip(steps["step"], steps[column], strict=True)
        known = [(step * scale, value) for step, value in values if value is not None]
        x, y = [point[0] for point in known], [point[1] for point in known]
        lines.append(Line(named(runs, index, ""), x, y, color=index))
    x_label = "epoch" if in_epochs else "step"
    return Panel(title, x_label, y_label, lines, log_y=column == "gradient_norm")


def epochs_per_step(curves: dict[str, Any]) -> float | None:
    """Return the share of an epoch that a run's step is; None if it came to no evaluation."""
    if not curves["epochs"]:
        return None
    return float(curves["epochs"][-1] / curves["steps"][-1])


def named(runs: Sequence[Run], index: int, word: str) -> str:
    """Return a line's name: what it is, or, of several, which run's."""
    if len(runs) == 1:
        return word
    curves = runs[index][0]
    # Older versions kept no names.
    return str(curves.get("name") or curves["run"][-4:]) if index < COUNTED else ""
