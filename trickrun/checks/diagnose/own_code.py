"""A look at what a user's training step does with gradients, and a network in evaluation mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from trickrun.checks.initial_loss.measure import constants_of, forward, size_of
from trickrun.diagnose.own_code import OwnNetwork, OwnStep, StepLook
from trickrun.evaluate import mean_loss
from trickrun.job import Job
from trickrun.looks.look import before_first_step
from trickrun.loop import take_step
from trickrun.params import PythonTarget

LOOKS = 4
"""Steps that are looked at: the first has nothing before it."""

SHUFFLES = 4
"""Ways to shuffle a batch's targets whose mean gradient stands for all."""

EVALUATED = 256
"""Samples for a look at evaluation mode."""

Tensors = Sequence[torch.Tensor]


def look_at_step(job: Job) -> OwnStep:
    """Take LOOKS steps with the user's own training step and compare each with its batch's loss.

    Args:
        job: freshly compiled, with a step of its own; it is used up.
    """
    assert job.recipe.train.step is not None
    batches = job.batches(0)
    looks: list[StepLook] = []
    for step in range(LOOKS):
        batch = next(batches)
        expected = gradient(job, batch, step)
        shuffled = [gradient(job, batch, step, by) for by in range(1, SHUFFLES + 1)]
        looks.append(look(job, batch, step, expected, torch.stack(shuffled).mean(0)))
    stateful = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
    modes_matter = any(
        isinstance(module, stateful) or "Dropout" in type(module).__name__
        for module in job.model.modules()
    )
    return OwnStep(job.recipe.train.step.target, job.batch_size, modes_matter, looks)


def gradient(job: Job, batch: torch.Tensor, step: int, shift: int = 0) -> torch.Tensor:
    """Return the gradient of the batch's mean loss as ``step`` sees it, as one vector.

    Args:
        shift: by how many places targets are moved against the inputs.
    """
    job.model.train()
    job.start_streams(step)
    buffers = [buffer.clone() for buffer in job.model.buffers()]
    x, y = job.training_batch(batch, step)
    loss = replace(job.loss, reduction="mean")(job.model(x), y.roll(shift, 0))
    weights = trainable(job)
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    for buffer, old in zip(job.model.buffers(), buffers, strict=True):
        buffer.copy_(old)
    return flat(
        [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)]
    )


def look(
    job: Job, batch: torch.Tensor, step: int, own: torch.Tensor, shuffled: torch.Tensor
) -> StepLook:
    """Take one step and return what it did.

    Args:
        own: the gradient of the batch's loss.
        shuffled: the same for shuffled targets.
    """
    seen: list[torch.Tensor] = []
    modes: list[bool] = []
    left = gradients_now(job)
    before = flat([w.detach() for w in trainable(job)]).clone()

    def at_step(optimizer: Any, args: Any, kwargs: Any) -> None:
        seen.append(gradients_now(job))

    def at_forward(module: nn.Module, args: Any) -> None:
        modes.append(module.training)

    handles = [
        job.optimizer.register_step_pre_hook(at_step),
        job.model.register_forward_pre_hook(at_forward),
    ]
    take_step(job, batch, step, [], logged=False)
    for handle in handles:
        handle.remove()
    changed = not torch.equal(before, flat([w.detach() for w in trainable(job)]))
    got = seen[-1] if seen else None
    cosine, ratio = compared(got, own) if got is not None else (None, None)
    mispaired = compared(got, shuffled)[0] if got is not None else None
    added = difference(got, own + left) if got is not None and bool(left.any()) else None
    return StepLook(bool(seen), changed, cosine, ratio, mispaired, added, all(modes))


def compared(got: torch.Tensor, own: torch.Tensor) -> tuple[float | None, float | None]:
    """Return the cosine and the ratio of lengths of two gradients; None if one is zero."""
    sizes = float(got.norm()), float(own.norm())
    if min(sizes) == 0:
        return None, None
    return float(got @ own) / (sizes[0] * sizes[1]), sizes[0] / sizes[1]


def difference(got: torch.Tensor, expected: torch.Tensor) -> float | None:
    """Return how far a gradient is from the expected one, as a share of its length."""
    size = float(got.norm())
    return float((got - expected).norm()) / size if size > 0 else None


def trainable(job: Job) -> list[torch.Tensor]:
    """Return the trainable parameters."""
    return [parameter for parameter in job.model.parameters() if parameter.requires_grad]


def gradients_now(job: Job) -> torch.Tensor:
    """Return the gradients that the parameters hold now as one vector; 0 where there is none."""
    return flat([torch.zeros_like(w) if w.grad is None else w.grad for w in trainable(job)]).clone()


def flat(tensors: Tensors) -> torch.Tensor:
    """Return all entries as one vector, in double precision."""
    return torch.cat([tensor.flatten().double() for tensor in tensors])


@torch.no_grad()
def look_at_network(job: Job) -> OwnNetwork:
    """Return what ``job``'s network, trained by now, does in evaluation mode."""
    indices = job.order(0)[:EVALUATED]
    x = job.inputs(job.data.train.x.index_select(0, indices))
    target = job.targets["train"].index_select(0, indices)
    size = min(job.batch_size, len(indices))
    job.model.eval()
    first, _ = forward(job, x, len(x))
    second, _ = forward(job, x, len(x))
    before_first_step(job.model)
    whole = len(x) // size * size
    batched, _ = forward(job, x[:whole], size)
    scale = max(size_of(first), 1e-30)
    model = job.recipe.model
    constants = constants_of(job, indices)
    return OwnNetwork(
        target=model.target if isinstance(model, PythonTarget) else "model",
        random=float((first - second).abs().max()) / scale,
        spread=float(first.std(0).max()) / scale,
        loss=mean_loss(job, first, target),
        batch_loss=mean_loss(job, batched, target[:whole]),
        baseline=constants.of(constants.best) if constants.best is not None else None,
        batch_size=job.batch_size,
        batch_norm=any(
            isinstance(module, nn.modules.batchnorm._BatchNorm) for module in job.model.modules()
        ),
    )
