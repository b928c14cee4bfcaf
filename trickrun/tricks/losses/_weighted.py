"""Losses of samples that have a weight each: the weight travels beside the prepared target.

A batch's targets are taken, split, rolled and stacked in many places. A weight that is a column of
them goes the same way, so that every mean over samples is a weighted one: sum(w * loss) / sum(w).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trickrun.errors import CompileError
from trickrun.tricks.losses._loss import LossFunction

if TYPE_CHECKING:
    import torch


def with_weights(target: torch.Tensor, weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return prepared targets [N] or [N, K] with their samples' weights before them: [N, 1 + K].

    Class indices become floats, which are exact up to 2^24 in float32.

    Args:
        weight: [N].
        dtype: of the result.
    """
    import torch

    if not target.is_floating_point() and target.ndim > 1:
        raise CompileError("targets at each place take no weights", "data.weight", "leave it out")
    columns = target.reshape(len(target), -1)
    return torch.cat([weight.to(columns.device)[:, None].to(dtype), columns.to(dtype)], 1)


def weighted(loss: LossFunction, *, classes: bool) -> LossFunction:
    """Return ``loss`` for targets that ``with_weights`` made: each sample's loss times its weight.

    A loss with class weights multiplies both. A mean over samples divides by the sum of them.

    Args:
        classes: whether targets are class indices [N], rather than floats [N, K].
    """

    def target_of(packed: torch.Tensor) -> torch.Tensor:
        return packed[:, 1].long() if classes else packed[:, 1:]

    def per_sample(prediction: torch.Tensor, packed: torch.Tensor) -> torch.Tensor:
        return loss.per_sample(prediction, target_of(packed)) * packed[:, 0]

    def weight(packed: torch.Tensor) -> torch.Tensor:
        own = packed[:, 0]
        return own if loss.weight is None else own * loss.weight(target_of(packed))

    return LossFunction(per_sample, weight, loss.reduction, target_of)
