"""A module, its data, a loss and an optimizer as people have them, as the subject of checks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trickrun.checks.module_subject import LossFunction, ModuleSubject
from trickrun.checks.objects.form import form_of, inputs_of
from trickrun.checks.objects.optimizers import MakeOptimizer, maker_of
from trickrun.checks.objects.own_loss import own_loss
from trickrun.checks.objects.samples import USUAL_BATCH, Samples, read
from trickrun.checks.objects.undisturbed import copied, random_states_kept
from trickrun.errors import DataError, TrickrunError

ModelLike = nn.Module | Callable[[], nn.Module]
"""A module, or a function (or a class) that makes one."""

TrainLike = DataLoader[Any] | Dataset[Any] | tuple[Any, Any]
"""What has the training samples; tuples are (x, y) of tensors or arrays."""

LossLike = Callable[..., torch.Tensor]
"""``f(prediction, target)`` returns losses [N] or their mean, such as ``nn.CrossEntropyLoss()``."""

OptimizerLike = torch.optim.Optimizer | MakeOptimizer
"""An optimizer of the model's parameters, or a function from parameters to one."""


def subject_of(
    model: Any,
    train: Any,
    loss: Any = None,
    optimizer: Any = None,
    batch_size: int | None = None,
    val: Any = None,
) -> ModuleSubject:
    """Return the subject of checks that works on copies of what is given.

    Args:
        loss: None: the one that the model computes itself.
        optimizer: None: Adam.
        batch_size: samples a step; None: the loader's, or 64.
        val: validation samples in the form of ``train``; None: there are none.

    Raises TrickrunError if something is of a form that is not supported.
    """
    if train is None:
        raise DataError("no training samples are given", "train", "give a DataLoader, or (x, y)")
    with random_states_kept():
        given, make = module_of(model)
        own = copied(given)
        device = device_of(own)
        samples = read(train)
        given_loss, y = loss_of(loss, own, samples)
        inputs = inputs_of(samples, None if val is None else read(val, "val"), device)
        form = form_of(own, inputs, y, given_loss)
        target = form.target(y).to(device)
        return ModuleSubject(
            form.of(own),
            inputs.x,
            target,
            form.loss(given_loss),
            maker_of(optimizer, getattr(given, "_orig_mod", given)),
            batch_size or samples.batch_size or USUAL_BATCH,
            name=type(own).__name__,
            make=None if make is None else lambda: form.of(copied(made_by(make))),
            val=inputs.val(target),
            outputs=form.outputs,
        )


def module_of(model: Any) -> tuple[nn.Module, Callable[[], nn.Module] | None]:
    """Return the module, and what makes others like it, if that is given."""
    if isinstance(model, nn.Module):
        return model, None
    if not callable(model):
        hint = "give an nn.Module, a function that makes one, or a recipe's path"
        raise TrickrunError(f"this is {type(model).__name__}", "model", hint)
    return made_by(model), model


def made_by(function: Callable[[], Any]) -> nn.Module:
    """Return the module that a function makes. Raises TrickrunError if it makes none."""
    made = function()
    if not isinstance(made, nn.Module):
        raise TrickrunError(f"the function returned {type(made).__name__}, no nn.Module", "model")
    return made


def device_of(model: nn.Module) -> torch.device:
    """Return where a module's first parameter is. Raises TrickrunError if it has none."""
    first = next(model.parameters(), None)
    if first is None:
        raise TrickrunError("it has no parameters to train", type(model).__name__)
    return first.device


def loss_of(loss: Any, model: nn.Module, samples: Samples) -> tuple[LossFunction, torch.Tensor]:
    """Return the loss function, and the targets as it takes them."""
    if loss is None:
        return own_loss(copied(model), samples)
    if not callable(loss):
        hint = "give a function of predictions and targets, such as nn.CrossEntropyLoss()"
        raise TrickrunError(f"this is {type(loss).__name__}", "loss", hint)
    return (copied(loss) if isinstance(loss, nn.Module) else copy.copy(loss)), samples.y
