"""A segment: a trial's training up to a pause, and the state in which it waits for the next one.

Successive halving stops every trial at the same point, keeps the best and lets only those go on.
What goes on is the same run: schedules span its whole length, draws are keyed by step, and the
state holds everything else, so it ends as if it had never paused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.run import files
from trickrun.training.checkpoint_file import packed, read_state
from trickrun.training.job import Job

States = dict[str, Any]


@dataclass(frozen=True)
class Segment:
    """How far trials train.

    Args:
        number: from 1; a later segment goes on from the states of the one before.
        epochs: where they pause, counted from their beginning; None: they train to their end.
        folder: where the states are kept.
    """

    number: int
    epochs: int | None
    folder: Path = Path()

    def stop_at(self, job: Job) -> int | None:
        """Return the step after which ``job`` pauses, if its run is that long; None: never."""
        return None if self.epochs is None else self.epochs * job.span.per_epoch

    def save(self, trial: str, state: States) -> None:
        """Keep the state in which a trial pauses. Raises CannotWrite."""
        files.write_whole(self.path(trial, self.number), packed(state))

    def load(self, trial: str) -> States | None:
        """Return the state in which the segment before left a trial; None in the first segment.

        Raises RunFolderError if its file is damaged.
        """
        if self.number == 1:
            return None
        state: States
        state, _ = read_state(self.path(trial, self.number - 1))
        return state

    def has_place_for(self, trial: str) -> bool:
        """Return whether a trial trains in this segment: one that has ended leaves no state."""
        return self.number == 1 or self.path(trial, self.number - 1).exists()

    def path(self, trial: str, number: int) -> Path:
        """Return the file of the state in which segment ``number`` left a trial."""
        return self.folder / f"{trial}.{number}.pt"


WHOLE = Segment(1, None)
"""A run without a pause."""
