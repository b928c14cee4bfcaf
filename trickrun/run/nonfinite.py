"""Where the first non-finite number arose: the run is repeated up to that step and looked into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from trickrun.training.checkpoint import Progress
from trickrun.training.job import Job
from trickrun.training.loop import take_step

BAD_INPUT = "the batch has a non-finite input"
NOT_AGAIN = "repeated on this device, the step was finite: see train.deterministic"


def locate(job: Job, progress: Progress, history: list[dict[str, float]], step: int) -> str:
    """Return, in words, where training step ``step`` (from 1) first got a non-finite number.

    Args:
        job: a freshly compiled job in the state of ``progress``; it is used up.
        history: all evaluations before ``step``, because a schedule may follow them.

    The repetition is exact on one device, because every random draw is keyed by its step.
    """
    batches = job.batches(progress.step)
    for index in range(progress.step, step):
        indices = next(batches)
        if index == step - 1 and (found := first_bad_number(job, indices, index)):
            return found
        take_step(job, indices, index, [r for r in history if r["step"] <= index], logged=False)
        if found := bad_update(job, index + 1):
            return found
    return NOT_AGAIN


def bad_update(job: Job, step: int) -> str | None:
    """Return, in words, the first weight that step ``step`` (from 1) made non-finite."""
    for name, parameter in job.model.named_parameters():
        if parameter.grad is not None and not finite(parameter.grad):
            return f"the gradient of {name} was NaN or infinite at step {step}"
        if not finite(parameter):
            return f"the update of step {step} made {name} NaN or infinite"
    return None


def first_bad_number(job: Job, indices: torch.Tensor, step: int) -> str | None:
    """Return, in words, the first non-finite number on the way to the loss of ``step`` (from 0)."""
    bad = watch_layers(job.model.train())
    job.start_streams(step)
    x, targets = job.mix(*job.training_batch(indices, step), step)
    if not finite(x):
        return BAD_INPUT
    with torch.no_grad(), job.autocast():
        prediction = job.model(x)
        if bad:
            return bad[0]
        if not finite(targets.loss(job.loss, prediction)):
            return "every layer's output is finite, but their loss is not"
        penalty = job.penalty()
    if penalty is not None and not finite(penalty):
        return "the penalty on the weights is not finite"
    return None


def watch_layers(model: nn.Module) -> list[str]:
    """Return a list that a forward pass fills: in words, where non-finite numbers arise, first
    one first."""
    bad: list[str] = []

    def before(name: str) -> Callable[[nn.Module, Any], None]:
        def look(module: nn.Module, inputs: Any) -> None:
            # The first input only: others may be masks, which hold infinities on purpose.
            if not finite(inputs[0] if inputs else None):
                bad.append(f"the input of layer {name} is the first that is NaN or infinite")

        return look

    def after(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def look(module: nn.Module, inputs: Any, output: Any) -> None:
            if not finite(output):
                bad.append(f"layer {name or 'model'} is the first with a NaN or infinite output")

        return look

    for name, module in model.named_modules():
        module.register_forward_pre_hook(before(name))
        module.register_forward_hook(after(name))
    return bad


def finite(value: object) -> bool:
    """Return whether ``value`` is no floating-point tensor or has finite numbers only."""
    return not isinstance(value, torch.Tensor) or bool(torch.isfinite(value).all())
