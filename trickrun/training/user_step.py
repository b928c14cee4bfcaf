"""A user's own training step, which takes the place of the built-in one."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.recipe.schema import Recipe
from trickrun.training.job import Batch, UserStep
from trickrun.training.settings import HALF
from trickrun.tricks.losses import LossFunction
from trickrun.user_code import call, resolve


def user_step(recipe: Recipe, folder: Path) -> UserStep | None:
    """Return the user's training step, if the recipe names one.

    Raises CompileError if the recipe also declares what only the built-in step applies.
    """
    wanted = recipe.train.step
    if wanted is None:
        return None
    regularizers = recipe.regularizers
    unused = [penalty.kind_name for penalty in regularizers.penalties if not penalty.off]
    unused += [regularizers.climb.kind_name] if regularizers.climb is not None else []
    unused += [trick.kind_name for trick in regularizers.gradient_changes]
    unused += [trick.kind_name for trick in regularizers.mixing]
    unused += ["clip"] if recipe.optimizer.clip is not None else []
    unused += ["accumulate"] if recipe.train.batches_a_step > 1 else []
    unused += [recipe.train.precision] if recipe.train.precision in HALF else []
    unused += ["compile"] if recipe.train.compile else []
    if unused:
        raise CompileError(
            f"your own step decides what is minimized, so nothing applies: {', '.join(unused)}",
            "train.step",
            "remove them from the recipe and do them in your step",
        )
    function = resolve(wanted.target, folder, wanted.taught)

    def step(
        model: nn.Module, batch: Batch, loss: LossFunction, optimizer: torch.optim.Optimizer
    ) -> torch.Tensor:
        values = (model, batch, loss, optimizer)
        found = call(function, wanted.target, *values, args=wanted.args, teach=wanted.taught)
        if not isinstance(found, torch.Tensor) or found.numel() != 1:
            raise CompileError(
                f"it returned {found!r}, not the loss as a tensor of one number",
                wanted.target,
                wanted.taught("return the loss that you called backward on"),
            )
        return found.detach().reshape(())

    return step
