"""A module, its data, a loss and an optimizer as people have them, as the subject of checks."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trickrun.checks.module_subject import LossFunction, ModuleSubject
from trickrun.checks.objects.adapters import Adapter
from trickrun.checks.objects.form import Inputs, answer, form_of, inputs_of
from trickrun.checks.objects.optimizers import MakeOptimizer, maker_of
from trickrun.checks.objects.own_loss import own_loss
from trickrun.checks.objects.samples import USUAL_BATCH, Samples, read
from trickrun.checks.objects.undisturbed import copied, random_states_kept, unwrapped
from trickrun.errors import DataError, TrickrunError

ModelLike = nn.Module | Callable[[], nn.Module]
"""A module, or a function (or a class) that makes one."""

TrainLike = DataLoader[Any] | Dataset[Any] | tuple[Any, Any]
"""What has the training samples; tuples are (x, y) of tensors or arrays."""

LossLike = Callable[..., torch.Tensor]
"""``f(prediction, target)`` returns losses [N] or their mean, such as ``nn.CrossEntropyLoss()``."""

OptimizerLike = torch.optim.Optimizer | MakeOptimizer
"""An optimizer of the model's parameters, or a function from parameters to one."""


IGNORED = -100
"""The class that torch's cross entropy ignores."""


MOST_CLASSES = 1_000_000
"""Larger class numbers are taken for something else, such as a sample's name."""


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
        parts = [read(train)] if val is None else [read(train), read(val, "val")]
        if loss is not None:
            parts = [counted(placed(part, own), loss) for part in parts]
        samples = parts[0]
        inputs = inputs_of(samples, parts[1] if val is not None else None, device)
        own = with_weights(own, inputs)
        given_loss, y = loss_of(loss, own, samples)
        form = form_of(own, inputs, y, given_loss)

        def again() -> nn.Module:
            assert make is not None
            return form.of(with_weights(copied(made_by(make)), inputs))

        target = form.target(y).to(device)
        return ModuleSubject(
            form.of(own),
            inputs.x,
            target,
            form.loss(given_loss),
            maker_of(optimizer, unwrapped(given)),
            batch_size or samples.batch_size or USUAL_BATCH,
            name=type(own).__name__,
            make=None if make is None else again,
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
    """Return the module that a function makes.

    Raises TrickrunError if it makes none, or needs arguments.
    """
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        hint = "give a function without arguments: lambda: Net(…)"
        raise TrickrunError(
            f"it cannot be called without arguments: {error}", "model", hint
        ) from error
    except ValueError:
        pass  # some functions of C do not tell
    made = function()
    if not isinstance(made, nn.Module):
        raise TrickrunError(f"the function returned {type(made).__name__}, no nn.Module", "model")
    return made


def device_of(model: nn.Module) -> torch.device:
    """Return where a module's first parameter is.

    Raises TrickrunError if it has none, none that trains, or none with values.
    """
    first, name = next(model.parameters(), None), type(model).__name__
    if first is None:
        raise TrickrunError("it has no parameters to train", name)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        hint = "requires_grad_(True) on those that are to be trained"
        raise TrickrunError("all of its parameters are frozen", name, hint)
    if any(parameter.is_meta for parameter in model.parameters()):
        hint = "give it values: model.to_empty(device='cpu'), then its initial weights"
        raise TrickrunError("it has parameters on the meta device, without values", name, hint)
    for path, parameter in model.named_parameters():
        if not isinstance(parameter, nn.UninitializedParameter) and not parameter.isfinite().all():
            hint = "build it again, and check it before it is trained"
            raise TrickrunError(f"its {path} is NaN or infinite", name, hint)
    return first.device


def with_weights(model: nn.Module, inputs: Inputs) -> nn.Module:
    """Return a module whose lazy layers have weights, as a call on two samples gives them."""
    if any(isinstance(p, nn.UninitializedParameter) for p in model.parameters()):
        answer(Adapter(model, inputs.table), inputs.x[:2].clone())
    if any(isinstance(p, nn.UninitializedParameter) for p in model.parameters()):
        hint = "call it once on a batch before"
        raise TrickrunError("it has lazy layers without weights yet", type(model).__name__, hint)
    return model


def placed(samples: Samples, model: nn.Module) -> Samples:
    """Return samples whose only named input is handed over by its place, if the model has no such
    name."""
    names = list(samples.inputs)
    if samples.label is None or len(names) != 1:
        return samples
    try:
        known = inspect.signature(model.forward).parameters
    except (TypeError, ValueError):
        return samples
    takes_any = any(one.kind is one.VAR_KEYWORD for one in known.values())
    if names[0] in known or takes_any or not isinstance(names[0], str):
        return samples
    return replace(samples, inputs={0: samples.inputs[names[0]]})


def counted(samples: Samples, loss: Any) -> Samples:
    """Return the samples that count: a class that the loss ignores adds nothing to it.

    Raises DataError if there are none, or for other classes below 0.
    """
    y = samples.y
    if y.is_floating_point():
        return samples
    ignored = getattr(loss, "ignore_index", IGNORED)
    seen = y[y != ignored]
    if len(seen) == 0:
        raise DataError(f"all targets are {ignored}, which the loss ignores", "train")
    if int(seen.min()) < 0:
        hint = "classes count from 0; one to be ignored is the loss's ignore_index"
        raise DataError(f"the smallest target is {int(seen.min())}", "train", hint)
    if int(seen.max()) >= MOST_CLASSES:
        hint = "classes count from 0, without gaps"
        raise DataError(f"the largest target is {int(seen.max())}", "train", hint)
    if y.ndim > 1 or len(seen) == len(y):
        return samples
    rows = y != ignored
    kept = {key: value[rows] for key, value in samples.inputs.items()}
    return replace(samples, inputs=kept, y=y[rows])


def loss_of(loss: Any, model: nn.Module, samples: Samples) -> tuple[LossFunction, torch.Tensor]:
    """Return the loss function, and the targets as it takes them."""
    if loss is None:
        return own_loss(copied(model), samples)
    if isinstance(loss, type):
        hint = f"give an object of it: {loss.__name__}()"
        raise TrickrunError(f"this is the class {loss.__name__}", "loss", hint)
    if not callable(loss):
        hint = "give a function of predictions and targets, such as nn.CrossEntropyLoss()"
        raise TrickrunError(f"this is {type(loss).__name__}", "loss", hint)
    return (copied(loss) if isinstance(loss, nn.Module) else copy.copy(loss)), samples.y
