"""The short training of the recipe as it is; its layers and scores are looked at on the way."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

from trickrun.checks.curves.evidence import setting_of
from trickrun.checks.diagnosis.network_look import look_at_network
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.initial_loss.measure import constants_of
from trickrun.checks.signal.measure import measure
from trickrun.data.splits.source import SplitData
from trickrun.findings.evidence.curves import Curves, floor_seen
from trickrun.findings.evidence.signal import SignalEvidence
from trickrun.findings.rules.user_code.network import EvaluationBehaviour
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.training.compile import compile_to_measure
from trickrun.training.evaluation import evaluate
from trickrun.training.events import NonFinite
from trickrun.training.job import Job, RecipeJob, prepared_target
from trickrun.training.loop import train

LOOKED_AT = 512
"""Samples of each look at the layers, and of the training split's own score."""

POINTS = 10
"""Points of the loss curve that the steps are averaged to."""


@dataclass(frozen=True)
class Probe:
    """What the short training did.

    Args:
        val, train: skill on the two splits at the end; see skill.py.
        losses: the loss of each step.
        signal: what its layers did; None if it has none that can be looked at.
        curves: its loss curve; None if nothing is known of a constant answer's loss.
        network: what the trained network does in evaluation mode; None if it diverged.
    """

    val: float
    train: float
    losses: list[float]
    signal: SignalEvidence | None
    curves: Curves | None
    network: EvaluationBehaviour | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def probe(proxy: ProxyRun, pace: Pace = UNHURRIED) -> Probe:
    """Train the short recipe once and look at its layers.

    Raises TrickrunError if the recipe cannot become a job, OutOfTime if there is no time to train
    it, and whatever the user's code raises.
    """
    job = compile_to_measure(proxy.recipe.recipe, proxy.recipe.folder, proxy.data)
    scores: list[float] = []
    every = -(-proxy.steps // proxy.evaluations)

    def score(done: int, total: int) -> None:
        moved(done)
        if (done % every == 0 or done == total) and job.data.val is not None:
            scores.append(score_of(job, job.data.val, proxy))

    with pace.phase("short training", proxy.steps) as moved:
        evidence = measure(job, LOOKED_AT, proxy.steps, score, pace)
    train = job.data.train.at(slice(LOOKED_AT))
    found = score_of(job, train, proxy)
    val = scores[-1] if scores else found
    network = None
    if evidence.non_finite_step is not None:
        val = found = proxy.skill(None)
    else:
        network = look_at_network(job)
    return Probe(val, found, list(evidence.losses), evidence, curves_of(job, evidence), network)


def skill_unfrozen(proxy: ProxyRun, pace: Pace = UNHURRIED) -> float:
    """Return the skill of the short training with all parameters trained.

    Raises OutOfTime if there is no time for it, and whatever the user's code raises.
    """
    pace.ask("training with nothing frozen", proxy.steps * proxy.step_seconds)
    job = compile_to_measure(proxy.recipe.recipe, proxy.recipe.folder, proxy.data)
    job.model.requires_grad_(True)
    # An optimizer may have been given those alone that asked for a gradient.
    optimizer = job.recipe.optimizer
    job = replace(job, optimizer=optimizer.over(optimizer.groups(job.model), job.folder))
    try:
        for _ in train(job, over=pace.over):
            pace.ask("training with nothing frozen")
    except NonFinite:
        return proxy.skill(None)
    return score_of(job, job.data.val or job.data.train, proxy)


def score_of(job: Job, part: SplitData, proxy: ProxyRun) -> float:
    """Return the skill on a split."""
    target = prepared_target(job.loss_kind, part, job.data.task, job.dtype)
    return proxy.skill(evaluate(job, part, target)[proxy.metric])


def curves_of(job: RecipeJob, evidence: SignalEvidence) -> Curves | None:
    """Return the step losses as a curve of POINTS means, without validation."""
    losses = [loss for loss in evidence.losses if math.isfinite(loss)]
    constants = constants_of(job, job.order(0)[: 2 * LOOKED_AT])
    if constants.best is None or job.loss.reduction != "mean":
        return None
    size = max(1, len(losses) // POINTS)
    blocks = [losses[i : i + size] for i in range(0, len(losses) - size + 1, size)]
    ends = tuple(float(size * (i + 1)) for i in range(len(blocks)))
    return Curves(
        run="",
        recipe="",
        epochs=tuple(end / job.span.per_epoch for end in ends),
        steps=ends,
        lrs=tuple(fmean(evidence.lrs[i * size : (i + 1) * size]) for i in range(len(blocks))),
        train_loss=tuple(fmean(block) for block in blocks),
        val_loss=(),
        metric="",
        values=(),
        maximizes=False,
        metric_is_share=False,
        best_epoch=None,
        stopped_by="steps",
        non_finite=evidence.non_finite_step is not None,
        baseline=constants.of(constants.best),
        floor=floor_seen(0.0, losses),
        val_samples=None,
        setting=replace(setting_of(job.recipe), length=job.span.steps),
    )
