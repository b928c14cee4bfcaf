"""Which inputs have a size: the numbers of categories and tokens have none."""

from __future__ import annotations

import torch

from trickrun.data.splits.prepare import Prepared
from trickrun.nn.columns import encoder_of
from trickrun.training.job import Job


def sized(data: Prepared, x: torch.Tensor) -> torch.Tensor:
    """Return [..., features] without those that hold the numbers of categories; all of them where
    there are no others."""
    kept = [place for place, count in enumerate(data.task.rows) if not count]
    return x[..., kept] if kept else x


def nameless(data: Prepared) -> bool:
    """Whether all inputs are names, not numbers: token ids, or the numbers of categories."""
    return bool(data.task.vocabulary or (data.task.rows and all(data.task.rows)))


@torch.no_grad()
def entering(job: Job, x: torch.Tensor) -> torch.Tensor | None:
    """Return what enters the first layer for inputs as the network gets them: encoded, where it
    encodes a table's columns. None where they have no size.

    Args:
        x: inputs [N, *shape].
    """
    encoder = encoder_of(job.model)
    if encoder is not None:
        encoded: torch.Tensor = encoder(x)
        return encoded
    return None if nameless(job.data) else sized(job.data, x)
