"""A run's loss curves in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trickrun.reporting.terminal_plot import Series, plot

WIDE_RANGE = 50.0
"""Losses that span a larger factor are drawn on a logarithmic axis."""


def loss_curves(records: Sequence[dict[str, Any]], width: int) -> list[str]:
    """Return the plot of training and validation loss over epochs; nothing of one evaluation.

    Args:
        records: the lines of metrics.jsonl.
        width: characters of a line.
    """
    evaluations = [record for record in records if record["kind"] == "epoch"]
    if len(evaluations) < 2:
        return []
    series = []
    for name in ("train_loss", "val_loss"):
        known = [e for e in evaluations if e.get(name) is not None]
        if known:
            epochs = [float(e["epoch"]) for e in known]
            series.append(Series(name, epochs, [float(e[name]) for e in known]))
    losses = [loss for one in series for loss in one.y]
    log = bool(losses) and min(losses) > 0 and max(losses) > WIDE_RANGE * min(losses)
    label = "loss (logarithmic)" if log else "loss"
    return [plot(series, "loss curves", "epoch", label, log_y=log, width=width)]
