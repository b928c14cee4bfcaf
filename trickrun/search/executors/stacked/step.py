"""The stacked step: K trials of one shape take a training step as one program on one device.

All trainable parameters are one tensor [K, P], a row for each trial. The network runs once for all
rows under vmap and the gradient of the summed losses is, row by row, each trial's own, because no
trial's loss depends on another's row; of networks of linear layers both passes are written out
(layers.py). Each trial then takes the step of its own torch optimizer on
its own row, with its own learning rate and clipping: nothing of torch.optim is written again (see
optimizer.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, vmap

from trickrun.search.executors.stacked.inputs import Batches, Masks, with_given_dropout
from trickrun.search.executors.stacked.layers import LinearStack, linear_stack
from trickrun.search.executors.stacked.loss import StackedLoss, stacked_penalties
from trickrun.search.executors.stacked.optimizer import (
    clip_rows,
    copied,
    on_row,
    row_of,
    update_of,
)
from trickrun.training.device import LARGE_PASS
from trickrun.training.job import Batch, RecipeJob
from trickrun.training.loop import set_lr
from trickrun.training.step_buffer import StepResult

Tensors = dict[str, torch.Tensor]
History = list[dict[str, float]]


class Stack:
    """Jobs of one shape (see search/groups.py), freshly compiled, that train together.

    Attributes:
        jobs: the trials that are still in it; the optimizer of each acts on its row.
        flat: their trainable parameters [K, P], in the order of ``names``.
        fixed: what no optimizer changes, name to [K, ...]: buffers and frozen parameters.
    """

    def __init__(self, jobs: Sequence[RecipeJob]) -> None:
        # vmap takes attention trial by trial, which is still the fastest way, and says so.
        warnings.filterwarnings("ignore", "There is a performance drop because")
        model = jobs[0].model
        self.names = [name for name, p in model.named_parameters() if p.requires_grad]
        self.shapes = [model.get_parameter(name).shape for name in self.names]
        self.flat = torch.stack([self.flattened(job.model) for job in jobs])
        self.fixed = stacked_fixed([job.model for job in jobs])
        self.jobs = [on_row(job, row) for job, row in zip(jobs, self.flat, strict=True)]
        self.update = update_of(self.jobs, self.flat)
        self.network = with_given_dropout(deepcopy(model)).train()
        self.bind(step=0)

    def flattened(self, model: nn.Module) -> torch.Tensor:
        """Return the trainable parameters of one model as one vector [P], laid out as ``views``."""
        weights = [model.get_parameter(name).detach() for name in self.names]
        return torch.cat([(w.t() if w.ndim == 2 else w).flatten() for w in weights])

    def bind(self, step: int) -> None:
        """Make what depends on which trials are in the stack, for the steps from ``step`` on."""
        self.parameters = {name: v.requires_grad_() for name, v in self.views(self.flat).items()}
        self.gradients = torch.empty_like(self.flat)
        self.layers = self.linear_layers()
        self.batches = Batches(self.jobs, step)
        self.masks = Masks(self.jobs)
        self.loss = StackedLoss(self.jobs)
        self.penalties = stacked_penalties(self.jobs)

    def linear_layers(self) -> LinearStack | None:
        """Return the networks as linear layers whose passes are written out; None if they are more
        than that, or on a device or in a precision where nobody has measured it."""
        job = self.jobs[0]
        if job.device.type != "cpu" or job.settings.half is not None:
            return None
        return linear_stack(self.network, self.parameters, self.views(self.gradients), self.fixed)

    def keep(self, places: Sequence[int], step: int) -> None:
        """Go on from ``step`` with the trials at ``places`` only."""
        if not places:
            return
        states = self.update.states()
        self.jobs = [self.jobs[place] for place in places]
        self.flat = self.flat[list(places)]
        self.fixed = {name: value[list(places)] for name, value in self.fixed.items()}
        for job, values in zip(self.jobs, self.flat, strict=True):
            row_of(job).data = values
        self.update = update_of(self.jobs, self.flat)
        self.update.restore([states[place] for place in places])
        self.bind(step)

    def state_of(self, place: int) -> dict[str, Any]:
        """Return what a trial needs to go on in another stack: copies of what is its own."""
        state = self.update.states()[place]
        return {
            "parameters": self.flat[place].clone(),
            "fixed": {name: value[place].clone() for name, value in self.fixed.items()},
            "optimizer": {name: copied(v, self.flat.device) for name, v in state.items()},
        }

    def restore(self, states: Sequence[dict[str, Any]], step: int) -> None:
        """Bring each trial into a state of ``state_of``, which ``step`` steps have led to."""
        for place, state in enumerate(states):
            self.flat[place].copy_(state["parameters"])
            for name, value in state["fixed"].items():
                self.fixed[name][place] = value.to(self.fixed[name].device)
        self.update.restore([state["optimizer"] for state in states])
        self.bind(step)

    def take_step(self, step: int, histories: Sequence[History]) -> list[StepResult]:
        """Take training step ``step`` (from 0) with every trial.

        The order is the loop's: batch, augment, forward, loss and penalty, backward, clip, update.

        Args:
            histories: each trial's evaluations so far.
        """
        lrs = [set_lr(job, step, past) for job, past in zip(self.jobs, histories, strict=True)]
        batch = self.batches.at(step)
        samples = batch[1].shape[0 if self.batches.shared else 1]
        masks = self.masks.at(step, samples)
        counts = self.loss.counts(self.targets(batch))
        losses, penalties, gradient = self.gradient(batch, masks)
        clip_rows(self.jobs, gradient)
        self.update.step(gradient, lrs)
        none = [None] * len(self.jobs)
        terms = none if penalties is None else penalties.unbind()
        return [
            StepResult(loss, term, None, lr, samples, count)
            for loss, term, lr, count in zip(losses, terms, lrs, counts, strict=True)
        ]

    def targets(self, batch: Batch) -> torch.Tensor:
        """Return the targets of a batch for each trial [K, B, ...]."""
        y = batch[1]
        return y.expand(len(self.jobs), *y.shape) if self.batches.shared else y

    def gradient(
        self, batch: Batch, masks: Tensors
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """Return the trials' losses [K], penalties [K] (None: they have none), gradients [K, P]."""
        if self.layers is not None:
            losses = self.backward_by_layers(self.layers, batch, masks)
        else:
            losses = self.backward(batch, masks)
        if not self.penalties:
            return losses, None, self.gradients
        places = self.views(self.gradients)
        terms = [penalty.add_gradient(self.parameters, places) for penalty in self.penalties]
        return losses, torch.stack(terms).sum(0), self.gradients

    def backward(self, batch: Batch, masks: Tensors) -> torch.Tensor:
        """Put the gradients of the data loss into ``gradients``; return the losses [K]."""
        self.set_mode(training=True)
        with self.jobs[0].autocast():
            predictions = self.forward(batch[0], masks, self.batches.shared)
            losses = self.loss(predictions, self.targets(batch))
        found = torch.autograd.grad(
            losses.sum(), list(self.parameters.values()), materialize_grads=True
        )
        # One copy into memory that is there already costs a quarter of the gradient of a split.
        for own, place in zip(found, self.views(self.gradients).values(), strict=True):
            place.copy_(own)
        return losses.detach()

    def backward_by_layers(self, layers: LinearStack, batch: Batch, masks: Tensors) -> torch.Tensor:
        """Do what ``backward`` does, with passes that are written out."""
        predictions = layers.forward(batch[0], masks, self.batches.shared).detach()
        losses = self.loss(predictions.requires_grad_(), self.targets(batch))
        [gradient] = torch.autograd.grad(losses.sum(), [predictions])
        layers.backward(gradient)
        return losses.detach()

    def forward(self, x: torch.Tensor, masks: Tensors, shared: bool) -> torch.Tensor:
        """Return predictions [K, B, outputs] for inputs [B, ...] that all share, or [K, B, ...]."""

        def one(own: Tensors, x: torch.Tensor) -> torch.Tensor:
            prediction: torch.Tensor = functional_call(self.network, own, (x,))
            return prediction

        return vmap(one, in_dims=(0, None if shared else 0))(
            {**self.parameters, **self.fixed, **masks}, x
        )

    def set_mode(self, training: bool) -> None:
        """Put the network into a mode; walking through its modules at each step would cost 5 %."""
        if self.network.training != training:
            self.network.train(training)

    def views(self, flat: torch.Tensor) -> Tensors:
        """Return views of rows [K, P], name to [K, *shape].

        Matrices lie transposed in a row, because that is how their gradients come out of a product
        of batches: copying them is then a straight copy.
        """
        parts = flat.split([shape.numel() for shape in self.shapes], dim=1)
        return {
            name: part.view(-1, *reversed(shape)).transpose(1, 2)
            if len(shape) == 2
            else part.view(-1, *shape)
            for name, shape, part in zip(self.names, self.shapes, parts, strict=True)
        }

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return all trials' outputs [K, N, outputs] for raw inputs [N, *shape].

        A pass has so many samples that it takes about the memory of a training step.
        """
        job = self.jobs[0]
        size = min(LARGE_PASS, 4 * job.batch_size)
        if self.layers is not None:
            parts = [self.layers.predict(job.inputs(part)) for part in x.split(size)]
            return torch.cat(parts, dim=1)
        self.set_mode(training=False)
        with torch.inference_mode(), job.autocast():
            return torch.cat(
                [
                    self.forward(job.inputs(part), {}, shared=True).to(job.dtype)
                    for part in x.split(size)
                ],
                dim=1,
            )

    def finite(self) -> list[bool]:
        """Return, for each trial, whether all its weights are finite."""
        found: list[bool] = self.flat.isfinite().all(1).tolist()
        return found


def stacked_fixed(models: Sequence[nn.Module]) -> Tensors:
    """Return the buffers and frozen parameters of ``models``, name to [K, ...]."""
    frozen = [name for name, p in models[0].named_parameters() if not p.requires_grad]
    buffers = [name for name, _ in models[0].named_buffers()]
    found = {name: [model.get_parameter(name).detach() for model in models] for name in frozen}
    found |= {name: [model.get_buffer(name) for model in models] for name in buffers}
    return {name: torch.stack(values) for name, values in found.items()}
