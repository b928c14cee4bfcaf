"""Further parts of a recipe to replace: its length, batches, schedule, regularizers, weights."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import Any

from trickrun.checks.diagnosis.candidate import Candidate
from trickrun.checks.diagnosis.likelihood import of_length, of_regularizer
from trickrun.checks.diagnosis.proxy_run import STEPS, ProxyRun
from trickrun.checks.interventions.regularizers import declared

LONGER = 4
"""How many times longer a run is tried that may be too short."""

USUAL_BATCH, LARGE_BATCH = 64, 256

SPENT = 0.2
"""Share of optimizer.lr that the mean over the run is below where a schedule ends it early."""

MUCH_MOMENTUM = 0.95

RARE = 3.0
"""Ratio of the largest to the smallest class from which on weights are tried."""

GAP = 0.1
"""AutoTrainer's bound for the gap between training and validation (Zhang et al. 2021)."""


def weaker(proxy: ProxyRun) -> Iterator[Candidate]:
    """Yield each regularizer weaker, and left out."""
    names = {"TR49": "Dropout too high", "TR18": "Destructive augmentation"}
    for regularizer in declared(proxy.loaded):
        path, code = regularizer.path, regularizer.code
        why = f"With less of {path} the network learns."
        likelihood = of_regularizer(path, proxy.loaded.recipe)
        edits: list[dict[str, Any]] = [dict(regularizer.edit), {path: None}]
        for edit in edits[:1] if edits[0] == edits[1] else edits:
            name = names.get(code, "Over-regularised")
            yield Candidate(path, edit, code, name, why, edit, likelihood)


def regularized(proxy: ProxyRun, gap: float) -> Iterator[Candidate]:
    """Yield regularizers for a network that learns its training samples by heart.

    Args:
        gap: skill on training samples less that on validation samples.
    """
    recipe = proxy.loaded.recipe
    if gap < GAP or recipe.train.step is not None:
        return
    bare = not declared(proxy.loaded)
    likelihood = 0.7 if bare and gap > 2 * GAP else 0.4
    code, name = "TR56", "Overfitting"
    if bare:
        code, name = "TR51", "Overfitting without regularization"
    why = f"Its skill on training samples is higher by {gap:.2f}: it memorizes them."
    edits: list[dict[str, Any]] = [{"regularizers.l2": strength} for strength in (1e-2, 1e-1)]
    if not recipe.model.is_user_code and recipe.regularizers.dropout is None:
        edits.append({"regularizers.dropout": 0.5})
    for edit in edits:
        yield Candidate("regularizers", edit, code, name, why, edit, likelihood)


def steadier(proxy: ProxyRun) -> Iterator[Candidate]:
    """Yield a constant learning rate where a schedule spends it early, and usual momentum."""
    optimizer = proxy.loaded.recipe.optimizer
    schedule, span = optimizer.schedule, proxy.span
    # One that watches the evaluations lowers the rate by what they say, not by the step.
    if schedule.kind_name != "constant" and schedule.watches is None:
        steps = range(0, span.steps, max(1, span.steps // 100))
        share = fmean(schedule.lr(1.0, step, span) for step in steps)
        edit: dict[str, Any] = {"optimizer.schedule": {"kind": "constant"}}
        why = f"The mean learning rate over the run is {share:.2g} of optimizer.lr."
        likelihood = 0.8 if share < SPENT else 0.15
        path, name = "optimizer.schedule", "Learning rate falls too soon"
        yield Candidate(path, edit, "TR36", name, why, edit, likelihood)
    momentum = getattr(optimizer, "momentum", 0.0)
    if momentum > MUCH_MOMENTUM:
        edit = {"optimizer.momentum": 0.9}
        why = f"Momentum {momentum:g} makes steps {1 / max(1 - momentum, 1e-9):.0f} times as long."
        yield Candidate("optimizer.momentum", edit, "TR35", "Momentum too high", why, edit, 0.8)


def weighted(proxy: ProxyRun) -> Iterator[Candidate]:
    """Yield class weights where classes are rare and the recipe has none."""
    loss, priors = proxy.loaded.recipe.loss, proxy.data.task.priors
    rare = bool(priors) and max(priors) > RARE * min(priors)
    if not rare or getattr(loss, "class_weights", "none") is not None:
        return
    edit = {"loss.class_weights": "balanced"}
    why = (
        f"The largest class is {max(priors) / max(min(priors), 1e-09):.0f} times as large as the "
        "smallest."
    )
    likelihood = 0.7 if proxy.metric != "accuracy" else 0.3
    yield Candidate("loss.class_weights", edit, "TR07", "Class imbalance", why, edit, likelihood)


def batches(proxy: ProxyRun) -> Iterator[Candidate]:
    """Yield smaller batches for as many epochs, and shuffled ones."""
    data = proxy.loaded.recipe.data
    size = proxy.samples if data.batch_size == "full" else data.batch_size
    if size >= LARGE_BATCH:
        edit: dict[str, Any] = {"data.batch_size": USUAL_BATCH}
        steps = min(proxy.steps * size // USUAL_BATCH, LONGER * STEPS)
        why = (
            f"Batches of {size} leave {proxy.span.steps} steps in the whole run. Smaller batches "
            "give more steps for the same work."
        )
        trial = {**edit, **proxy.length(steps)}
        likelihood = of_length(proxy.span.steps)
        yield Candidate("data.batch_size", edit, "TR55", "Too few steps", why, trial, likelihood)
    if not data.shuffle:
        edit = {"data.shuffle": True}
        why = "Batches in the order of the data hold few classes each."
        yield Candidate("data.shuffle", edit, "TR17", "No shuffling", why, edit, 0.8)


def longer(proxy: ProxyRun) -> Iterator[Candidate]:
    """Yield a longer run, where the short training is the whole one."""
    if proxy.span.steps > proxy.steps:
        return
    train = proxy.loaded.recipe.train
    path, own = ("train.steps", train.steps) if train.steps else ("train.epochs", train.epochs)
    assert own is not None
    edit = {path: own * LONGER}
    why = (
        f"The run ends after {proxy.span.steps} steps. {LONGER} times as many reach a better "
        "result."
    )
    trial = proxy.length(proxy.steps * LONGER)
    likelihood = of_length(proxy.span.steps)
    yield Candidate(path, edit, "TR55", "Too few epochs", why, trial, likelihood)
