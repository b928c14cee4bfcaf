"""What one untrained network does: its loss, its loss on zeros, and the sizes along the way."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from trickrun.checks.input_sizes import entering
from trickrun.models import BuiltinModel
from trickrun.nn.activations import activation
from trickrun.nn.layers import biases, weight_layers
from trickrun.training.evaluation import mean_loss
from trickrun.training.introspection.look import before_first_step
from trickrun.training.job import Job, recipe_of
from trickrun.tricks.losses._constant import ConstantLoss


@dataclass(frozen=True)
class Measured:
    """One network before its first step. Sizes are root mean squares.

    Args:
        seed: what it was drawn with.
        loss: the mean data loss of the samples, or their weights; of a sum, of a batch.
        zero_input_loss: the same with all inputs zero.
        bias_loss: the loss of the constant that the head's bias stands for.
        penalty: what regularizers add to the loss; not in ``loss``.
        doubling: the loss of one batch over that of its halves: 1 for a mean, 2 for a sum.
        loss_floor: the loss of one-hot outputs, the best that probabilities can do; 0 for values.
        output_size: size of the outputs, less the head's constant.
        output_low, output_high: the range of the outputs.
        row_sum_error: how far a row of outputs is from summing to 1, at most.
        exp_sum_error: how far a row of exponentials of outputs is from summing to 1, at most.
        input_size: of what enters the first layer; 1 for tokens and categories, which have no size.
        feature_size: of what enters the head.
        feature_spread: the largest standard deviation over samples of what enters the head.
        bias: the constant that the head's bias stands for [outputs].
    """

    seed: int
    loss: float
    zero_input_loss: float
    bias_loss: float
    penalty: float
    doubling: float
    loss_floor: float
    output_size: float
    output_low: float
    output_high: float
    row_sum_error: float
    exp_sum_error: float
    input_size: float
    feature_size: float
    feature_spread: float
    bias: tuple[float, ...]


@torch.no_grad()
def measure(job: Job, indices: torch.Tensor, constants: ConstantLoss) -> Measured:
    """Look at ``job``'s untrained network on the training samples ``indices`` [N], whole batches.

    Dropout and augmentation do not act. Batch norm uses the batch's statistics, as in the first
    training step: in evaluation mode it would be the identity now, which no training step sees.

    Args:
        constants: the loss of constants over the same samples.
    """
    size = batch_of(job, indices)
    x = job.inputs(job.data.train.x.index_select(0, indices))
    target = job.targets["train"].index_select(0, indices)
    before_first_step(job.model)
    outputs, features = forward(job, x, size)
    zeros, _ = forward(job, torch.zeros_like(x), size)
    entered = entering(job, x)
    bias = head_constant(job)
    penalty = job.penalty()
    return Measured(
        seed=job.settings.seed,
        loss=batch_loss(job, outputs, target, size),
        zero_input_loss=batch_loss(job, zeros, target, size),
        bias_loss=constants.of(bias),
        penalty=float(penalty) if penalty is not None else 0.0,
        doubling=doubling(job, outputs, target),
        loss_floor=probability_floor(job, target),
        output_size=size_of(outputs.double().cpu() - bias),
        output_low=float(outputs.min()),
        output_high=float(outputs.max()),
        row_sum_error=float((outputs.sum(-1) - 1).abs().max()),
        exp_sum_error=float((outputs.double().exp().sum(-1) - 1).abs().max()),
        input_size=1.0 if entered is None else size_of(entered),
        feature_size=size_of(features),
        feature_spread=float(features.std(0, correction=0).max()),
        bias=tuple(bias.tolist()),
    )


def batch_of(job: Job, indices: torch.Tensor) -> int:
    """Return the size of the batches in which the samples ``indices`` are looked at."""
    return min(job.batch_size, len(indices))


def forward(job: Job, x: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the outputs [N, ..., outputs] for inputs ``x`` and what enters the head [N, ...]."""
    layers = weight_layers(job.model)
    entered: list[torch.Tensor] = []

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        # A user's layer may be called with keywords alone, and then there is nothing to see.
        entered.extend(part.to(job.dtype) for part in inputs[:1])

    handle = layers[-1][1].register_forward_pre_hook(look) if layers else None
    with job.autocast():
        outputs = torch.cat([job.model(batch).to(job.dtype) for batch in x.split(size)])
    if handle is not None:
        handle.remove()
    # A head that is applied to parts of a sample gets more rows than there are samples.
    features = torch.cat([part.flatten() for part in entered]) if entered else outputs.flatten()
    rows = len(x) if features.numel() % len(x) == 0 else features.numel()
    return outputs, features.reshape(rows, -1)


def constants_of(job: Job, indices: torch.Tensor) -> ConstantLoss:
    """Return the loss of constant outputs over the samples ``indices``.

    For a user's own loss there is no closed form: it is asked for its value.
    """
    train = job.data.train
    y = train.y.index_select(0, indices).cpu()
    w = None if train.w is None else train.w.index_select(0, indices).cpu()
    known = job.loss_kind.constant(job.data.task, y, job.settings.label_smoothing, w)
    if known is not None:
        return known
    target = job.targets["train"].index_select(0, indices)

    def of(constant: torch.Tensor) -> float:
        places = target.shape if job.data.task.next_token else target.shape[:1]
        prediction = constant.to(job.device, job.dtype).expand(*places, -1)
        return mean_loss(job, prediction, target)

    return ConstantLoss(of, None, torch.zeros(job.loss_kind.outputs(job.data.task)).double())


def head_constant(job: Job) -> torch.Tensor:
    """Return the output [outputs] that the head's bias stands for; zeros if there is no bias.

    For classes these are logits. For values the built-in head's activation is applied.
    """
    outputs = job.loss_kind.outputs(job.data.task)
    layers = weight_layers(job.model)
    found = [p for _, p in biases(layers[-1][1]) if p.shape == (outputs,)] if layers else []
    constant = found[0].detach().double().cpu() if found else torch.zeros(outputs).double()
    recipe = recipe_of(job)
    model = recipe.model if recipe is not None else None
    if job.data.task.kind == "regression" and isinstance(model, BuiltinModel):
        constant = activation(model.head_activation)(constant.unsqueeze(0))[0]
    return constant


def batch_loss(job: Job, outputs: torch.Tensor, target: torch.Tensor, size: int) -> float:
    """Return the mean over batches of ``size`` of the loss that a training step minimizes, where a
    mean counts by its samples or their weights, as in train_loss."""
    total = whole = 0.0
    for prediction, y in zip(outputs.split(size), target.split(size), strict=True):
        count = float(job.loss.count(y)) if job.loss.reduction == "mean" else 1.0
        total += count * float(job.loss(prediction, y))
        whole += count
    return total / whole


def doubling(job: Job, outputs: torch.Tensor, target: torch.Tensor) -> float:
    """Return the loss of all samples over the mean loss of their halves; 1 where that is 0."""
    half = len(outputs) // 2
    if half == 0:
        return 1.0
    outputs, target = outputs[: 2 * half], target[: 2 * half]
    halves = batch_loss(job, outputs, target, half)
    return batch_loss(job, outputs, target, 2 * half) / halves if halves else 1.0


def probability_floor(job: Job, target: torch.Tensor) -> float:
    """Return the loss of the right class's, or labels', certain probability; 0 for values."""
    if job.data.task.kind == "regression":
        return 0.0
    certain = job.loss.bare(target)
    if not certain.is_floating_point():
        certain = nn.functional.one_hot(certain.clamp(min=0), job.data.task.classes)
    return mean_loss(job, certain.to(job.dtype), target)


def size_of(values: torch.Tensor) -> float:
    """Return the root mean square."""
    return float(values.double().square().mean().sqrt())
