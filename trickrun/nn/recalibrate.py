"""Batch norm's running statistics, taken anew from data."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Set the running statistics of ``model``'s batch norms to their mean over ``batches``.

    Everything else acts as in evaluation, dropout included, and so do batch norms that training
    leaves in evaluation mode: frozen ones. The model is left in evaluation mode.

    Args:
        batches: inputs [B, *shape] each, as the model takes them; at least one.
    """
    model.train()
    batch_norm = nn.modules.batchnorm._BatchNorm
    norms = [m for m in model.modules() if isinstance(m, batch_norm) and m.training]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train()
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    for batch in batches:
        model(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
