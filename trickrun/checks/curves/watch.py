"""``train --stop-when lost``: end a run that is clearly lost, instead of burning hours."""

from __future__ import annotations

from trickrun.diagnose.lost import lost
from trickrun.diagnose.run_evidence import Look
from trickrun.errors import Lost
from trickrun.records import Record, Steps
from trickrun.run.sink import Sink


def ending_sink(lr: float) -> Sink:
    """Return a sink that raises Lost at the first record that shows that a run is lost.

    Args:
        lr: the recipe's.
    """
    losses: list[float] = []
    looks: list[Look] = []

    def end_if_lost(record: Record) -> None:
        if isinstance(record, Look):
            looks.append(record)
        elif isinstance(record, Steps):
            losses.extend(record.losses)
            finding = lost(losses, looks, lr)
            if finding is not None:
                raise Lost(f"step {len(losses)}: {finding.why}", finding)

    return end_if_lost
