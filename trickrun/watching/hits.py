"""How many samples of each class are answered rightly: a mean says nothing of the rare ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import torch

MOST_CLASSES = 64
"""Classes that are counted each."""


SMALL = 4096
"""Targets of a batch that are counted at the end only: counting them takes longer than copying."""

LATE = 0.75
"""Where the last quarter begins, whose answers are counted."""


@dataclass
class Hits:
    """The samples of each class, and those answered rightly, in each batch of the last quarter.

    Args:
        steps: backward passes before each.
        batches: the class answered for each target, and its own, -1 for those that are left out;
            of large batches their counts [2, classes].
    """

    steps: deque[int] = field(default_factory=deque)
    batches: deque[tuple[torch.Tensor, torch.Tensor] | torch.Tensor] = field(default_factory=deque)

    def add(self, at: int, said: torch.Tensor | None, targets: torch.Tensor, ignored: int) -> None:
        """Keep the answers of a batch.

        Args:
            at: backward passes before it.
            said: the class answered for each target; None where it is not known.
            targets: the classes, or numbers of which those above one half mean yes.
            ignored: the class that is left out.
        """
        if said is None or said.shape != targets.shape:
            return
        wanted = targets > 0.5 if targets.is_floating_point() else targets
        wanted = torch.where(wanted == ignored, -1, wanted) if ignored >= 0 else wanted
        if targets.numel() <= SMALL:
            self.batches.append((said.to("cpu", copy=True), wanted.to("cpu", copy=True)))
        else:
            self.batches.append(counted(said, wanted).cpu())
        self.steps.append(at)
        while self.steps[0] < LATE * at:
            self.steps.popleft()
            self.batches.popleft()

    def late(self) -> tuple[tuple[int, int], ...]:
        """Return the samples of each class and those answered rightly, in the last quarter; empty
        if there are too many classes."""
        late = [one if isinstance(one, torch.Tensor) else counted(*one) for one in self.batches]
        most = max((one.shape[1] for one in late), default=0)
        if not 0 < most <= MOST_CLASSES:
            return ()
        summed = sum(torch.nn.functional.pad(one, (0, most - one.shape[1])) for one in late)
        assert isinstance(summed, torch.Tensor)
        return tuple((int(count), int(hits)) for count, hits in summed.T.tolist())


def counted(said: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return how often each class is wanted, and how often it is answered then [2, classes].

    Args:
        said: the class answered for each target.
        wanted: its own; negative ones are left out.
    """
    said, wanted = said.flatten().long(), wanted.flatten().long()
    right = wanted[(said == wanted) & (wanted >= 0)]
    every = torch.bincount(wanted[wanted >= 0])
    return torch.stack([every, torch.bincount(right, minlength=len(every))])
