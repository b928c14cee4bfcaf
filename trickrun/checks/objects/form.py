"""How a module is called with its samples, and what form its answers have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from trickrun.checks.objects.adapters import Adapter, Table, prediction_of
from trickrun.checks.objects.samples import Samples
from trickrun.checks.objects.undisturbed import copied
from trickrun.data.splits.source import SplitData
from trickrun.errors import CompileError, DataError

ENTRY_BY_ENTRY: tuple[Any, ...] = (
    nn.MSELoss,
    nn.L1Loss,
    nn.SmoothL1Loss,
    nn.HuberLoss,
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
)
FUNCTIONS: tuple[Any, ...] = (
    F.mse_loss,
    F.l1_loss,
    F.smooth_l1_loss,
    F.huber_loss,
    F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits,
)
"""Losses that compare each entry of the predictions with the target at the same place."""

OF_CLASSES: tuple[Any, ...] = (nn.CrossEntropyLoss, nn.NLLLoss)
OF_CLASSES_FUNCTIONS: tuple[Any, ...] = (F.cross_entropy, F.nll_loss)
"""Losses that take the scores of classes along the second axis."""


@dataclass(frozen=True)
class Inputs:
    """Inputs of training and validation samples, as a subject has them.

    Args:
        x: [N, *shape]; samples' places in ``table`` [N, 1], if the model takes several inputs.
        val_x, val_y: None: there are none.
    """

    x: torch.Tensor
    table: Table | None
    val_x: torch.Tensor | None
    val_y: torch.Tensor | None

    def val(self, y: torch.Tensor) -> SplitData | None:
        """Return the validation samples, whose targets get the form of ``y`` [N, ...]."""
        if self.val_x is None or self.val_y is None:
            return None
        target = self.val_y.to(y.device, y.dtype)
        return SplitData(self.val_x, target.unsqueeze(1) if y.ndim == target.ndim + 1 else target)


def inputs_of(samples: Samples, val: Samples | None, device: torch.device) -> Inputs:
    """Return the inputs on the device of the model. Raises DataError if the parts differ."""
    keys = list(samples.inputs)
    if val is not None and list(val.inputs) != keys:
        raise DataError(f"its batches have {list(val.inputs)}, those of train {keys}", "val")
    parts = [samples] if val is None else [samples, val]
    whole = {}
    for key in keys:
        shapes = [list(part.inputs[key].shape[1:]) for part in parts]
        if shapes[0] != shapes[-1]:
            raise DataError(f"its samples are {shapes[-1]}, those of train {shapes[0]}", "val")
        whole[key] = torch.cat([part.inputs[key] for part in parts]).to(device)
    count = len(samples.y)
    total = count + (0 if val is None else len(val.y))
    single = keys == [0]
    rows = whole[0] if single else torch.arange(total, device=device).unsqueeze(1)
    return Inputs(
        rows[:count],
        None if single else Table(whole),
        None if val is None else rows[count:],
        None if val is None else val.y,
    )


@dataclass(frozen=True)
class Form:
    """What makes a module one that takes a tensor and answers with one.

    Args:
        adapted: whether the module itself is no such module.
        column: whether its answers are [N], and become [N, 1].
        classes_last: whether its answers are [N, classes, ...], and become [N, ..., classes].
        outputs: scores that it gives for a class; 0 if that is not known.
    """

    table: Table | None
    adapted: bool
    column: bool = False
    classes_last: bool = False
    outputs: int = 0

    def of(self, module: nn.Module) -> nn.Module:
        """Return the module in this form."""
        if not self.adapted:
            return module
        return Adapter(module, self.table, self.column, self.classes_last)

    def target(self, y: torch.Tensor) -> torch.Tensor:
        """Return targets as they are compared with its answers."""
        return y.unsqueeze(1) if self.column else y

    def loss(self, loss: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        """Return a loss for its answers that computes what ``loss`` does for the module's own."""
        if self.classes_last:
            return lambda prediction, target: loss(prediction.movedim(-1, 1), target)
        if not self.column or is_entry_by_entry(loss):
            return loss
        return lambda prediction, target: loss(prediction.squeeze(1), target.squeeze(1))


def form_of(model: nn.Module, inputs: Inputs, y: torch.Tensor, loss: Any) -> Form:
    """Return the form of a module, as far as its answer to two samples tells.

    Raises:
        CompileError: it answers with nothing that can be judged.
        DataError: loss and targets would be compared each with each, without anybody noticing; or
            the loss compares values, and the targets are classes.
    """
    if not y.is_floating_point() and is_entry_by_entry(loss):
        raise DataError(
            "the targets are whole numbers, and the loss compares values",
            "train",
            "give them as floats: y.float()",
        )
    plain = Form(inputs.table, inputs.table is not None)
    found = answer(plain.of(copied(model)), inputs.x[:2].clone())
    if found is None:
        return plain
    own = not isinstance(found, torch.Tensor)
    found = prediction_of(found, type(model).__name__)
    adapted = plain.adapted or own
    if found.ndim == 0:
        raise CompileError("it answers with one number for a whole batch", type(model).__name__)
    if not y.is_floating_point():
        second = classes_second(found, y, loss)
        check_classes(found.shape[1 if second else -1], y, loss)
        if second:
            return Form(inputs.table, True, classes_last=True, outputs=found.shape[1])
        return Form(inputs.table, adapted, outputs=found.shape[-1] if found.ndim > y.ndim else 0)
    if y.ndim == 1 and found.shape[1:] == (1,) and is_entry_by_entry(loss):
        raise DataError(
            "the targets are [N] and the predictions [N, 1], so that the loss compares each "
            "prediction with every target",
            "train",
            "give the targets as [N, 1]: y.unsqueeze(1)",
        )
    column = y.ndim == 1 and found.ndim == 1
    return Form(inputs.table, adapted or column, column)


def check_classes(scores: int, y: torch.Tensor, loss: Any) -> None:
    """Raise DataError if there are targets without a score, where a loss of torch needs one."""
    largest = int(y.max())
    if is_of_classes(loss) and largest >= scores:
        raise DataError(
            f"the largest target is {largest}, and the model has {scores} outputs",
            "train",
            f"classes count from 0: give the last layer {largest + 1} outputs, or renumber them",
        )


def is_of_classes(loss: Any) -> bool:
    """Whether a loss is one of torch's that takes a score for each class."""
    return isinstance(loss, OF_CLASSES) or any(loss is one for one in OF_CLASSES_FUNCTIONS)


def classes_second(answer: torch.Tensor, y: torch.Tensor, loss: Any) -> bool:
    """Whether answers are [N, classes, ...] to targets [N, ...], as torch's cross entropy takes
    them, and not [N, ..., classes]."""
    if y.ndim < 2 or answer.ndim != y.ndim + 1 or answer.shape[2:] != y.shape[1:]:
        return False
    return is_of_classes(loss) or answer.shape[1:-1] != y.shape[1:]


def answer(model: nn.Module, x: torch.Tensor) -> Any:
    """Return what a module answers to samples; None if it raises."""
    if x.is_floating_point():
        x = x.to(next(model.parameters()).dtype)
    try:
        with torch.no_grad():
            return model.eval()(x)
    except Exception:  # the check itself tells what is wrong
        return None


def is_entry_by_entry(loss: Any) -> bool:
    """Whether a loss is a torch loss that compares entry by entry."""
    return isinstance(loss, ENTRY_BY_ENTRY) or any(loss is one for one in FUNCTIONS)
