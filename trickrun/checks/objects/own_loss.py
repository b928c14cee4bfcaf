"""The loss that a model computes itself, as a function of its predictions and the targets."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from trickrun.checks.objects.adapters import part_of, prediction_of
from trickrun.checks.objects.form import is_entry_by_entry
from trickrun.checks.objects.samples import Input, Samples
from trickrun.errors import TrickrunError

SOME = 8
"""Samples that the model is asked for its loss on."""

SAME = 1e-3
"""How far two losses may be apart, as a share, to be one: rounding errors."""

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def each_token(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy of [N, L, classes] against [N, L], the mean over places."""
    return F.cross_entropy(prediction.transpose(1, 2), target)


def next_token(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy of [N, L, classes] against the target [N, L] one place later."""
    return each_token(prediction[:, :-1], target[:, 1:])


KNOWN: tuple[Loss, ...] = (
    nn.CrossEntropyLoss(),
    nn.MSELoss(),
    nn.BCEWithLogitsLoss(),
    each_token,
    next_token,
)

HINT = (
    "give loss=: a function of the model's predictions (logits) and the targets. Found by "
    "themselves are cross entropy (of samples, of tokens, of next tokens), mse and bce with logits"
)


@torch.no_grad()
def own_loss(model: nn.Module, samples: Samples) -> tuple[Loss, torch.Tensor]:
    """Return a loss that is the same as what ``model`` computes when it is given the targets by
    name, and the targets as that takes them.

    Args:
        model: a copy; it is brought into evaluation mode.

    Raises TrickrunError if it computes none, or another one than is known.
    """
    name = f"the module {type(model).__name__}"
    if samples.label is None:
        raise TrickrunError("no loss is given", "loss", "such as loss=nn.CrossEntropyLoss()")
    device = next(model.parameters()).device
    inputs: dict[Input, torch.Tensor] = {**samples.inputs, samples.label: samples.y}
    named = {str(key): value[:SOME].to(device) for key, value in inputs.items()}
    try:
        answer = model.eval()(**named)
    except Exception as error:  # the user's code may raise anything
        raise TrickrunError(f"{type(error).__name__}: {error}", name, HINT) from error
    value = part_of(answer, "loss")
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        raise TrickrunError("it computes no loss of its own", name, HINT)
    prediction = prediction_of(answer, type(model).__name__)
    for y in forms(samples.y, prediction):
        for loss in KNOWN:
            if math.isclose(
                asked(loss, prediction, y[:SOME].to(device)), float(value), rel_tol=SAME
            ):
                return loss, y
    raise TrickrunError("the loss that it computes itself is none that is known", name, HINT)


def forms(y: torch.Tensor, prediction: torch.Tensor) -> list[torch.Tensor]:
    """Return the targets as they may be compared: as they are, or as a column of values."""
    if y.ndim == 1 and prediction.ndim == 2 and prediction.shape[1] == 1:
        return [y.unsqueeze(1).to(prediction.dtype)]
    return [y]


def asked(loss: Loss, prediction: torch.Tensor, target: torch.Tensor) -> float:
    """Return a loss's value; NaN if it does not take such predictions and targets."""
    alike = target.is_floating_point() and prediction.shape == target.shape
    if is_entry_by_entry(loss) and not alike:
        return math.nan
    try:
        return float(loss(prediction, target))
    except (RuntimeError, ValueError, IndexError):
        return math.nan
