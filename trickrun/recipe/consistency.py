"""What the sections of a recipe must agree on, as far as the text alone can tell.

A rule looks at sections that are each valid by themselves. An error stops the recipe; a warning is
for what is allowed but is probably not meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from trickrun.data.breast_cancer import BreastCancer
from trickrun.data.diabetes import Diabetes
from trickrun.data.digits import Digits
from trickrun.data.iris import Iris
from trickrun.data.normalize import Fixed
from trickrun.data.synthetic import Synthetic
from trickrun.data.text import Text
from trickrun.data.wine import Wine
from trickrun.models import Pretrained, Transformer
from trickrun.recipe.expect import CONDITION
from trickrun.recipe.messages import Complaint
from trickrun.recipe.problems import did_you_mean
from trickrun.recipe.schema import Recipe
from trickrun.recipe.space import paths_exist, values_fit
from trickrun.tricks.normalization import Batch
from trickrun.tricks.optimizers import SGD, Decaying
from trickrun.tricks.schedules import Plateau
from trickrun.tricks.schedules.base import WarmedUp

TABLES = (BreastCancer, Diabetes, Iris, Synthetic, Wine)
"""Data kinds whose samples are known to be no images."""

SPLIT_BY_RECIPE = (*TABLES, Digits)
"""Data kinds known to bring no validation or test part of their own."""

Check = Callable[[Recipe], Iterable[Complaint]]


@dataclass(frozen=True)
class Rule:
    """A check across parameters, which runs if all of its ``sections`` are valid."""

    check: Check
    sections: tuple[str, ...]


def shares(recipe: Recipe) -> Iterator[Complaint]:
    """The validation and the test split leave something to train on."""
    split = recipe.data.split
    if split.folds is None and split.val + split.test >= 1:
        yield Complaint(
            ("data", "split"),
            f"val {split.val:g} and test {split.test:g} leave nothing to train on",
            "their sum must be below 1",
        )


def filled_batch(recipe: Recipe) -> Iterator[Complaint]:
    """A subset fills at least one batch."""
    data = recipe.data
    if data.subset and data.batch_size != "full" and data.subset.n < data.batch_size:
        yield Complaint(
            ("data", "subset"),
            f"{data.subset.n} samples do not fill one batch of {data.batch_size}",
            f"set data.batch_size to {data.subset.n} or less, or to full",
        )


def images(recipe: Recipe) -> Iterator[Complaint]:
    """Augmentations and mixtures of images act on images."""
    if not isinstance(recipe.data, TABLES):
        return
    for trick in recipe.regularizers.mixing:
        if trick.needs_image:
            yield Complaint(
                ("regularizers", trick.kind_name),
                f"{trick.kind_name} needs images, {recipe.data.kind} is a table",
                "for tables use mixup",
            )
    for index, augmentation in enumerate(recipe.augmentation):
        if augmentation.needs_image:
            yield Complaint(
                ("augmentation", index),
                f"{augmentation.kind_name} needs images, {recipe.data.kind} is a table",
                "for tables use noise or feature_dropout",
            )


def momentum(recipe: Recipe) -> Iterator[Complaint]:
    """Nesterov's look-ahead has a velocity to look along, and dampening the form that knows it."""
    optimizer = recipe.optimizer
    if isinstance(optimizer, SGD) and optimizer.nesterov and optimizer.momentum == 0:
        yield Complaint(
            ("optimizer", "nesterov"), "nesterov needs momentum, which is 0", "add momentum: 0.9"
        )
    if isinstance(optimizer, SGD) and optimizer.dampening > 0:
        other = "nesterov" if optimizer.nesterov else f"form {optimizer.form}"
        if optimizer.nesterov or optimizer.form == "classical":
            yield Complaint(
                ("optimizer", "dampening"), f"{other} has no dampening", "take one of them out"
            )


def smoothed_loss(recipe: Recipe) -> Iterator[Complaint]:
    """Label smoothing has a loss over classes to act on."""
    smoothing = recipe.regularizers.label_smoothing
    if smoothing and not smoothing.off and not recipe.loss.takes_label_smoothing:
        yield Complaint(
            ("regularizers", "label_smoothing"),
            f"label_smoothing cannot act on the loss {recipe.loss.kind_name}",
            "use cross_entropy, or take label_smoothing out",
        )


def distinct_metrics(recipe: Recipe) -> Iterator[Complaint]:
    """Each metric is listed once, and all are for the same task."""
    tasks: dict[str, str] = {}
    names: set[str] = set()
    for index, metric in enumerate(recipe.metrics or ()):
        where = ("metrics", index)
        other = {"classification": "regression", "regression": "classification"}.get(metric.task)
        if metric.name in names:
            yield Complaint(where, f"the metric {metric.name} is listed twice", "keep one")
        elif other in tasks:
            message = f"{metric.name} is for {metric.task}, {tasks[other]} for {other}"
            yield Complaint(where, message, "the data's task is one of them")
        names.add(metric.name)
        tasks.setdefault(metric.task, metric.name)


def recorded(recipe: Recipe) -> list[str]:
    """Return what each evaluation records, as far as the text tells."""
    if recipe.metrics is None:
        names = ["accuracy", "perplexity", "mae", "r2"]
    else:
        names = [metric.name for metric in recipe.metrics]
    return ["train_loss", "val_loss", *(f"val_{name}" for name in names)]


def monitors(recipe: Recipe) -> Iterator[Complaint]:
    """What early stopping, plateau and the grid watch is something that evaluations record."""
    watched: list[tuple[tuple[str, ...], str]] = []
    if recipe.early_stopping:
        watched.append((("early_stopping", "monitor"), recipe.early_stopping.monitor))
    schedule = recipe.optimizer.schedule
    if isinstance(schedule, Plateau):
        watched.append((("optimizer", "schedule", "monitor"), schedule.monitor))
    if recipe.grid:
        watched.append((("grid", "metric"), recipe.grid.metric))
    split = recipe.data.split
    no_split = isinstance(recipe.data, SPLIT_BY_RECIPE) and split.val == 0 and split.folds is None
    for steps, name in watched:
        if name not in recorded(recipe):
            hint = did_you_mean(name, recorded(recipe))
            yield Complaint(steps, f"no evaluation has a value {name!r}", hint)
        elif no_split and name.startswith("val_"):
            hint = "set data.split.val above 0, or watch train_loss"
            yield Complaint(steps, f"{name} needs a validation split; data.split.val is 0", hint)


def gate_conditions(recipe: Recipe) -> Iterator[Complaint]:
    """Each expectation is a comparison with a number."""
    for path, condition in recipe.expect.items():
        if not isinstance(condition, str) or not CONDITION.match(condition):
            hint = 'write e.g. ">= 0.9", in quotes; also <=, > and <'
            yield Complaint(("expect", path), "expected a comparison with a number", hint)


def gate_names(recipe: Recipe) -> Iterator[Complaint]:
    """Each expectation is about a value that train reports."""
    names = [name.removeprefix("val_") for name in recorded(recipe)[1:]]
    best = [f"best.{name}" for name in ("epoch", "step", *recorded(recipe))]
    known = [*(f"test.{name}" for name in names), *best, "epochs", "steps", "samples_per_second"]
    no_split = isinstance(recipe.data, SPLIT_BY_RECIPE) and recipe.data.split.test == 0
    for path in recipe.expect:
        steps = ("expect", path)
        if path not in known:
            hint = did_you_mean(path, known)
            yield Complaint(steps, f"train reports no value {path!r}", hint, on_key=True)
        elif no_split and path.startswith("test."):
            yield Complaint(steps, "there is no test split; data.split.test is 0", on_key=True)


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
            f"{recipe.data.normalize.kind} makes",
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
    if isinstance(recipe.model, Transformer) and recipe.normalization.kind == "none":
        yield Complaint(
            ("model",),
            "a transformer without normalization layers is hard to train",
            "add normalization: layer, or rms",
        )


ERRORS = (
    Rule(shares, ("data",)),
    Rule(filled_batch, ("data",)),
    Rule(images, ("data", "augmentation", "regularizers")),
    Rule(momentum, ("optimizer",)),
    Rule(smoothed_loss, ("loss", "regularizers")),
    Rule(distinct_metrics, ("metrics",)),
    Rule(monitors, ("data", "metrics", "early_stopping", "optimizer", "grid")),
    Rule(gate_conditions, ("expect",)),
    Rule(gate_names, ("data", "metrics", "expect")),
    Rule(paths_exist, ("grid",)),
    Rule(values_fit, tuple(Recipe.model_fields)),
)

WARNINGS = (
    Rule(decayed_twice, ("optimizer", "regularizers")),
    Rule(noisy_statistics, ("data", "normalization")),
    Rule(balanced_twice, ("data", "loss")),
    Rule(pretrained_inputs, ("data", "model")),
    Rule(warmup_fits, ("optimizer", "train")),
    Rule(still_moving, ("regularizers", "optimizer")),
    Rule(transformer_normalized, ("model", "normalization")),
    Rule(patience_fits, ("early_stopping", "train")),
)


def broken(rules: Iterable[Rule], recipe: Recipe, invalid: Iterable[str] = ()) -> list[Complaint]:
    """Return what ``rules`` find in the sections of ``recipe`` that are not ``invalid``."""
    skipped = set(invalid)
    return [
        complaint
        for rule in rules
        if skipped.isdisjoint(rule.sections)
        for complaint in rule.check(recipe)
    ]
