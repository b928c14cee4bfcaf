"""The losses and penalties of a stack's trials, where their strengths differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.func import vmap

from trickrun.search.executors.stacked.layers import lies_transposed
from trickrun.search.groups import stackable
from trickrun.training.job import Job, loss_function
from trickrun.tricks.losses import LossFunction
from trickrun.tricks.losses._loss import positive
from trickrun.tricks.regularizers._penalty import Penalty

Tensors = Mapping[str, torch.Tensor]


class StackedLoss:
    """The data loss of each trial. Losses are per sample, so all trials' samples are one batch.

    Every loss is linear in label smoothing (targets are), so trials whose epsilon differs mix the
    loss without smoothing and the loss of nothing but smoothing.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        job = jobs[0]
        epsilons = [[j.settings.label_smoothing] for j in jobs]
        train, task = job.data.train, job.data.task
        self.loss = loss_function(job.loss_kind, train, task, job.folder)
        self.smooth: LossFunction | None = None
        if any(epsilon for [epsilon] in epsilons):
            self.smooth = loss_function(job.loss_kind, train, task, job.folder, 1.0)
            self.epsilon = torch.tensor(epsilons, dtype=job.dtype, device=job.device)

    def __call__(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the losses [K] of predictions [K, B, ...] for targets [K, B, ...]."""
        outputs, targets = prediction.flatten(0, 1), target.flatten(0, 1)
        losses = self.loss.per_sample(outputs, targets).view(prediction.shape[:2])
        if self.smooth is not None:
            smooth = self.smooth.per_sample(outputs, targets).view(losses.shape)
            losses = losses.lerp(smooth, self.epsilon.to(losses.dtype))
        return self.reduced(losses, target)

    def with_gradient(
        self, prediction: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the losses [K] of predictions [K, B, ...] and the gradient of their sum."""
        known = self.loss.with_gradient
        if known is None or self.smooth is not None or target.ndim != 2:
            prediction.requires_grad_()
            losses = self(prediction, target)
            [gradient] = torch.autograd.grad(losses.sum(), [prediction])
            return losses.detach(), gradient
        each, gradient = known(prediction, target)
        if self.loss.reduction == "mean":
            gradient.div_(target.shape[1])
        return self.reduced(each, target), gradient

    def reduced(self, losses: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return each trial's loss [K] of its samples' losses [K, B]; see LossFunction."""
        if self.loss.reduction == "sum":
            return losses.sum(1)
        if self.loss.weight is None:
            return losses.mean(1)
        weights = self.weights(target)
        return losses.sum(1) / (weights if self.loss.unweighted is None else positive(weights))

    def counts(self, target: torch.Tensor) -> Sequence[torch.Tensor | int]:
        """Return what each trial's mean loss divides by, for targets [K, B, ...]."""
        if self.loss.weight is None:
            return [target.shape[1]] * len(target)
        return self.weights(target).unbind()

    def weights(self, target: torch.Tensor) -> torch.Tensor:
        """Return the sums [K] of the weights of targets [K, B, ...], where the loss has weights."""
        assert self.loss.weight is not None
        return self.loss.weight(target.flatten(0, 1)).view(target.shape[:2]).sum(1)


class StackedPenalty:
    """A penalty whose strengths are [K] numbers: one penalty object whose numbers are tensors.

    Args:
        penalties: the trials' penalty of one kind.
        names: the parameters that it acts on.
    """

    def __init__(self, penalties: Sequence[Penalty], names: Sequence[str], like: torch.Tensor):
        self.penalty = penalties[0]
        self.names = names
        self.strengths = {
            name: like.new_tensor([getattr(penalty, name) for penalty in penalties])
            for name in stackable(type(self.penalty))
        }

    def add_gradient(self, parameters: Tensors, gradients: Tensors) -> torch.Tensor:
        """Add each trial's gradient to ``gradients``, name to [K, *shape], and return the terms
        [K] for ``parameters``, which require one."""
        acted_on = [parameters[name] for name in self.names]
        terms = self.terms(acted_on)
        found = torch.autograd.grad(terms.sum(), acted_on)
        for name, own in zip(self.names, found, strict=True):
            gradients[name].add_(own)
        return terms.detach()

    def terms(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return each trial's term [K] for its parameters [K, *shape]."""

        def term(strengths: dict[str, torch.Tensor], *own: torch.Tensor) -> torch.Tensor:
            return self.penalty.model_copy(update=strengths).penalty(own)

        found: torch.Tensor = vmap(term)(self.strengths, *parameters)
        return found


class EntrywisePenalty:
    """Penalties that are sums of sizes and of squares, whose gradients need no autograd.

    Args:
        factors: of each trial's two sums; see ``Penalty.factors``.
        names: see StackedPenalty.
    """

    def __init__(
        self, factors: Sequence[tuple[float, float]], names: Sequence[str], like: torch.Tensor
    ) -> None:
        self.names = names
        self.of_sizes, self.of_squares = like.new_tensor(factors).unbind(1)
        self.sizes, self.squares = (any(column) for column in zip(*factors, strict=True))

    @torch.no_grad()
    def add_gradient(self, parameters: Tensors, gradients: Tensors) -> torch.Tensor:
        """Do what StackedPenalty does."""
        terms = torch.zeros_like(self.of_sizes)
        for name in self.names:
            own, gradient = parameters[name], gradients[name]
            if lies_transposed(own.shape[1:]):
                # So they lie in memory; see Stack.views.
                own, gradient = own.transpose(1, 2), gradient.transpose(1, 2)
            column = [-1, *[1] * (own.ndim - 1)]
            if self.sizes:
                terms += torch.linalg.vector_norm(own.flatten(1), 1, 1) * self.of_sizes
                gradient.addcmul_(own.sign(), self.of_sizes.view(column))
            if self.squares:
                # A norm needs no memory for the squares.
                terms += torch.linalg.vector_norm(own.flatten(1), 2, 1).square() * self.of_squares
                gradient.addcmul_(own, self.of_squares.view(column), value=2)
        return terms


def stacked_penalties(jobs: Sequence[Job]) -> list[StackedPenalty | EntrywisePenalty]:
    """Return the penalties of jobs that all have the same ones."""
    job = jobs[0]
    names = {parameter: name for name, parameter in job.model.named_parameters()}
    like = next(job.model.parameters())

    def stacked(index: int) -> StackedPenalty | EntrywisePenalty:
        penalties = [j.penalties[index].penalty for j in jobs]
        acted_on = [names[p] for p in job.penalties[index].parameters]
        factors = [f for f in (penalty.factors for penalty in penalties) if f is not None]
        if len(factors) == len(penalties):
            return EntrywisePenalty(factors, acted_on, like)
        return StackedPenalty(penalties, acted_on, like)

    return [stacked(index) for index in range(len(job.penalties))]
