"""What the sections of a recipe must agree on, as far as the text alone can tell.

A rule looks at sections that are each valid by themselves; what breaks one stops the recipe. What
is allowed but is probably not meant is a finding: see ``findings/static.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from trickrun.data._data import DATA_KINDS, Data
from trickrun.data.splits.source import TASK_NAMES
from trickrun.recipe.expect import CONDITION
from trickrun.recipe.messages import Complaint
from trickrun.recipe.schema import Recipe
from trickrun.recipe.space import comparable, few_points, paths_exist, values_fit
from trickrun.recipe.text.problems import did_you_mean
from trickrun.tricks.metrics import Metric, usual_names
from trickrun.tricks.metrics._metric import SUITABLE
from trickrun.tricks.monitor import Monitor


def shares(recipe: Recipe) -> Iterator[Complaint]:
    """The validation and the test split leave something to train on."""
    split = recipe.data.split
    if split.folds is None and split.val + split.test >= 1:
        yield Complaint(
            ("data", "split"),
            f"val {split.val:g} and test {split.test:g} leave nothing to train on",
            "their sum must be below 1",
        )


def columns(recipe: Recipe) -> Iterator[Complaint]:
    """A split by a column has a table whose columns can be named."""
    if recipe.data.has_columns:
        return
    for key in ("group", "time"):
        if getattr(recipe.data.split, key) is not None:
            able = [kind for kind, data in DATA_KINDS.all().items() if issubclass(data, Data)
                    and data.has_columns]  # fmt: skip
            yield Complaint(
                ("data", "split", key),
                f"{recipe.data.kind_name} has no columns to split by",
                f"data of these kinds has: {', '.join(able)}",
            )


def categories(recipe: Recipe) -> Iterator[Complaint]:
    """A model that takes numbers alone gets no numbers of categories."""
    model = recipe.model
    if recipe.data.embeds_categories and not model.takes_categories:
        yield Complaint(
            ("data", "categories"),
            f"model {model.kind_name} takes numbers, and has no embedding for categories",
            "use model: mlp, or categories: one_hot",
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
    if not recipe.data.table:
        return
    for trick in recipe.regularizers.mixing:
        if trick.needs_image:
            yield Complaint(
                ("regularizers", trick.kind_name),
                f"{trick.kind_name} needs images, but {recipe.data.kind_name} is a table",
                "for tables use mixup",
            )
    for index, augmentation in enumerate(recipe.augmentation):
        if augmentation.needs_image:
            yield Complaint(
                ("augmentation", index),
                f"{augmentation.kind_name} needs images, but {recipe.data.kind_name} is a table",
                "for tables use noise or feature_dropout",
            )


def within_the_optimizer(recipe: Recipe) -> Iterator[Complaint]:
    """The optimizer's own parameters agree with each other."""
    for name, message, hint in recipe.optimizer.contradictions():
        yield Complaint(("optimizer", name), message, hint)


def smoothed_loss(recipe: Recipe) -> Iterator[Complaint]:
    """Label smoothing has a loss over classes to act on."""
    smoothing = recipe.regularizers.label_smoothing
    if smoothing and not smoothing.off and not recipe.loss.takes_label_smoothing:
        yield Complaint(
            ("regularizers", "label_smoothing"),
            f"label_smoothing cannot act on the loss {recipe.loss.kind_name}",
            "use cross_entropy, or remove label_smoothing",
        )


def distinct_metrics(recipe: Recipe) -> Iterator[Complaint]:
    """Each metric is listed once, and all are for the same task."""
    before: list[Metric] = []
    for index, metric in enumerate(recipe.metrics or ()):
        where = ("metrics", index)
        strange = next((m for m in before if not tasks_of(m) & tasks_of(metric)), None)
        if any(metric.name == m.name for m in before):
            yield Complaint(where, f"the metric {metric.name} is listed twice", "keep one")
        elif strange is not None:
            message = f"{metric.name} is for {metric.task}, {strange.name} for {strange.task}"
            yield Complaint(where, message, "the data has only one of these tasks")
        before.append(metric)


def tasks_of(metric: Metric) -> set[str]:
    """Return the kinds of tasks that a metric measures."""
    return {kind for kind in TASK_NAMES if metric.measures(kind)}


def labels(recipe: Recipe) -> Iterator[Complaint]:
    """What is said to have several 0/1 labels a sample has a loss and metrics for them, and asks
    for nothing that needs one class a sample."""
    if getattr(recipe.data, "task", None) != "multilabel":
        return
    loss = recipe.loss
    if not loss.takes_labels:
        message = f"{loss.kind_name} does not compare 0/1 labels, and data.task is multilabel"
        yield Complaint(("loss",), message, "use bce")
    elif getattr(loss, "class_weights", None) is not None:
        message = "class weights are for classes, and data.task is multilabel"
        hint = "remove it; data.weight weights samples"
        yield Complaint(("loss", "class_weights"), message, hint)
    for index, metric in enumerate(recipe.metrics or ()):
        if not metric.measures("multilabel"):
            message = f"{metric.name} is for {metric.task}, and data.task is multilabel"
            yield Complaint(("metrics", index), message, f"use {SUITABLE['multilabel']}")
    if recipe.data.sampling == "balanced":
        message = "only samples that have one class each can be drawn equally often by class"
        yield Complaint(("data", "sampling"), message, "set it to uniform")
    if recipe.data.scale_targets != "none":
        yield Complaint(("data", "scale_targets"), "labels have no scale", "remove it")


def weights(recipe: Recipe) -> Iterator[Complaint]:
    """What gives samples weights asks for nothing that does not go with them."""
    if getattr(recipe.data, "weight", None) is None:
        return
    if recipe.data.sampling == "balanced":
        message = (
            "samples with weights (data.weight) cannot be drawn equally often by class as well"
        )
        hint = "set it to uniform; loss.class_weights: balanced works with weights"
        yield Complaint(("data", "sampling"), message, hint)
    message = "your own code would have to pass the weights of data.weight through a batch"
    hint = "remove it, or remove data.weight"
    for index, augmentation in enumerate(recipe.augmentation):
        if augmentation.is_user_code:
            yield Complaint(("augmentation", index), message, hint)
    if recipe.train.step is not None:
        yield Complaint(("train", "step"), message, hint)


def recorded(recipe: Recipe) -> list[str]:
    """Return what each evaluation records, as far as the text tells."""
    given = recipe.metrics
    # Labels are never guessed: a kind of data that has the parameter must be told.
    told = getattr(recipe.data, "task", "multilabel") == "multilabel"
    labels = told and recipe.data.task_kind is None
    names = usual_names(labels=labels) if given is None else [metric.name for metric in given]
    return ["train_loss", "val_loss", *(f"val_{name}" for name in names)]


def monitors(recipe: Recipe) -> Iterator[Complaint]:
    """What early stopping, plateau and the grid watch is something that evaluations record."""
    watched: list[tuple[tuple[str, ...], Monitor]] = []
    if recipe.early_stopping:
        watched.append((("early_stopping", "monitor"), recipe.early_stopping))
    schedule = recipe.optimizer.schedule
    if schedule.watches is not None:
        watched.append((("optimizer", "schedule", "monitor"), schedule.watches))
    if recipe.grid:
        rank = Monitor(monitor=recipe.grid.metric, mode=recipe.grid.mode)
        watched.append((("grid", "metric"), rank))
    split = recipe.data.split
    no_split = recipe.data.own_split is False and split.val == 0 and split.folds is None
    for steps, monitor in watched:
        name = monitor.monitor
        if name not in recorded(recipe):
            hint = did_you_mean(name, recorded(recipe))
            yield Complaint(steps, f"no evaluation has a value {name!r}", hint)
        elif no_split and name.startswith("val_"):
            hint = "set data.split.val above 0, or watch train_loss"
            yield Complaint(steps, f"{name} needs a validation split; data.split.val is 0", hint)
        elif monitor.undecided:
            hint = f"set {'.'.join((*steps[:-1], 'mode'))} to max or min"
            yield Complaint(steps, f"nothing says whether a higher {name} is better", hint)


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
    no_split = recipe.data.own_split is False and recipe.data.split.test == 0
    for path in recipe.expect:
        steps = ("expect", path)
        if path not in known:
            hint = did_you_mean(path, known)
            yield Complaint(steps, f"train reports no value {path!r}", hint, on_key=True)
        elif no_split and path.startswith("test."):
            yield Complaint(steps, "there is no test split; data.split.test is 0", on_key=True)


Check = Callable[[Recipe], Iterable[Complaint]]


@dataclass(frozen=True)
class Rule:
    """A check across parameters, which runs if all of its ``sections`` are valid."""

    check: Check
    sections: tuple[str, ...]


ERRORS = (
    Rule(shares, ("data",)),
    Rule(columns, ("data",)),
    Rule(categories, ("data", "model")),
    Rule(filled_batch, ("data",)),
    Rule(images, ("data", "augmentation", "regularizers")),
    Rule(within_the_optimizer, ("optimizer",)),
    Rule(smoothed_loss, ("loss", "regularizers")),
    Rule(distinct_metrics, ("metrics",)),
    Rule(labels, ("data", "loss", "metrics")),
    Rule(weights, ("data", "augmentation", "train")),
    Rule(monitors, ("data", "metrics", "early_stopping", "optimizer", "grid")),
    Rule(gate_conditions, ("expect",)),
    Rule(gate_names, ("data", "metrics", "expect")),
    Rule(paths_exist, ("grid",)),
    Rule(comparable, ("grid",)),
    Rule(few_points, ("grid",)),
    Rule(values_fit, tuple(Recipe.model_fields)),
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
