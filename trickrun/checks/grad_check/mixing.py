"""Does a sample's loss depend on that sample alone?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from trickrun.findings.rules.gradients import LEAK, Mixing
from trickrun.training.job import Job


def mixing(job: Job, indices: torch.Tensor) -> list[Mixing]:
    """Return how much samples mix in the model and in the loss, on the samples ``indices`` [N].

    In evaluation mode, because batch norm mixes samples while it trains, and rightly so. Integer
    inputs have no gradient, so for them the model is left out.
    """
    job.model.eval()
    job.start_streams(0)
    x = job.inputs(job.data.train.x.index_select(0, indices)).detach().clone()
    target = job.targets["train"].index_select(0, indices)
    found = []
    if x.is_floating_point():
        x.requires_grad_()
        prediction, outputs = forward(job, x)
        ratio = leak(prediction, x)
        if ratio is not None:
            first = (name for name, out in outputs if (leak(out, x) or 0.0) > LEAK)
            found.append(Mixing("model", ratio, next(first, "") if ratio > LEAK else ""))
        prediction = prediction.detach()
    else:
        prediction = job.model(x).detach()
    found.append(Mixing("loss", loss_leak(job, prediction, target)))
    return found


def forward(job: Job, x: torch.Tensor) -> tuple[torch.Tensor, list[tuple[str, torch.Tensor]]]:
    """Return the prediction, and the outputs [N, ...] of the modules in the order of the pass."""
    outputs: list[tuple[str, torch.Tensor]] = []

    def keep(name: str) -> Callable[[torch.nn.Module, Any, Any], None]:
        def hook(module: torch.nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor) and output.shape[:1] == x.shape[:1]:
                outputs.append((name, output))

        return hook

    modules = [(name, module) for name, module in job.model.named_modules() if name]
    handles = [module.register_forward_hook(keep(name)) for name, module in modules]
    prediction = job.model(x)
    for handle in handles:
        handle.remove()
    return prediction, outputs


def leak(output: torch.Tensor, x: torch.Tensor) -> float | None:
    """Return the largest gradient of a sample's outputs by another's inputs, over that by its own.

    None if the output does not depend on the inputs at all. The outputs are weighted at random, as
    a plain sum of probabilities would be constant.
    """
    if not output.requires_grad:
        return None
    weights = torch.randn(
        output.shape[1:], generator=torch.Generator().manual_seed(0), dtype=output.dtype
    ).to(output.device)
    own, other = 0.0, 0.0
    for index in range(len(output)):
        value = (output[index] * weights).sum()
        (gradient,) = torch.autograd.grad(value, x, retain_graph=True, materialize_grads=True)
        sizes = gradient.abs().flatten(1).amax(1)
        own = max(own, float(sizes[index]))
        sizes[index] = 0.0
        other = max(other, float(sizes.max()))
    if own == 0:
        return math.inf if other > 0 else None
    return other / own


def loss_leak(job: Job, prediction: torch.Tensor, target: torch.Tensor) -> float:
    """Return the largest part of a sample's gradient in the batch that its own loss does not have.

    A batch's loss is a mean (or a sum) over samples, so its gradient by a prediction is that of the
    sample's loss alone, divided by the number of samples. This holds for losses that give a number
    a sample and for a user's that give their mean.
    """
    count = len(prediction)
    whole = gradient_by_prediction(job, prediction, target)
    alone = torch.cat(
        [
            gradient_by_prediction(job, prediction[i : i + 1], target[i : i + 1])
            for i in range(count)
        ]
    )
    size = max(float(alone.abs().max()), float(whole.abs().max()))
    factors = (parts_of(target).view(-1, *[1] * (whole.ndim - 1)), 1)
    off = min(float((whole * factor - alone).abs().max()) for factor in factors)
    return off / size if size > 0 else 0.0


def parts_of(target: torch.Tensor) -> torch.Tensor:
    """Return how many times a sample's own part goes into the batch [N]: its number of samples; of
    classes at places, some of which are ignored (negative), by the places that count."""
    if target.is_floating_point() or target.ndim == 1:
        return torch.full((len(target),), float(len(target)), device=target.device)
    counted = (target >= 0).flatten(1).sum(1).clamp(min=1)
    return counted.sum() / counted


def gradient_by_prediction(
    job: Job, prediction: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Return the gradient [N, outputs] of the mean of the samples' losses."""
    leaf = prediction.clone().requires_grad_()
    value = job.loss.per_sample(leaf, target).mean()
    if not value.requires_grad:
        return torch.zeros_like(prediction)
    (gradient,) = torch.autograd.grad(value, leaf, materialize_grads=True)
    return gradient
