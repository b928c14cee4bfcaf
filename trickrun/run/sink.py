"""What a training run writes to its folder, event by event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from trickrun.findings.evidence.run import Look
from trickrun.run.folder import RunFolder
from trickrun.training.events import Checkpoint, Evaluation, Event, TrainedSteps

Sink = Callable[[Event], None]


def folder_sink(folder: RunFolder, log_every: int, look_every: int) -> Sink:
    """Return the sink that writes events to the run folder, of steps each ``log_every``-th, and of
    looks those at each ``look_every``-th step."""

    def write(event: Event) -> None:
        if isinstance(event, TrainedSteps):
            folder.log(step_lines(event, log_every))
        elif isinstance(event, Look):
            if event.step % look_every == 0:
                folder.log([{"kind": "look", **asdict(event)}])
        elif isinstance(event, Evaluation):
            line = {"kind": "epoch", **event.values, "best": event.improved}
            folder.log([{**line, "timing": {"seconds": event.seconds}}])
        elif isinstance(event, Checkpoint):
            folder.save(event.state, vars(event.best) if event.best else None)

    return write


def step_lines(event: TrainedSteps, log_every: int) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl for the logged steps of a block."""
    lines = []
    for index, loss in enumerate(event.losses):
        step = event.first + index
        if step % log_every:
            continue
        line: dict[str, Any] = {"kind": "step", "step": step, "loss": loss, "lr": event.lrs[index]}
        if event.penalties:
            line["penalty"] = event.penalties[index]
        if step in event.gradient_norms:
            line["gradient_norm"] = event.gradient_norms[step]
        speed = event.samples / max(event.seconds, 1e-9)
        lines.append({**line, "timing": {"samples_per_second": speed}})
    return lines
