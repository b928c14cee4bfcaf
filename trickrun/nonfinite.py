"""Where the first non-finite number arose: the run is repeated up to that step and looked into."""

from __future__ import annotations

import torch
from torch import nn

from trickrun.job import Job
from trickrun.loop import Progress, take_step


def locate(job: Job, progress: Progress, step: int) -> str:
    """Return, in words, where training step ``step`` (from 1) first got a non-finite number.

    Args:
        job: a freshly compiled job in the state of ``progress``; it is used up.

    The repetition is exact on one device, because every random draw is keyed by its step.
    """
    while progress.step < step - 1:
        take_step(job, samples_of(job, progress.step), progress.step, progress.history, False)
        progress.step += 1
    for name, parameter in job.model.named_parameters():
        if not torch.isfinite(parameter).all():
            return f"the update of step {step - 1} made {name} non-finite"
    x, _ = job.training_batch(samples_of(job, step - 1), step - 1)
    if not torch.isfinite(x).all():
        return "the batch has a non-finite input"
    found = first_bad_layer(job, x, step - 1)
    return found or "every layer's output is finite, the loss itself is not"


def samples_of(job: Job, step: int) -> torch.Tensor:
    """Return the sample indices [B] of training step ``step`` (from 0)."""
    epoch, place = divmod(step, job.span.per_epoch)
    return job.order(epoch)[place * job.batch_size : (place + 1) * job.batch_size]


def first_bad_layer(job: Job, x: torch.Tensor, step: int) -> str | None:
    """Return the first layer whose output for ``x`` is non-finite, in words."""
    bad: list[str] = []

    def look(name: str) -> object:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, torch.Tensor) and not torch.isfinite(output).all():
                bad.append(name)

        return hook

    for name, module in job.model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(look(name))
    job.model.train()
    job.dropout_stream.at(step)
    with torch.no_grad(), job.autocast():
        job.model(x)
    return f"layer {bad[0]} is the first with a non-finite output" if bad else None
