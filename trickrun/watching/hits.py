"""How many samples of each class are answered rightly: a mean says nothing of the rare ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

MOST_CLASSES = 64
"""Classes that are counted each."""


@dataclass
class Hits:
    """The samples of each class, and those answered rightly, in each batch."""

    steps: list[int] = field(default_factory=list)
    counts: list[torch.Tensor] = field(default_factory=list)

    def add(self, at: int, said: torch.Tensor | None, targets: torch.Tensor, ignored: int) -> None:
        """Count the answers of a batch.

        Args:
            at: backward passes before it.
            said: the class answered for each target; None where it is not known.
            targets: the classes, or numbers of which those above one half mean yes.
            ignored: the class that is left out.
        """
        if said is None or said.shape != targets.shape:
            return
        if self.counts and self.counts[-1].shape[1] > MOST_CLASSES:
            return
        wanted = (targets > 0.5 if targets.is_floating_point() else targets).flatten().long()
        right = wanted[(said.flatten() == wanted) & (wanted >= 0) & (wanted != ignored)]
        wanted = wanted[(wanted >= 0) & (wanted != ignored)]
        every = torch.bincount(wanted)
        hits = torch.bincount(right, minlength=len(every))
        self.steps.append(at)
        self.counts.append(torch.stack([every, hits]).cpu())

    def late(self) -> tuple[tuple[int, int], ...]:
        """Return the samples of each class and those answered rightly, in the last quarter."""
        if not self.counts:
            return ()
        late = [c for at, c in zip(self.steps, self.counts, strict=True)
                if at >= 0.75 * self.steps[-1]]  # fmt: skip
        most = max(one.shape[1] for one in late)
        if most > MOST_CLASSES:
            return ()
        summed = sum(torch.nn.functional.pad(one, (0, most - one.shape[1])) for one in late)
        assert isinstance(summed, torch.Tensor)
        return tuple((int(count), int(hits)) for count, hits in summed.T.tolist())
