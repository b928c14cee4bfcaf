"""What a training run writes to its folder, record by record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from trickrun.findings.evidence.run import Look
from trickrun.run.folder import RunFolder
from trickrun.training.events import Checkpoint, Evaluation, Record, Steps

Sink = Callable[[Record], None]


def folder_sink(folder: RunFolder, log_every: int) -> Sink:
    """Return the sink that writes records to the run folder, of steps each ``log_every``-th."""

    def write(record: Record) -> None:
        if isinstance(record, Steps):
            folder.log(step_lines(record, log_every))
        elif isinstance(record, Look):
            folder.log([{"kind": "look", **asdict(record)}])
        elif isinstance(record, Evaluation):
            line = {"kind": "epoch", **record.values, "best": record.improved}
            folder.log([{**line, "timing": {"seconds": record.seconds}}])
        elif isinstance(record, Checkpoint):
            folder.save(record.state, vars(record.best) if record.best else None)

    return write


def step_lines(record: Steps, log_every: int) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl for the logged steps of a block."""
    lines = []
    for index, loss in enumerate(record.losses):
        step = record.first + index
        if step % log_every:
            continue
        line: dict[str, Any] = {"kind": "step", "step": step, "loss": loss, "lr": record.lrs[index]}
        if record.penalties:
            line["penalty"] = record.penalties[index]
        if step in record.gradient_norms:
            line["gradient_norm"] = record.gradient_norms[step]
        speed = record.samples / max(record.seconds, 1e-9)
        lines.append({**line, "timing": {"samples_per_second": speed}})
    return lines
