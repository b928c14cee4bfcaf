"""Whether a range test ever did better than always giving the same answer.

Both are compared on the same batches: what classes or values a batch happens to have moves both
losses alike, and their difference hardly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from trickrun.checks.lr_find.curve import Reading
from trickrun.checks.lr_find.signal import LEAST_DROP, SIGNIFICANT, decay, noise, smooth
from trickrun.findings.finding import Finding
from trickrun.findings.rules.chance import CODE, NAME
from trickrun.training.constant import answer_of
from trickrun.training.job import Job


@dataclass(frozen=True)
class Lead:
    """How far the smoothed loss was below a constant answer's, at most, as the mean over the seeds.

    Args:
        loss: of the constant answer.
        lead: the largest; negative if there was none.
        needed: what noise alone may give.
        lr: where it was.
    """

    loss: float
    lead: float
    needed: float
    lr: float


def guesses(job: Job, steps: int) -> list[float] | None:
    """Return the loss, as it is minimized, of the training part's best constant answer on the batch
    of each of the first ``steps`` steps; None if that answer is not known, or a step is the user's
    own."""
    answer = None if job.step is not None else answer_of(job)
    if answer is None:
        return None
    train, targets, found = job.data.train, job.targets["train"], []
    for batch in islice(job.split_orders(0, job.order), steps):
        loss = answer.loss_on(train.y[batch], None if train.w is None else train.w[batch])
        whole = float(job.loss.count(targets[batch])) if job.loss.reduction == "sum" else 1.0
        found.append(loss * whole)
    # A batch none of whose samples counts has no mean.
    return found if all(map(math.isfinite, found)) else None


def lead_over_guessing(
    lrs: Sequence[float], readings: Sequence[Reading], guessed: Sequence[Sequence[float]]
) -> Lead:
    """Return the largest lead of several seeds' range tests.

    It is noise as a drop of the loss is: see ``signal.significant``. The mean over the seeds has
    less of it.

    Args:
        lrs: of the whole planned test.
        readings: of each seed, none of them refused.
        guessed: of each seed, the constant answer's loss on the batch of each step.
    """
    shared = min(len(reading.losses) for reading in readings)
    leads = [
        np.subtract(guess[:shared], reading.losses[:shared]).tolist()
        for reading, guess in zip(readings, guessed, strict=True)
    ]
    beta = decay(lrs)
    share = math.sqrt((1 - beta) / (1 + beta) / len(leads))
    level = float(np.mean([guess[:shared] for guess in guessed]))
    needed = max(LEAST_DROP * abs(level), SIGNIFICANT * share * max(map(noise, leads)))
    curve = np.mean([smooth(lrs, lead) for lead in leads], axis=0)
    best = int(curve.argmax())
    return Lead(level, float(curve[best]), needed, lrs[best])


def no_better(lead: Lead) -> str:
    """Return the refusal of a range test whose lead is noise, in words; empty if it is more."""
    if lead.lead > lead.needed:
        return ""
    return (
        f"its lowest loss is {lead.loss - lead.lead:.4g} at lr {lead.lr:.2g}, no better than "
        f"always giving the same answer ({lead.loss:.4g}). A lead of up to {lead.needed:.2g} is "
        "within the noise. `trickrun overfit-batch` looks for the cause; a network that starts "
        "late needs more --steps"
    )


def learned_nothing(lead: Lead) -> Finding:
    """TR112 of a range test."""
    why = (
        f"The lowest loss of the range test is {lead.loss - lead.lead:.4g}, and always giving the "
        f"same answer costs {lead.loss:.4g}. The network has learned nothing."
    )
    evidence = {"loss": lead.loss - lead.lead, "constant": lead.loss, "needed": lead.needed}
    return Finding(CODE, NAME, "error", 0.9, "optimizer.lr", evidence, why)
