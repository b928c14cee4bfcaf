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
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, vmap

from trickrun.data.splits.source import SplitData
from trickrun.search.executors.stacked.inputs import (
    Batches,
    Drawn,
    Masks,
    with_given_dropout,
)
from trickrun.search.executors.stacked.layers import (
    LinearStack,
    lies_transposed,
    linear_stack,
)
from trickrun.search.executors.stacked.loss import StackedLoss, stacked_penalties
from trickrun.search.executors.stacked.optimizer import (
    clip_rows,
    copied,
    is_of_rows,
    on_row,
    row_of,
    update_of,
)
from trickrun.training.device import LARGE_PASS
from trickrun.training.job import Job, RecipeJob
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
        return torch.cat([(w.t() if lies_transposed(w.shape) else w).flatten() for w in weights])

    def bind(self, step: int) -> None:
        """Make what depends on which trials are in the stack, for the steps from ``step`` on."""
        self.gradients = torch.empty_like(self.flat)
        self.parts: dict[tuple[int, int], Part] = {}
        self.whole = self.part(slice(0, len(self.jobs)))
        self.batches = Batches(self.jobs, step)

    def part(self, rows: slice) -> Part:
        """Return the trials of ``rows``, which are made once."""
        place = rows.start, rows.stop
        if place not in self.parts:
            fixed = {name: value[rows] for name, value in self.fixed.items()}
            parameters, gradients = self.views(self.flat[rows]), self.views(self.gradients[rows])
            self.parts[place] = Part(self.network, self.jobs[rows], parameters, gradients, fixed)
        return self.parts[place]

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
        state, order = self.update.states()[place], self.order_in_states()
        return {
            "parameters": self.flat[place][order],
            "fixed": {name: value[place].clone() for name, value in self.fixed.items()},
            "optimizer": {
                name: v[order] if is_of_rows(v) else copied(v, self.flat.device)
                for name, v in state.items()
            },
        }

    def order_in_states(self) -> torch.Tensor:
        """Return the places [P] of a row's numbers in the order in which states have them, which is
        that of every version: all matrices lie transposed."""
        count = self.flat.shape[1]
        places = self.views(torch.arange(count, device=self.flat.device).unsqueeze(0)).values()
        return torch.cat([(w[0].t() if w[0].ndim == 2 else w[0]).flatten() for w in places])

    def restore(self, states: Sequence[dict[str, Any]], step: int) -> None:
        """Bring each trial into a state of ``state_of``, which ``step`` steps have led to."""
        back = self.order_in_states().argsort()
        for place, state in enumerate(states):
            self.flat[place].copy_(state["parameters"][back.to(state["parameters"].device)])
            for name, value in state["fixed"].items():
                self.fixed[name][place] = value.to(self.fixed[name].device)
        self.update.restore(
            [
                {n: v[back.to(v.device)] if is_of_rows(v) else v for n, v in s["optimizer"].items()}
                for s in states
            ]
        )
        self.bind(step)

    def take_step(self, step: int, histories: Sequence[History]) -> list[StepResult]:
        """Take training step ``step`` (from 0) with every trial.

        The order is the loop's: batch, augment, forward, loss and penalty, backward, clip, update.

        Args:
            histories: each trial's evaluations so far.
        """
        lrs = [set_lr(job, step, past) for job, past in zip(self.jobs, histories, strict=True)]
        results: list[StepResult] = []
        for drawn in self.batches.at(step):
            results += self.part(drawn.rows).put_gradients(drawn, step, lrs[drawn.rows])
        clip_rows(self.jobs, self.gradients)
        self.update.step(self.gradients, lrs)
        return results

    def views(self, flat: torch.Tensor) -> Tensors:
        """Return views of rows [K, P], name to [K, *shape].

        Matrices lie transposed in a row, unless they are narrow; see layers.py.
        """
        parts = flat.split([shape.numel() for shape in self.shapes], dim=1)
        return {
            name: part.view(-1, *reversed(shape)).transpose(1, 2)
            if lies_transposed(shape)
            else part.view(-1, *shape)
            for name, shape, part in zip(self.names, self.shapes, parts, strict=True)
        }

    def validate(self) -> list[torch.Tensor] | None:
        """Return each trial's outputs [N, outputs] for its validation split; None: it has none."""
        return self.outputs_for(lambda job: job.data.val)

    def outputs_for(self, part: Callable[[Job], SplitData | None]) -> list[torch.Tensor] | None:
        """Return each trial's outputs [N, outputs] for a part of its data; None: it has none.

        A pass has so many samples that it takes about the memory of a training step.
        """
        sources = {id(job.data.train.x): job for job in self.jobs}
        jobs = list(sources.values())
        splits = [split.x for job in jobs if (split := part(job)) is not None]
        if not splits:
            return None
        if len(jobs) == 1:
            return list(self.predict(splits[0]))
        places = list(sources)
        which = [places.index(id(job.data.train.x)) for job in self.jobs]
        parts = []
        for begin in range(0, max(map(len, splits)), self.pass_size):
            end = begin + self.pass_size
            inputs = [job.inputs(x[begin:end]) for job, x in zip(jobs, splits, strict=True)]
            # In evaluation no sample enters another one's outputs, so that zeros may fill up.
            whole = nn.utils.rnn.pad_sequence(inputs, batch_first=True)
            parts.append(self.whole.outputs(whole[which], shared=False))
        outputs = torch.cat(parts, dim=1)
        return [own[: len(splits[i])] for own, i in zip(outputs, which, strict=True)]

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return all trials' outputs [K, N, outputs] for raw inputs [N, *shape] of their one
        data."""
        inputs = self.jobs[0].inputs
        parts = x.split(self.pass_size)
        return torch.cat([self.whole.outputs(inputs(part), shared=True) for part in parts], dim=1)

    @property
    def pass_size(self) -> int:
        """Samples of a pass in evaluation."""
        return min(LARGE_PASS, 4 * self.jobs[0].batch_size)

    def finite(self) -> list[bool]:
        """Return, for each trial, whether all its weights are finite."""
        found: list[bool] = self.flat.isfinite().all(1).tolist()
        return found


class Part:
    """Trials that follow one another in a stack, and take the passes of a step together: all of
    it, unless their batches are of different sizes.

    Args:
        network: what one of them is, with GivenDropout; parts share it.
        parameters, gradients: views of the stack's rows, name to [K, *shape].
        fixed: buffers and frozen parameters, name to [K, ...].
    """

    def __init__(
        self,
        network: nn.Module,
        jobs: Sequence[RecipeJob],
        parameters: Tensors,
        gradients: Tensors,
        fixed: Tensors,
    ) -> None:
        self.network, self.jobs = network, jobs
        self.parameters = {name: v.requires_grad_() for name, v in parameters.items()}
        self.gradients, self.fixed = gradients, fixed
        self.layers = self.linear_layers()
        self.masks = Masks(jobs)
        self.loss = StackedLoss(jobs)
        self.penalties = stacked_penalties(jobs)

    def linear_layers(self) -> LinearStack | None:
        """Return the networks as linear layers whose passes are written out; None if they are more
        than that, or on a device or in a precision where nobody has measured it."""
        job = self.jobs[0]
        if job.device.type != "cpu" or job.settings.half is not None:
            return None
        return linear_stack(self.network, self.parameters, self.gradients, self.fixed)

    def put_gradients(self, drawn: Drawn, step: int, lrs: Sequence[float]) -> list[StepResult]:
        """Put the gradients of ``step`` where they belong; return what there is to tell of it.

        Args:
            lrs: the trials' learning rates, which it tells too.
        """
        x, y = drawn.batch
        targets = y.expand(len(self.jobs), *y.shape) if drawn.shared else y
        counts = self.loss.counts(targets)
        masks = self.masks.at(step, drawn.samples)
        if self.layers is not None:
            losses = self.backward_by_layers(self.layers, x, targets, masks, drawn.shared)
        else:
            losses = self.backward(x, targets, masks, drawn.shared)
        terms: Sequence[torch.Tensor | None] = [None] * len(self.jobs)
        if self.penalties:
            added = [p.add_gradient(self.parameters, self.gradients) for p in self.penalties]
            terms = torch.stack(added).sum(0).unbind()
        return [
            StepResult(loss, term, None, lr, drawn.samples, count)
            for loss, term, lr, count in zip(losses, terms, lrs, counts, strict=True)
        ]

    def backward(
        self, x: torch.Tensor, targets: torch.Tensor, masks: Tensors, shared: bool
    ) -> torch.Tensor:
        """Put the gradients of the data loss into ``gradients``; return the losses [K]."""
        self.set_mode(training=True)
        with self.jobs[0].autocast():
            predictions = self.forward(x, masks, shared)
            losses = self.loss(predictions, targets)
        found = torch.autograd.grad(
            losses.sum(), list(self.parameters.values()), materialize_grads=True
        )
        # One copy into memory that is there already costs a quarter of the gradient of a split.
        for own, place in zip(found, self.gradients.values(), strict=True):
            place.copy_(own)
        return losses.detach()

    def backward_by_layers(
        self,
        layers: LinearStack,
        x: torch.Tensor,
        targets: torch.Tensor,
        masks: Tensors,
        shared: bool,
    ) -> torch.Tensor:
        """Do what ``backward`` does, with passes that are written out."""
        predictions = layers.forward(x, masks, shared).detach()
        losses, gradient = self.loss.with_gradient(predictions, targets)
        layers.backward(gradient)
        return losses

    def forward(self, x: torch.Tensor, masks: Tensors, shared: bool) -> torch.Tensor:
        """Return predictions [K, B, outputs] for inputs [B, ...] that all share, or [K, B, ...]."""

        def one(own: Tensors, x: torch.Tensor) -> torch.Tensor:
            prediction: torch.Tensor = functional_call(self.network, own, (x,))
            return prediction

        return vmap(one, in_dims=(0, None if shared else 0))(
            {**self.parameters, **self.fixed, **masks}, x
        )

    def outputs(self, x: torch.Tensor, shared: bool) -> torch.Tensor:
        """Return predictions [K, N, outputs] in evaluation for inputs as in ``forward``."""
        if self.layers is not None:
            return self.layers.predict(x, shared)
        self.set_mode(training=False)
        with torch.inference_mode(), self.jobs[0].autocast():
            return self.forward(x, {}, shared).to(self.jobs[0].dtype)

    def set_mode(self, training: bool) -> None:
        """Put the network into a mode; walking through its modules at each step would cost 5 %."""
        if self.network.training != training:
            self.network.train(training)


def stacked_fixed(models: Sequence[nn.Module]) -> Tensors:
    """Return the buffers and frozen parameters of ``models``, name to [K, ...]."""
    frozen = [name for name, p in models[0].named_parameters() if not p.requires_grad]
    buffers = [name for name, _ in models[0].named_buffers()]
    found = {name: [model.get_parameter(name).detach() for model in models] for name in frozen}
    found |= {name: [model.get_buffer(name) for model in models] for name in buffers}
    return {name: torch.stack(values) for name, values in found.items()}
