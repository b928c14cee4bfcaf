"""How a job trains, as plain values: what the loop reads beside model, data, loss and optimizer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch

from trickrun.tricks.regularizers._averaging import Averaging
from trickrun.tricks.regularizers._climb import Climb
from trickrun.tricks.regularizers._gradient_change import GradientChange
from trickrun.tricks.regularizers._mixing import Mixing
from trickrun.tricks.schedules._schedule import Schedule
from trickrun.tricks.schedules.constant import Constant
from trickrun.tricks.train.batch_ramp import BatchRamp
from trickrun.tricks.train.gradual_unfreezing import GradualUnfreezing
from trickrun.tricks.updates.clip import Clip

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""The types that a forward pass computes in under mixed precision."""


@dataclass(frozen=True)
class TrainingSettings:
    """What a recipe, or whoever assembles a job without one, says about training.

    A trick of strength 0 counts as left out: None, or not in the tuple.

    Args:
        seed: what all random draws are keyed by.
        seeds_torch: whether each step seeds torch's global generator. It must where a step runs
            code that may draw from it, because no checkpoint holds that generator's state.
        shuffle: a new order of the samples each epoch.
        balanced: an epoch shows every class equally often.
        batches_a_step: batches whose gradients make one optimizer step.
        batch_ramp: smaller batches at first.
        unfreezing: the head is trained first, then layer after layer.
        schedule: the learning rate over the run.
        clip: bounds on the gradient.
        label_smoothing: share of each target that is spread over all classes.
        mixing: tricks that mix samples; each step gets one of them.
        gradient_changes: tricks that change the gradient, in their order.
        climb: what takes the gradient at another point.
        averaging: which average of the weights is evaluated in their place.
        half: the type of forward passes under mixed precision.
        recalibrate: take batch norm's statistics anew before each evaluation.
        cache_frozen: compute frozen first stages once, where nothing random precedes them.
        length: what the run's length was given in.
        stops_early: whether the job's ``stopping`` ends the run.
        eval_every: steps between evaluations; None: once an epoch.
        log_every: steps between those whose gradient norm is taken.
        look_every: steps between looks at the layers; 0: none.
        checkpoint: how often a checkpoint is due, and the unit of that; s is seconds.
    """

    seed: int = 0
    seeds_torch: bool = True
    shuffle: bool = True
    balanced: bool = False
    batches_a_step: int = 1
    batch_ramp: BatchRamp | None = None
    unfreezing: GradualUnfreezing | None = None
    schedule: Schedule = field(default_factory=Constant)
    clip: Clip | None = None
    label_smoothing: float = 0.0
    mixing: tuple[Mixing, ...] = ()
    gradient_changes: tuple[GradientChange, ...] = ()
    climb: Climb | None = None
    averaging: Averaging | None = None
    half: torch.dtype | None = None
    recalibrate: bool = False
    cache_frozen: bool = True
    length: Literal["epochs", "steps"] = "steps"
    stops_early: bool = False
    eval_every: int | None = None
    log_every: int = 10
    look_every: int = 0
    checkpoint: tuple[int, Literal["epochs", "steps", "s"]] = (10, "s")
