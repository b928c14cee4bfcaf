"""``train --stop-when lost``: end a run that is clearly lost, instead of burning hours."""

from __future__ import annotations

from trickrun.errors import Lost
from trickrun.findings.evidence.run import Look
from trickrun.findings.rules.curves.lost import lost
from trickrun.run.sink import Sink
from trickrun.training.events import Event, TrainedSteps


def ending_sink(lr: float) -> Sink:
    """Return a sink that raises Lost at the first event that shows that a run is lost.

    Args:
        lr: the recipe's.
    """
    losses: list[float] = []
    looks: list[Look] = []

    def end_if_lost(event: Event) -> None:
        if isinstance(event, Look):
            looks.append(event)
        elif isinstance(event, TrainedSteps):
            losses.extend(event.losses)
            finding = lost(losses, looks, lr)
            if finding is not None:
                raise Lost(f"step {len(losses)}: {finding.why}", finding)

    return end_if_lost
