"""A look at a trained network in evaluation mode, and at what a user's own one is made of."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from trickrun.checks.initial_loss.measure import constants_of, forward, size_of
from trickrun.findings.rules.recipe.network import without_batch
from trickrun.findings.rules.user_code.network import EvaluationBehaviour
from trickrun.models import BuiltinModel
from trickrun.models.python import PythonModel
from trickrun.training.evaluation import mean_loss
from trickrun.training.introspection.look import before_first_step
from trickrun.training.job import Job, RecipeJob

EVALUATED = 256
"""Samples for a look at evaluation mode."""


@torch.no_grad()
def look_at_network(job: RecipeJob) -> EvaluationBehaviour:
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
    softmaxes = softmaxes_in(job, x) if model.is_user_code else (None, False)
    constants = constants_of(job, indices)
    return EvaluationBehaviour(
        target=model.target if isinstance(model, PythonModel) else "model",
        random=float((first - second).abs().max()) / scale,
        spread=float(first.std(0).max()) / scale,
        loss=mean_loss(job, first, target),
        batch_loss=mean_loss(job, batched, target[:whole]),
        baseline=constants.of(constants.best) if constants.best is not None else None,
        batch_size=job.batch_size,
        batch_norm=any(
            isinstance(module, nn.modules.batchnorm._BatchNorm) for module in job.model.modules()
        ),
        frozen=frozen_share(job.model) if model.is_user_code else 0.0,
        frozen_modules=frozen_modules(job.model) if model.is_user_code else {},
        softmax=softmaxes[0],
        softmax_of_one=softmaxes[1],
        without_batch=without_batch(model.hidden_channels, model.hidden_units or ())
        if isinstance(model, BuiltinModel)
        else None,
    )


def softmaxes_in(job: Job, x: torch.Tensor) -> tuple[int | None, bool]:
    """Return the units of a layer that a softmax over them ends, None if there is none, and whether
    a softmax is taken over the only output.

    Attention's softmaxes have more than two axes, and one of the outputs' width is the head's.
    """
    with SoftmaxSizes() as found:
        outputs = job.model(x)
    flat = [size for size in found.sizes if len(size) == 2]
    widths = [size[1] for size in flat if size != outputs.shape]
    of_one = outputs.ndim == 2 and outputs.shape[1] == 1 and outputs.shape in flat
    return (widths[0] if widths else None), of_one


class SoftmaxSizes(TorchDispatchMode):
    """Notes the shape of everything that a softmax or log-softmax is taken of."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.sizes: list[torch.Size] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket in (torch.ops.aten._softmax, torch.ops.aten._log_softmax):
            self.sizes.append(args[0].shape)
        return func(*args, **(kwargs or {}))


def frozen_share(model: nn.Module) -> float:
    """Return the share of parameters that ask for no gradient."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    still = sum(size for size, asks in sizes if not asks)
    return still / max(1, sum(size for size, _ in sizes))


def frozen_modules(model: nn.Module) -> dict[str, float]:
    """Return the share of all parameters that each module has which is frozen as a whole; in those
    that are not, of each frozen parameter."""
    whole = max(1, sum(parameter.numel() for parameter in model.parameters()))

    def within(module: nn.Module, name: str) -> dict[str, float]:
        own = list(module.parameters())
        if name and own and not any(parameter.requires_grad for parameter in own):
            return {name: sum(parameter.numel() for parameter in own) / whole}
        prefix = f"{name}." if name else ""
        found = {
            f"{prefix}{key}": parameter.numel() / whole
            for key, parameter in module.named_parameters(recurse=False)
            if not parameter.requires_grad
        }
        for key, child in module.named_children():
            found |= within(child, f"{prefix}{key}")
        return found

    return within(model, "")
