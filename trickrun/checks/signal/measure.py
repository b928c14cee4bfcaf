"""A short training whose layers are looked at: before it, and at even distances to its end.

Looking changes no bit of the training: it runs the network apart, and puts back what that moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from trickrun.checks.input_sizes import entering
from trickrun.findings.evidence.signal import LayerSignal, Moment, SignalEvidence, Update
from trickrun.findings.rules.recipe.network import FEW
from trickrun.models import BuiltinModel
from trickrun.nn.buffers import undisturbed
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.training.introspection.layer_pass import Seen
from trickrun.training.introspection.look import Found, find_layers, look, norm
from trickrun.training.introspection.statistics import Statistics, histogram
from trickrun.training.job import Job, recipe_of
from trickrun.training.loop import data_loss, take_step
from trickrun.training.transfer import begins_learned

MOMENTS = 5
"""How often the layers are looked at: before, after, and three times between."""

UPDATES = 24
"""Steps whose update is measured."""


def measure(
    job: Job,
    samples: int,
    steps: int,
    progress: Callable[[int, int], None],
    pace: Pace = UNHURRIED,
) -> SignalEvidence:
    """Train ``job`` for ``steps`` steps and return what its layers do.

    Args:
        job: freshly compiled; it is used up.
        samples: training samples that each look takes, at most.
        progress: told of steps done and steps in all.

    Raises:
        CompileError: the network has no layers with weights.
        OutOfTime: there is no time for all steps.
    """
    indices = job.order(0)[:samples]
    layers = find_layers(job, indices)
    looks = {round(steps * i / (MOMENTS - 1)) for i in range(MOMENTS)}
    probed = {round((steps - 1) * i / (UPDATES - 1)) for i in range(UPDATES)}
    moments: list[list[Moment]] = []
    updates: list[list[Update]] = [[] for _ in layers]
    losses: list[float] = []
    lrs: list[float] = []
    first: list[Statistics] = []
    batches = job.batches(0)
    bad: int | None = None
    for step in range(steps + 1):
        batch = next(batches)
        if step in looks:
            statistics = look(job, indices, step)
            first = first or statistics
            moments.append(describe(job, layers, statistics, first, batch, step))
        if step == steps:
            break
        pace.ask("training")
        before = [[p.detach().clone() for p in layer.parameters] for layer in layers]
        result = take_step(job, batch, step, [], logged=False)
        losses.append(float(result.loss))
        lrs.append(result.lr)
        progress(step + 1, steps)
        if not math.isfinite(losses[-1]):
            bad = step + 1
            break
        if step in probed:
            for layer, old, found in zip(layers, before, updates, strict=True):
                found.append(update(layer, old, step))
    return evidence(job, layers, moments, updates, losses, lrs, bad, len(indices))


def describe(
    job: Job,
    layers: Sequence[Found],
    statistics: Sequence[Statistics],
    first: Sequence[Statistics],
    batch: torch.Tensor,
    step: int,
) -> list[Moment]:
    """Return each layer's moment: its statistics, and its gradient on one training batch."""
    gradients = weight_gradients(job, layers, batch, step)
    return [
        Moment(
            step=step,
            pre_mean=now.pre.mean,
            pre_std=now.pre.std,
            mean=now.post.mean,
            std=now.post.std,
            dead_fraction=now.dead_fraction,
            saturated_fraction=now.saturated_fraction,
            drift=now.drift(start),
            gradient_norm=norm(gradient),
            gradient_rms=norm(gradient) / math.sqrt(max(1, sum(g.numel() for g in gradient))),
            histogram=histogram(now.kept_post),
            pre_histogram=histogram(now.kept_pre),
        )
        for now, start, gradient in zip(statistics, first, gradients, strict=True)
    ]


def weight_gradients(
    job: Job, layers: Sequence[Found], batch: torch.Tensor, step: int
) -> list[list[torch.Tensor]]:
    """Return the gradient of the data loss by each layer's trainable weights, as ``step`` sees it.

    Without the penalties, whose gradient would hide that the loss's own has vanished.
    """
    each = [[p for p in layer.parameters if p.requires_grad] for layer in layers]
    flat = [parameter for parameters in each for parameter in parameters]
    with undisturbed(job.model):
        job.model.train()
        job.start_streams(step)
        loss = data_loss(job, *job.mix(*job.training_batch(batch, step), step))
        if not flat or not loss.requires_grad:
            return [[] for _ in layers]
        found = iter(torch.autograd.grad(loss, flat, materialize_grads=True))
    return [[next(found) for _ in parameters] for parameters in each]


def update(layer: Found, before: Sequence[torch.Tensor], step: int) -> Update:
    """Return what a step did to a layer, whose weights were ``before`` until then."""
    now = layer.parameters
    change = norm([p.detach() - old for p, old in zip(now, before, strict=True)])
    size, gradient = norm(before), norm([p.grad for p in now if p.grad is not None])
    return Update(
        step=step,
        change=change,
        ratio=change / size if size > 0 else None,
        effective_lr=change / gradient if gradient > 0 else None,
    )


def evidence(
    job: Job,
    layers: Sequence[Found],
    moments: Sequence[Sequence[Moment]],
    updates: Sequence[Sequence[Update]],
    losses: Sequence[float],
    lrs: Sequence[float],
    bad: int | None,
    samples: int,
) -> SignalEvidence:
    """Return everything as plain data."""
    recipe = recipe_of(job)
    built_in = recipe.model if recipe and isinstance(recipe.model, BuiltinModel) else None
    group = job.optimizer.param_groups[0]
    described = [
        LayerSignal(
            name=layer.name,
            kind=type(layer.seen.layer).__name__,
            activation=activation_name(layer.seen),
            units=layer.seen.pre.shape[layer.seen.unit_axis],
            trainable=any(p.requires_grad for p in layer.parameters),
            weight_std=layer.weight_std,
            head=layer.seen.head,
            moments=tuple(moment[index] for moment in moments),
            updates=tuple(updates[index]),
        )
        for index, layer in enumerate(layers)
    ]
    return SignalEvidence(
        layers=tuple(described),
        samples=samples,
        steps=len(losses),
        losses=tuple(losses),
        lrs=tuple(lrs),
        non_finite_step=bad,
        input_std=input_std(job, samples),
        lr=recipe.optimizer.lr if recipe else group.get("initial_lr", group["lr"]),
        optimizer=recipe.optimizer.kind_name if recipe else type(job.optimizer).__name__.lower(),
        init=recipe.init.kind_name if recipe else "auto",
        normalization=recipe.normalization.kind_name if recipe else "none",
        activation=built_in.activation if built_in else "",
        usual_normalization=usual_normalization(job, built_in),
        normalize=recipe.data.normalize.kind_name if recipe else "",
        clipped=job.settings.clip is not None,
        usual_init=recipe.init.usual if recipe else True,
        learned=recipe is not None and begins_learned(recipe),
    )


def usual_normalization(job: Job, model: BuiltinModel | None) -> str:
    """Return the kind of normalization layers that suits the model and its batches.

    Args:
        model: None for a network of the user's own.
    """
    samples = len(job.data.train)
    drop_last = job.span.per_epoch * job.step_size < samples
    rest = 0 if drop_last else samples % job.batch_size
    if model is None or job.batch_size < FEW or rest == 1:
        return "layer"
    return model.usual_normalization


def input_std(job: Job, samples: int) -> float:
    """Return the deviation of what enters the first layer; 1 for what has no size."""
    x = entering(job, job.inputs(job.data.train.x[:samples]))
    return 1.0 if x is None else float(x.double().std())


def activation_name(seen: Seen) -> str:
    """Return the class of the activation that follows a layer; see LayerSignal.activation."""
    if seen.activation is not None:
        return type(seen.activation).__name__
    return "" if seen.head else "functional"
