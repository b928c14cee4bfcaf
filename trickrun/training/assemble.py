"""A job from a plain module, its data, a loss and an optimizer: no recipe is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.splits.prepare import Prepared, with_priors
from trickrun.data.splits.source import SplitData, Task
from trickrun.nn.rng import LayerStreams
from trickrun.training.job import Job, prepare_targets
from trickrun.training.settings import TrainingSettings
from trickrun.tricks.losses._loss import Loss, LossFunction
from trickrun.tricks.losses.python import a_sample
from trickrun.tricks.metrics._metric import MetricFunction
from trickrun.tricks.schedules._schedule import Span
from trickrun.tricks.train.early_stopping import EarlyStopping


class GivenLoss(Loss):
    """A loss function as it was given, which compares the outputs with the targets as they are.

    Args:
        function: ``f(prediction, target)`` returns losses [N] or their mean.
    """

    takes_places: ClassVar[bool] = True
    takes_labels: ClassVar[bool] = True
    kind: ClassVar[str] = "given"

    function: Callable[..., Any]

    def outputs(self, task: Task) -> int:
        return task.classes if task.kind == "classification" else task.targets

    def prepare(self, y: torch.Tensor, task: Task) -> torch.Tensor:
        return y

    def build(self, task: Task, folder: Path, label_smoothing: float = 0.0) -> LossFunction:
        def per_sample(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return a_sample(self.function(prediction, target), len(prediction), "the loss")

        return LossFunction(per_sample, reduction=self.reduction)


def assemble(
    model: nn.Module,
    train: SplitData,
    loss: Callable[..., torch.Tensor],
    optimizer: torch.optim.Optimizer,
    steps: int,
    batch_size: int = 64,
    val: SplitData | None = None,
    task: Task | None = None,
    metrics: Mapping[str, MetricFunction] | None = None,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 (it is frozen)
) -> Job:
    """Return the job that trains ``model``, in place, on the device of its first parameter.

    Args:
        train, val: inputs as the model takes them, and targets as the loss does, on that device.
        loss: ``f(prediction, target)`` returns losses [N] or their mean, like those of torch.nn.
        optimizer: of the model's parameters.
        steps: length of the run.
        batch_size: samples of a batch; no more are taken than there are.
        task: what is to be predicted; None: classes if the targets are whole numbers, else values.
        metrics: name to what measures predictions beside the loss.
    """
    first = next(model.parameters())
    task = with_priors(task or task_of(train.y), train)
    data = Prepared(train, val, None, task, Scaler())
    loss_kind = GivenLoss(function=loss)
    size = min(batch_size, len(train))
    return Job(
        settings=settings,
        device=first.device,
        dtype=first.dtype,
        data=data,
        model=model,
        network=model,
        loss_kind=loss_kind,
        loss=loss_kind.build(task, Path()),
        targets=prepare_targets(loss_kind, data, first.dtype),
        metrics=dict(metrics or {}),
        optimizer=optimizer,
        stopping=EarlyStopping(monitor="val_loss" if val is not None else "train_loss"),
        batch_size=size,
        span=Span.of(len(train), size * settings.batches_a_step, False, 1, steps),
        streams=LayerStreams(settings.seed, first.device),
        scaler=torch.amp.GradScaler(first.device.type, enabled=settings.half is torch.float16),
    )


def task_of(y: torch.Tensor) -> Task:
    """Return what targets [N] or [N, targets] ask for: classes if they are whole numbers, from 0 to
    the largest, at each place of [N, ...]; else values."""
    if not y.is_floating_point():
        return Task("classification", classes=int(y.max()) + 1, next_token=y.ndim > 1)
    return Task("regression", targets=y.shape[1] if y.ndim > 1 else 1)
