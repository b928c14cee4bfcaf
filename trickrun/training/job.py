"""The job: everything that the training loop needs, in one place; and the batches it steps on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch import nn

from trickrun.data.splits.prepare import Prepared
from trickrun.data.splits.source import SplitData, Task
from trickrun.data.splits.split import balanced_order
from trickrun.nn.averaging import WeightAverage
from trickrun.nn.rng import LayerStreams, StepStream, generator, key
from trickrun.nn.staged import keep_statistics
from trickrun.recipe.schema import Recipe
from trickrun.training.device import Network
from trickrun.training.settings import TrainingSettings
from trickrun.tricks.augmentation import Augment, Stage
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.losses import Loss, LossFunction
from trickrun.tricks.losses._weighted import weighted, with_weights
from trickrun.tricks.metrics import MetricFunction
from trickrun.tricks.regularizers._constraint import Constraint
from trickrun.tricks.regularizers._penalty import Penalty
from trickrun.tricks.schedules import Span
from trickrun.tricks.train.early_stopping import EarlyStopping

Batch = tuple[torch.Tensor, torch.Tensor]
"""Inputs [B, *shape] and prepared targets [B, ...] of one step."""


@dataclass(frozen=True)
class Targets:
    """The prepared targets of a training batch, whose inputs may be mixtures of two samples.

    Args:
        own: of each sample [B, ...].
        other: of the samples mixed in [B, ...]; None: nothing is mixed.
        share: of each input that is its own sample's.
        whole: those of the step that these are a part of; None: they are all of it.
    """

    own: torch.Tensor
    other: torch.Tensor | None = None
    share: float = 1.0
    whole: Targets | None = None

    def loss(self, function: LossFunction, prediction: torch.Tensor) -> torch.Tensor:
        """Return the scalar loss of ``prediction`` [B, ...]: the two losses in their shares."""
        all_own = all_other = None
        if self.whole is not None:
            all_own, all_other = self.whole.own, self.whole.other
        loss = function(prediction, self.own, all_own)
        if self.other is None:
            return loss
        other = function(prediction, self.other, all_other)
        return self.share * loss + (1 - self.share) * other

    def split(self, size: int) -> list[Targets]:
        """Return the parts for batches of ``size`` samples that make one step together."""
        if len(self.own) <= size:
            return [self]
        owns = self.own.split(size)
        others = self.other.split(size) if self.other is not None else [None] * len(owns)
        return [
            Targets(own, other, self.share, self) for own, other in zip(owns, others, strict=True)
        ]


@dataclass(frozen=True)
class BoundAugmentation:
    """An augmentation ready to use: when it acts, what it does, and what it draws from."""

    stage: Stage
    apply: Augment
    stream: StepStream


@dataclass(frozen=True)
class BoundPenalty:
    """A penalty with the parameters that it acts on."""

    penalty: Penalty
    parameters: list[nn.Parameter]

    def term(self) -> torch.Tensor:
        """Return the scalar that it adds to the loss."""
        return self.penalty.penalty(self.parameters)


@dataclass(frozen=True)
class BoundConstraint:
    """A bound on weights [units, ...] with those that it acts on."""

    constraint: Constraint
    weights: list[torch.Tensor]

    def apply(self) -> None:
        """Bring those that are trained back to where they are allowed."""
        self.constraint.constrain([weight for weight in self.weights if weight.requires_grad])


UserStep = Callable[[nn.Module, Batch, LossFunction, torch.optim.Optimizer], torch.Tensor]
"""A user's own training step: it updates the model and returns the loss, detached."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that the training loop needs, on one device. Only the loop changes it: model and
    optimizer.

    ``compile_recipe`` makes one from a recipe, ``assemble`` from a plain module.

    Args:
        settings: what is said about training, in plain values.
        folder: what relative paths and python targets are relative to.
        data: the splits on ``device``, and what normalizes their batches.
        network: what a training step calls: the model itself, or a compiled one that shares its
            parameters.
        loss_kind: the loss's parameters, for what metrics and predictions see.
        targets: each split's targets in the form that the loss compares with.
        stopping: what the best evaluation is; only with settings.stops_early it ends the run.
        streams: what the model's layers draw from.
        scaler: scales the loss for fp16, whose gradients would vanish; else it does nothing.
        penalties: those of non-zero strength.
        layers: the trained parameters from the input to the head, if a layer after the other is
            unfrozen.
        step: the user's own training step, or None for the built-in one.
        augmentations: those that act, in their order.
        constraints: bounds on the weights, of non-zero strength.
        average: the average of the weights that is evaluated in their place, if there is one.
        ledger: what each trick acts on.
    """

    settings: TrainingSettings
    folder: Path = Path()
    device: torch.device
    dtype: torch.dtype
    data: Prepared
    model: nn.Module
    network: Network
    loss_kind: Loss
    loss: LossFunction
    targets: dict[str, torch.Tensor]
    metrics: dict[str, MetricFunction]
    optimizer: torch.optim.Optimizer
    stopping: EarlyStopping
    batch_size: int
    span: Span
    streams: LayerStreams
    scaler: torch.amp.GradScaler
    penalties: tuple[BoundPenalty, ...] = ()
    layers: tuple[tuple[nn.Parameter, ...], ...] = ()
    step: UserStep | None = None
    augmentations: tuple[BoundAugmentation, ...] = ()
    constraints: tuple[BoundConstraint, ...] = ()
    average: WeightAverage | None = None
    ledger: tuple[LedgerEntry, ...] = ()

    def order(self, epoch: int) -> torch.Tensor:
        """Return the order [N] in which ``epoch`` (from 0) visits the training samples."""
        return self.drawn_order(epoch).to(self.device)

    def drawn_order(self, epoch: int) -> torch.Tensor:
        """Return ``order`` on the CPU, where it is drawn."""
        count = len(self.data.train)
        if not self.settings.shuffle:
            return torch.arange(count)
        stream = generator(self.settings.seed, "shuffle", epoch)
        if self.settings.balanced:
            return balanced_order(self.data.train.y.cpu(), stream)
        return torch.randperm(count, generator=stream)

    @property
    def eval_every(self) -> int:
        """The steps between two evaluations of the validation split."""
        return self.settings.eval_every or self.span.per_epoch

    @property
    def step_size(self) -> int:
        """The samples of one step: those of all batches whose gradients it adds up."""
        return self.batch_size * self.settings.batches_a_step

    def batches(self, step: int) -> Iterator[torch.Tensor]:
        """Yield the sample indices [B] of each training step from ``step`` (from 0) on."""
        data = self.data
        if data.files is not None and data.streamed:
            order = self.split_orders(step, self.drawn_order)
            return data.files.upcoming(data.train.x.cpu(), order, self.device)
        return self.split_orders(step, self.order)

    def split_orders(
        self, step: int, order: Callable[[int], torch.Tensor]
    ) -> Iterator[torch.Tensor]:
        """Yield the batches of each epoch's ``order`` from ``step`` on."""
        ramp = self.settings.batch_ramp
        epoch, place = divmod(step, self.span.per_epoch)
        while True:
            for batch in order(epoch).split(self.step_size)[place : self.span.per_epoch]:
                yield batch if ramp is None else batch[: ramp.size(len(batch), step, self.span)]
                step += 1
            epoch, place = epoch + 1, 0

    def start_training(self, step: int) -> None:
        """Bring the model into the state in which it takes ``step``: its mode, what is frozen."""
        unfreezing = self.settings.unfreezing
        changed = unfreezing is not None and unfreezing.hold(self.layers, step, self.span)
        if changed or not self.model.training:
            self.model.train()  # it walks through all layers
            if unfreezing is not None:
                keep_statistics(self.model)

    def start_streams(self, step: int) -> None:
        """Make what ``step`` draws a function of the seed and the step alone."""
        self.streams.at(step)
        if self.settings.seeds_torch:
            torch.manual_seed(key(self.settings.seed, "python", step))

    def inputs(self, x: torch.Tensor) -> torch.Tensor:
        """Return a split's inputs as the model sees them in evaluation: float, normalized."""
        return self.data.inputs(x, self.dtype)

    def training_batch(self, indices: torch.Tensor, step: int) -> Batch:
        """Return inputs and prepared targets of the samples ``indices`` [B], augmented."""
        x = self.data.batch(indices)
        y = self.targets["train"].index_select(0, indices)
        if any(augmentation.stage == "raw" for augmentation in self.augmentations):
            x, y = self.augment("raw", self.data.unscaled(x, self.dtype), y, step)
            x = self.data.scaler.to(self.dtype)(x)
        else:
            x = self.inputs(x)
        return self.augment("normalized", x, y, step)

    def augment(self, stage: Stage, x: torch.Tensor, y: torch.Tensor, step: int) -> Batch:
        """Apply the augmentations of one stage, each from its own stream at ``step``."""
        for augmentation in self.augmentations:
            if augmentation.stage == stage:
                augmentation.stream.at(step)
                x, y = augmentation.apply(x, y, augmentation.stream.generator)
        return x, y

    def mix(self, x: torch.Tensor, y: torch.Tensor, step: int) -> tuple[torch.Tensor, Targets]:
        """Return the batch as mixup or cutmix leave it; with both, ``step`` gets one of them."""
        mixing, seed = self.settings.mixing, self.settings.seed
        if not mixing:
            return x, Targets(y)
        trick = mixing[key(seed, "mixing", step) % len(mixing)]
        x, share = trick.mix(x, Random(key(seed, trick.kind_name, step)))
        return x, Targets(y, y.roll(1, 0), share)

    def change_gradients(self, step: int) -> None:
        """Add to the gradients what the settings say for ``step``."""
        for trick in self.settings.gradient_changes:
            stream = generator(self.settings.seed, trick.kind_name, step, device=self.device)
            trick.add(list(self.model.parameters()), step, stream)

    def constrain(self) -> None:
        """Bring the weights back to where the recipe's bounds allow them."""
        for bound in self.constraints:
            bound.apply()

    def average_weights(self, steps: int) -> None:
        """Take the weights after ``steps`` steps into the average, if there is one."""
        averaging = self.settings.averaging
        if averaging is None or self.average is None:
            return
        share = averaging.share(steps, self.average.count, self.span)
        if share is not None:
            self.average.move(share)

    @property
    def evaluated(self) -> nn.Module:
        """The model that evaluations during training judge: the average, once there is one."""
        return self.average.model if self.average is not None and self.average.count else self.model

    def penalty(self) -> torch.Tensor | None:
        """Return the sum of the penalties, or None if there is none."""
        terms = [bound.term() for bound in self.penalties]
        return torch.stack(terms).sum() if terms else None

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of a forward pass: mixed precision if the settings ask for it."""
        half = self.settings.half
        return nullcontext() if half is None else torch.autocast(self.device.type, half)


@dataclass(frozen=True, kw_only=True)
class RecipeJob(Job):
    """A job that was compiled from a recipe.

    The loop never needs the recipe. What does (a check that names an edit, a run's folder, a stack
    of trials) says so by asking for this class.
    """

    recipe: Recipe


def recipe_of(job: Job) -> Recipe | None:
    """Return the recipe that ``job`` was compiled from; None if it was assembled without one."""
    return job.recipe if isinstance(job, RecipeJob) else None


def prepare_targets(loss: Loss, data: Prepared, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Return each split's targets as the loss wants them; see ``prepared_target``."""
    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {
        name: prepared_target(loss, part, data.task, dtype)
        for name, part in parts.items()
        if part is not None
    }


def prepared_target(
    loss: Loss, part: SplitData, task: Task, dtype: torch.dtype, *, bare: bool = False
) -> torch.Tensor:
    """Return a split's targets as the loss wants them; float targets get the job's dtype.

    Args:
        bare: leave out the weights of samples, which stand before their targets if there are any.
    """
    target = loss.prepare(part.y, task)
    target = target.to(dtype) if target.is_floating_point() else target
    return target if bare or part.w is None else with_weights(target, part.w, dtype)


def loss_function(
    loss: Loss, train: SplitData, task: Task, folder: Path, label_smoothing: float = 0.0
) -> LossFunction:
    """Return the loss function for targets of ``prepared_target``: weighted if samples are.

    Args:
        train: samples of the data, weighted if all are.
        folder, label_smoothing: see ``Loss.build``.
    """
    built = loss.build(task, folder, label_smoothing)
    if train.w is None:
        return built
    return weighted(built, classes=not loss.prepare(train.y[:1], task).is_floating_point())
