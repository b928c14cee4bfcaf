"""A job's loss and penalties on a few samples, their gradients, and differences beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Literal

import torch
from torch import nn

from trickrun.checks.grad_check.finite_differences import (
    Direction,
    Function,
    Named,
    check_parameter,
    directions,
    gradients,
    sweep,
)
from trickrun.errors import CompileError
from trickrun.findings.rules.gradients import ParameterCheck
from trickrun.nn.rng import generator
from trickrun.run.pace import Moved
from trickrun.training.introspection.look import before_first_step
from trickrun.training.job import Job

MOST = 600
"""Directions in all: a network of very many parameters gets fewer entries of each."""

SWEPT = tuple(10 ** (-k / 2) for k in range(2, 25))
"""The steps of --h-sweep: 0.1 down to 1e-12."""

SWEPT_DIRECTIONS = 60


class Checked:
    """The loss and the penalties of a job on a few samples, with their gradients.

    Args:
        indices: the training samples [N].
        coordinates: entries of each parameter.
        h: the step of the differences.
    """

    def __init__(self, job: Job, indices: torch.Tensor, coordinates: int, h: float) -> None:
        self.h = h
        self.job = job
        before_first_step(job.model)
        self.x = job.inputs(job.data.train.x.index_select(0, indices))
        self.target = job.targets["train"].index_select(0, indices)
        self.trainable: Named = [(n, p) for n, p in job.model.named_parameters() if p.requires_grad]
        refuse_chance(self.loss)
        self.gradient = gradients(self.loss, self.trainable)
        each = min(coordinates, max(2, MOST // max(len(self.trainable), 1)))
        held = padding_rows(job.model)
        drawn = partial(generator, job.settings.seed, "grad-check")
        self.ways = {
            name: directions(p, by_loss, each, drawn(name), held.get(id(p)))
            for name, p in self.trainable
            if (by_loss := self.gradient[name]) is not None
        }

    def loss(self) -> torch.Tensor:
        """Return the data loss at the parameters as they are now."""
        # A user's forward may draw: it must draw the same each time.
        self.job.start_streams(0)
        return self.job.loss(self.job.model(self.x), self.target)

    def penalty(self) -> torch.Tensor:
        """Return the sum of the penalties; only of a job that has some."""
        value = self.job.penalty()
        assert value is not None
        return value

    @property
    def unused(self) -> list[str]:
        """The trainable parameters that the loss does not depend on."""
        return [name for name, _ in self.trainable if self.gradient[name] is None]

    @property
    def without_gradient(self) -> list[str]:
        """The trainable parameters whose gradient is exactly 0 on these samples."""
        known = ((name, gradient) for name, gradient in self.gradient.items())
        return [name for name, g in known if g is not None and not g.abs().max() > 0]

    @property
    def comparisons(self) -> int:
        """The number of rows, about."""
        return len(self.ways) * (2 if self.job.penalties else 1)

    def rows(self, moved: Moved) -> list[ParameterCheck]:
        """Return the comparison for each parameter, of the loss and of the penalties apart.

        A penalty is far smaller than the loss: in their sum a wrong one would not be seen.

        Args:
            moved: told of the rows done.
        """
        found = [self.compared("loss", self.loss, self.gradient)]
        if self.job.penalties:
            by_penalty = gradients(self.penalty, self.trainable)
            found.append(self.compared("penalty", self.penalty, by_penalty))
        rows = []
        for row in chain(*found):
            rows.append(row)
            moved(len(rows))
        return rows

    def compared(
        self,
        of: Literal["loss", "penalty"],
        function: Function,
        found: dict[str, torch.Tensor | None],
    ) -> Iterator[ParameterCheck]:
        """Yield the comparison for each parameter that the function depends on."""
        with torch.no_grad():
            value = float(function())
        for name, ways in self.ways.items():
            gradient = found[name]
            if gradient is not None:
                yield check_parameter(name, of, function, value, ways, gradient, self.h)

    def sweep(self) -> list[dict[str, float]]:
        """Return the error of the loss's derivatives over the step size."""
        ways: list[tuple[Direction, torch.Tensor]] = [
            (way, gradient)
            for name, found in self.ways.items()
            if (gradient := self.gradient[name]) is not None
            for way in found
        ]
        stride = math.ceil(len(ways) / SWEPT_DIRECTIONS)
        with torch.no_grad():
            value = float(self.loss())
        errors = sweep(self.loss, value, ways[::stride], SWEPT)
        return [{"h": h, "error": error} for h, error in zip(SWEPT, errors, strict=True)]


def padding_rows(model: nn.Module) -> dict[int, int]:
    """Return the rows that embeddings keep as they are, by the identity of the parameter."""
    kinds = (nn.Embedding, nn.EmbeddingBag)
    found = [module for module in model.modules() if isinstance(module, kinds)]
    return {id(e.weight): e.padding_idx for e in found if e.padding_idx is not None}


@torch.no_grad()
def refuse_chance(function: Function) -> None:
    """Raise CompileError if a function gives two values at the same parameters."""
    first, second = float(function()), float(function())
    if first != second and not (math.isnan(first) and math.isnan(second)):
        raise CompileError(
            f"the same samples give a loss of {first:.10g} and then of {second:.10g}",
            "model",
            "it is random, or keeps state, outside of torch's generator and its own buffers, so "
            "differences are meaningless",
        )
