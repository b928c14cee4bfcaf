"""What sections of a recipe may say together, but probably do not mean."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.data.normalizers.fixed import Fixed
from trickrun.data.text import Text
from trickrun.models.pretrained import Pretrained
from trickrun.models.python import PythonModel
from trickrun.models.transformer import Transformer
from trickrun.recipe.messages import Complaint
from trickrun.recipe.schema import Recipe
from trickrun.tricks.normalization.batch import Batch
from trickrun.tricks.optimizers import Decaying
from trickrun.tricks.schedules._base import WarmedUp


def decayed_twice(recipe: Recipe) -> Iterator[Complaint]:
    """l2 and a weight decay that is added to the gradient are the same thing twice."""
    optimizer, l2 = recipe.optimizer, recipe.regularizers.l2
    if l2 is None or l2.off or not isinstance(optimizer, Decaying):
        return
    if optimizer.couples_decay and optimizer.weight_decay > 0:
        yield Complaint(
            ("optimizer", "weight_decay"),
            f"weight_decay and regularizers.l2 both shrink the weights of {optimizer.kind_name}",
            f"keep one: l2 {l2.lambda_:g} is weight_decay {2 * l2.lambda_:g}",
        )


FEW = 8
"""Fewer samples than this have statistics too noisy for batch norm (Wu & He 2018, figure 1)."""


def noisy_statistics(recipe: Recipe) -> Iterator[Complaint]:
    """Batch norm sees enough samples at once."""
    size = recipe.data.batch_size
    if isinstance(recipe.normalization, Batch) and size != "full" and 1 < size < FEW:
        yield Complaint(
            ("normalization",),
            f"the statistics of {size} samples are noisy",
            "use normalization: group (images) or layer, or a larger data.batch_size",
        )


def balanced_twice(recipe: Recipe) -> Iterator[Complaint]:
    """Rare classes are made up for once: by drawing them more often, or by weighing them."""
    weights = getattr(recipe.loss, "class_weights", None)
    if recipe.data.sampling == "balanced" and weights is not None:
        yield Complaint(
            ("loss", "class_weights"),
            "data.sampling: balanced already shows every class equally often",
            "keep one of the two",
        )


def pretrained_inputs(recipe: Recipe) -> Iterator[Complaint]:
    """A pretrained network sees numbers as those that it was trained on."""
    if isinstance(recipe.data, Text):  # no input of this network at all, as compiling says
        return
    if isinstance(recipe.model, Pretrained) and not isinstance(recipe.data.normalize, Fixed):
        yield Complaint(
            ("data", "normalize"),
            f"{recipe.model.name} learned from inputs of another scale than "
            f"{recipe.data.normalize.kind_name} makes",
            "for images from 0 to 255: {kind: fixed, mean: 127, std: 128}",
        )


def warmup_fits(recipe: Recipe) -> Iterator[Complaint]:
    """The warm-up ends before the run does."""
    schedule, steps = recipe.optimizer.schedule, recipe.train.steps
    if isinstance(schedule, WarmedUp) and steps and schedule.warmup >= steps:
        yield Complaint(
            ("optimizer", "schedule", "warmup"),
            f"the warm-up of {schedule.warmup:g} steps is as long as the run of {steps}",
            "below 1 it is a share of the run: 0.05 is a usual one",
        )


def learned_before_unfreezing(recipe: Recipe) -> Iterator[Complaint]:
    """Layers that wait have learned something."""
    learned = isinstance(recipe.model, Pretrained | PythonModel) or getattr(
        recipe.model, "init_from", None
    )
    if recipe.train.gradual_unfreezing is not None and not learned:
        yield Complaint(
            ("train", "gradual_unfreezing"),
            "the layers that wait for their turn are random: the network begins from scratch",
            "leave it out, or begin with learned weights: model: pretrained, or model.init_from",
        )


FALLING = ("cosine", "linear", "one_cycle", "polynomial", "exponential")
"""Schedules whose learning rate is near 0 where an average of the last weights is taken."""


def still_moving(recipe: Recipe) -> Iterator[Complaint]:
    """Weights that are averaged over the last part of a run move there."""
    schedule = recipe.optimizer.schedule
    if recipe.regularizers.swa is not None and schedule.kind_name in FALLING:
        yield Complaint(
            ("regularizers", "swa"),
            f"schedule {schedule.kind_name} ends near 0, so the weights that swa averages agree",
            "leave the schedule out (constant), or use step",
        )


def patience_fits(recipe: Recipe) -> Iterator[Complaint]:
    """Early stopping can come before the end of the run."""
    train, stopping = recipe.train, recipe.early_stopping
    by_epoch = train.steps is None and train.eval_every is None
    if stopping and by_epoch and stopping.patience >= train.epochs:
        yield Complaint(
            ("early_stopping", "patience"),
            f"a patience of {stopping.patience} never stops a run of {train.epochs} epochs",
            "a patience of a fifth of the run is a usual one",
        )


def transformer_normalized(recipe: Recipe) -> Iterator[Complaint]:
    """A transformer has the normalization that its residual branches count on."""
    if isinstance(recipe.model, Transformer) and recipe.normalization.kind_name == "none":
        yield Complaint(
            ("model",),
            "a transformer without normalization layers is hard to train",
            "add normalization: layer, or rms",
        )
