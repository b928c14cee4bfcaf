"""A checked recipe as the named facts that static findings rest on; no torch is needed."""

from __future__ import annotations

import math
from typing import Any

from trickrun.data.splits.source import Task
from trickrun.findings.evidence import facts
from trickrun.findings.evidence.data import DataEvidence
from trickrun.findings.evidence.facts import Facts
from trickrun.models import BuiltinModel
from trickrun.recipe.dump import plain
from trickrun.recipe.planned import (
    averaged,
    evaluations_of,
    in_all,
    monitor_facts,
    rates_of,
    shape_of,
    spans_alike,
    unfrozen,
    unreachable,
)
from trickrun.recipe.schema import Recipe
from trickrun.tricks.augmentation import Augmentation
from trickrun.tricks.init._init import Init
from trickrun.tricks.losses import Loss
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.optimizers import Decaying, Optimizer
from trickrun.tricks.schedules import Span


def facts_of(recipe: Recipe, data: DataEvidence | None = None) -> Facts:
    """Return what is known of a recipe before it trains.

    Args:
        data: what its data set is like, if that was looked at.
    """
    task = task_of(recipe, data)
    span = span_of(recipe, data)
    alike = spans_alike(recipe.train, span, exact=data is not None)
    return Facts(
        task=task,
        inputs=input_facts(recipe, data),
        data=data,
        network=network_facts(recipe, data),
        init=init_facts(recipe.init),
        normalization=normalization_facts(recipe),
        loss=loss_facts(recipe.loss, task),
        optimizer=optimizer_facts(recipe.optimizer),
        schedule=schedule_facts(recipe.optimizer, span, alike),
        regularizers=regularizer_facts(recipe, alike),
        augmentations=tuple(map(augmentation_facts, recipe.augmentation)),
        monitors=tuple(monitor_facts(recipe)),
        run=run_facts(recipe, span, alike, data is not None),
    )


def task_of(recipe: Recipe, data: DataEvidence | None = None) -> facts.Task | None:
    """Return what is to be predicted; None where only the data could tell."""
    if data is not None:
        if data.labels is not None:
            return "multilabel"
        return "regression" if data.targets is not None else "classification"
    if recipe.data.task_kind is not None:
        return recipe.data.task_kind
    match getattr(recipe.data, "task", "auto"):
        case "classification":
            return "classification"
        case "regression":
            return "regression"
        case "multilabel":
            return "multilabel"
    return None


def input_facts(recipe: Recipe, data: DataEvidence | None) -> facts.InputFacts:
    """Return what a recipe declares of its data."""
    declared, split = recipe.data, recipe.data.split
    size: int | None = None
    if declared.batch_size != "full":
        size = declared.batch_size
    elif data is not None:
        size = data.train.samples
    # A list of the columns to use leaves none out by name.
    drops = hasattr(declared, "drop") and not getattr(declared, "features", None)
    return facts.InputFacts(
        batch_size=size,
        first_batch=first_batch(recipe, size),
        full_batch=declared.batch_size == "full",
        normalize=declared.normalize.kind_name,
        scale_targets=declared.scale_targets,
        shuffled=declared.shuffle,
        balanced=declared.sampling == "balanced",
        zeroed=declared.zero_inputs,
        tokens=declared.token_ids,
        characters=declared.characters,
        from_user=declared.from_user,
        dropped=getattr(declared, "drop", None) if drops else None,
        channels=getattr(declared, "channels", None),
        listed=tuple(getattr(declared, "features", None) or ()) if declared.has_columns else None,
        weighted=getattr(declared, "weight", None) is not None,
        task_can_be_set="task" in type(declared).model_fields,
        stratified=split.stratified,
        folded=split.folds is not None,
        split_by="time" if split.time else "group" if split.group else "chance",
        duplicates_together=split.group_duplicates,
        training_share=1 - (1 / split.folds if split.folds else split.val) - split.test,
        validated=is_validated(recipe, data),
    )


def first_batch(recipe: Recipe, size: int | None) -> int | None:
    """Return the samples that batch norm sees in the first step, where batches of ``size`` grow."""
    ramp, batches = recipe.train.batch_ramp, recipe.train.batches_a_step
    if ramp is None or size is None:
        return None
    # At step 0 the length of the run does not matter.
    return min(ramp.size(size * batches, 0, Span(1, 1)), size)


def is_validated(recipe: Recipe, data: DataEvidence | None) -> bool | None:
    """Return whether there is a validation split; None where only the data could tell."""
    if data is not None:
        return any(name == "val" for name, _ in data.splits)
    split = recipe.data.split
    return None if recipe.data.own_split else split.val > 0 or split.folds is not None


def network_facts(recipe: Recipe, data: DataEvidence | None) -> facts.NetworkFacts:
    """Return what a recipe says of its network; of one of the user's own, next to nothing."""
    model = recipe.model
    learned = True if model.continues_from is not None else model.learned
    name = str(getattr(model, "name", model.kind_name))
    own = model.is_user_code
    if not isinstance(model, BuiltinModel):
        return facts.NetworkFacts(
            name, own, learned=learned, fixes_input_scale=model.fixes_input_scale
        )
    return facts.NetworkFacts(
        name=name,
        own=own,
        activation=model.activation,
        head_activation=model.head_activation,
        hidden_layers=model.hidden_layers,
        units=model.hidden_units,
        channels=model.hidden_channels,
        fan_ins=model.fan_ins(data.shape if data is not None else None),
        pooled=bool(model.hidden_channels) and getattr(model, "pool", 1) != 1,
        hidden_bias=model.bias is True,
        learned=learned,
        fixes_input_scale=model.fixes_input_scale,
        needs_normalization=model.needs_normalization,
    )


def init_facts(init: Init) -> facts.InitFacts:
    """Return what a recipe's weights start at."""
    bias: Any = init.head_bias.value if init.head_bias else (init.head or init).bias
    known = bias == "prior" or isinstance(bias, int | float)
    return facts.InitFacts(
        kind=init.kind_name,
        equal=init.equal,
        one_sided=init.one_sided,
        variance=init.variance,
        head_bias=bias if known else None,
    )


def normalization_facts(recipe: Recipe) -> facts.NormalizationFacts:
    """Return what a recipe says of normalization layers."""
    norm = recipe.normalization
    return facts.NormalizationFacts(
        kind=norm.kind_name,
        over_samples=norm.over_samples,
        keeps_scale=norm.keeps_scale,
        least_units=norm.least_units,
        before_activation=norm.before_activation,
    )


def loss_facts(loss: Loss, task: facts.Task | None) -> facts.LossFacts:
    """Return what is known of a loss; of an automatic one what its task chooses, if it is known."""
    automatic = isinstance(loss, AutoLoss)
    if task is not None:
        loss = loss.chosen(Task(task))
    weights = getattr(loss, "class_weights", None)
    return facts.LossFacts(
        kind=loss.kind_name,
        automatic=automatic,
        reduction=loss.reduction,
        task=loss.task_kind,
        takes=loss.takes,
        one_output=loss.one_output and task != "multilabel",
        grows_with_error=loss.grows_with_error,
        class_weights=bool(weights),
        given_weights=weights if isinstance(weights, tuple) else None,
        can_weigh_classes=hasattr(loss, "class_weights"),
    )


def optimizer_facts(optimizer: Optimizer) -> facts.OptimizerFacts:
    """Return what is known of an optimizer; of one of the user's own, next to nothing."""
    clip = optimizer.clip
    norm = clip.norm if clip is not None and clip.norm is not None else math.inf
    if optimizer.is_user_code:
        return facts.OptimizerFacts(optimizer.kind_name, optimizer.lr, clip_norm=norm)
    momentum = getattr(optimizer, "momentum", 0.0)
    dampening = getattr(optimizer, "dampening", 0.0)
    gain = (1 - dampening) / (1 - momentum) if optimizer.momentum_multiplies_lr else 1.0
    return facts.OptimizerFacts(
        kind=optimizer.kind_name,
        lr=optimizer.lr,
        default_lr=type(optimizer).model_fields["lr"].default,
        high_lr=optimizer.high_lr,
        least_travel=optimizer.least_travel,
        adaptive=optimizer.adaptive,
        steps_proportional_to_lr=optimizer.steps_proportional_to_lr,
        eps=getattr(optimizer, "eps", None) if optimizer.eps_bounds_steps else None,
        momentum=momentum,
        momentum_gain=gain,
        betas=getattr(optimizer, "betas", None),
        weight_decay=optimizer.weight_decay if isinstance(optimizer, Decaying) else 0.0,
        decay_decoupled=optimizer.decay_decoupled if isinstance(optimizer, Decaying) else None,
        clip_norm=norm,
    )


def schedule_facts(
    optimizer: Optimizer, span: Span | None, alike: tuple[Span, ...]
) -> facts.ScheduleFacts:
    """Return what is known of an optimizer's learning rate over the run.

    Args:
        span: the run's length, if it is known.
        alike: runs of which the recipe's is one, as far as its text tells.
    """
    schedule = optimizer.schedule
    rates = rates_of(optimizer, span) if span else []
    shape = shape_of(optimizer, alike)
    return facts.ScheduleFacts(
        kind=schedule.kind_name,
        warmup=getattr(schedule, "warmup", 0.0),
        ends_low=schedule.ends_low,
        travel=sum(rates) / len(rates) * span.steps if span else None,
        late=shape.late if shape else None,
        peak=shape.peak if shape and schedule.uses_lr else None,
        peak_at=shape.peak_at if shape and schedule.uses_lr else None,
        mean=shape.mean if shape else None,
    )


def regularizer_facts(recipe: Recipe, alike: tuple[Span, ...]) -> facts.RegularizerFacts:
    """Return the strengths of a recipe's regularizers.

    Args:
        alike: runs of which the recipe's is one, as far as its text tells.
    """
    given = recipe.regularizers
    dropout, smoothing = given.dropout, given.label_smoothing
    return facts.RegularizerFacts(
        dropout=dropout.p if dropout else 0.0,
        input_dropout=dropout.input if dropout else 0.0,
        dropout_everywhere=dropout is not None and dropout.layers == "all",
        l2=given.l2.lambda_ if given.l2 else 0.0,
        l1=given.l1.lambda_ if given.l1 else 0.0,
        elastic_net=given.elastic_net.lambda_ if given.elastic_net else 0.0,
        label_smoothing=smoothing.epsilon if smoothing else 0.0,
        averages_last_weights=given.swa is not None and not given.swa.off,
        averaged=in_all(averaged(given.swa, span) for span in alike) if given.swa else None,
    )


def augmentation_facts(augmentation: Augmentation) -> facts.AugmentationFacts:
    """Return what is known of one augmentation; switched off, it does nothing."""

    def strength(parameter: str | None) -> float:
        off = parameter is None or augmentation.off
        return 0.0 if off else float(getattr(augmentation, parameter or ""))

    return facts.AugmentationFacts(
        mirrors=augmentation.mirrors and not augmentation.off,
        degrees=strength(augmentation.turn_parameter),
        degrees_parameter=augmentation.turn_parameter,
        noise=strength(augmentation.noise_parameter),
        noise_parameter=augmentation.noise_parameter,
        written=plain(augmentation),
    )


def run_facts(
    recipe: Recipe, span: Span | None, alike: tuple[Span, ...], exact: bool
) -> facts.RunFacts:
    """Return how long a recipe's run is.

    Args:
        alike: runs of which the recipe's is one, as far as its text tells.
        exact: whether ``span`` knows the length of an epoch.
    """
    train = recipe.train
    unfreezing = train.gradual_unfreezing
    return facts.RunFacts(
        steps=span.steps if span else None,
        given_steps=train.steps,
        given_epochs=train.epochs if train.steps is None else None,
        evaluations=evaluations_of(train, span if exact or train.eval_every else None),
        unfreezes=unfreezing is not None,
        unreachable=tuple(unreachable(recipe.expect)),
        metrics=tuple(metric.name for metric in recipe.metrics or ()),
        unfrozen=in_all(unfrozen(unfreezing, span) for span in alike) if unfreezing else None,
    )


def span_of(recipe: Recipe, data: DataEvidence | None) -> Span | None:
    """Return the length of the run in steps; None where only the data could tell."""
    if data is None:
        steps = recipe.train.steps
        # An epoch's length matters to few schedules, and not to the length of the run.
        return Span(steps, steps) if steps else None
    samples = data.train.samples
    size = samples if recipe.data.batch_size == "full" else recipe.data.batch_size
    size *= recipe.train.batches_a_step
    train = recipe.train
    return Span.of(samples, size, recipe.data.drop_last, train.epochs, train.steps)
