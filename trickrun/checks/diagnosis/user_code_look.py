"""A look at what a user's training step does with gradients, and at what a user's loss returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from trickrun.findings.rules.user_code.loss import UserLossBehaviour
from trickrun.findings.rules.user_code.step import StepLook, UserStepBehaviour
from trickrun.nn.buffers import undisturbed_buffers
from trickrun.training.job import Job, RecipeJob, loss_function, prepared_target
from trickrun.training.loop import take_step
from trickrun.tricks.losses import LossFunction
from trickrun.tricks.losses.auto import AutoLoss
from trickrun.tricks.losses.python import PythonLoss

LOOKS = 4
"""Steps that are looked at: the first has nothing before it."""

MOST_STEPS = 64
"""Steps that are taken until weights change: gradients may be added up over many batches."""

SHUFFLES = 4
"""Ways to shuffle a batch's targets whose mean gradient stands for all."""

EVALUATED = 256
"""Samples on which a loss is compared with the usual one."""

CERTAIN = (1.0, 3.0, 10.0, 30.0)
"""Sizes of the logits that stand for certain answers."""

Tensors = Sequence[torch.Tensor]


def look_at_step(job: RecipeJob) -> UserStepBehaviour:
    """Take LOOKS steps with the user's own training step and compare each with its batch's loss.

    Args:
        job: freshly compiled, with a step of its own; it is used up.
    """
    assert job.recipe.train.step is not None
    batches = job.batches(0)
    start = [w.detach().clone() for w in trainable(job)]
    given = [torch.zeros_like(w) for w in start]
    looks: list[StepLook] = []
    for step in range(LOOKS):
        batch = next(batches)
        expected = gradient(job, batch, step)
        shuffled = [gradient(job, batch, step, by) for by in range(1, SHUFFLES + 1)]
        others = {
            "mispaired": torch.stack(shuffled).mean(0),
            "blind": gradient(job, batch, step, blind=True),
        }
        looks.append(look(job, batch, step, expected, others))
        for seen, g in zip(given, split(expected, start), strict=True):
            torch.maximum(seen, g.abs(), out=seen)
    steps = LOOKS
    while not changed(start, trainable(job)) and steps < MOST_STEPS:
        take_step(job, next(batches), steps, [], logged=False)
        steps += 1
    stateful = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
    modes_matter = any(
        isinstance(module, stateful) or "Dropout" in type(module).__name__
        for module in job.model.modules()
    )
    optimizer = job.recipe.optimizer
    return UserStepBehaviour(
        job.recipe.train.step.target,
        job.batch_size,
        modes_matter,
        looks,
        steps=steps,
        changed=changed(start, trainable(job)),
        untouched=left_out(job, start, given),
        own_optimizer=optimizer.is_user_code,
        adaptive=optimizer.adaptive,
        learned=learned(job),
    )


def changed(before: Tensors, after: Tensors) -> bool:
    """Whether any number changed."""
    return not all(torch.equal(a, b.detach()) for a, b in zip(before, after, strict=True))


def left_out(job: Job, start: Tensors, given: Tensors) -> list[str]:
    """Return the parameters that did not change, although a gradient asked them to.

    Args:
        given: the largest size that each entry of the gradient had.
    """
    groups = job.optimizer.param_groups
    largest = max(group["lr"] for group in groups)
    # A group with a learning rate of 0 is held on purpose.
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    names = [name for name, p in job.model.named_parameters() if p.requires_grad]
    rows = zip(names, start, trainable(job), given, strict=True)
    return [
        name
        for name, before, after, g in rows
        if torch.equal(before, after) and noticeable(rates.get(id(after), largest), before, g)
    ]


ROUNDING = 1e-6
"""Share of a weight below which a change of it may be lost in float32."""


def noticeable(lr: float, weights: torch.Tensor, given: torch.Tensor) -> bool:
    """Whether a step of ``lr`` along a gradient must change some of the weights."""
    largest = float(given.abs().max())
    return largest > 0 and lr * min(largest, 1.0) > ROUNDING * float(weights.abs().max())


def learned(job: RecipeJob) -> bool | None:
    """Return whether the weights have learned something before; None if nobody knows."""
    model = job.recipe.model
    return True if model.continues_from is not None else model.learned


def gradient(
    job: Job, batch: torch.Tensor, step: int, shift: int = 0, blind: bool = False
) -> torch.Tensor:
    """Return the gradient of the batch's mean loss as ``step`` sees it, as one vector.

    Args:
        shift: by how many places targets are moved against the inputs.
        blind: whether inputs are replaced by zeros.
    """
    weights = trainable(job)
    with undisturbed_buffers(job.model):
        loss = batch_loss(job, batch, step, shift, blind)
        found = torch.autograd.grad(loss, weights, allow_unused=True)
    return flat(
        [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)]
    )


def batch_loss(
    job: Job, batch: torch.Tensor, step: int, shift: int = 0, blind: bool = False
) -> torch.Tensor:
    """Return the batch's mean loss as ``step`` sees it; see ``gradient``."""
    job.model.train()
    job.start_streams(step)
    x, y = job.training_batch(batch, step)
    x = torch.zeros_like(x) if blind else x
    return replace(job.loss, reduction="mean")(job.model(x), y.roll(shift, 0))


def look(
    job: Job, batch: torch.Tensor, step: int, own: torch.Tensor, others: Mapping[str, torch.Tensor]
) -> StepLook:
    """Take one step and return what it did.

    Args:
        own: the gradient of the batch's loss.
        others: the gradients of batches that it may be of by mistake, by name.
    """
    seen: list[torch.Tensor] = []
    modes: list[bool] = []
    left = gradients_now(job)
    before = flat([w.detach() for w in trainable(job)]).clone()

    def at_step(optimizer: Any, args: Any, kwargs: Any) -> None:
        seen.append(gradients_now(job))

    def at_forward(module: nn.Module, args: Any) -> None:
        modes.append(module.training)

    handles = [
        job.optimizer.register_step_pre_hook(at_step),
        job.model.register_forward_pre_hook(at_forward),
    ]
    taken = take_step(job, batch, step, [], logged=False)
    for handle in handles:
        handle.remove()
    moved = flat([w.detach() for w in trainable(job)]) - before
    got = seen[-1] if seen else None
    cosine, ratio = compared(got, own) if got is not None else (None, None)
    near = {name: compared(got, g)[0] if got is not None else None for name, g in others.items()}
    added = difference(got, own + left) if got is not None and bool(left.any()) else None
    return StepLook(
        stepped=bool(seen),
        changed=bool(moved.any()),
        cosine=cosine,
        ratio=ratio,
        mispaired=near["mispaired"],
        blind=near["blind"],
        accumulated=added,
        training=all(modes),
        descent=compared(-moved, own)[0],
        sets_lr=job.optimizer.param_groups[0]["lr"] != taken.lr,
    )


def split(vector: torch.Tensor, like: Tensors) -> list[torch.Tensor]:
    """Return a vector as tensors of the shapes and types of ``like``."""
    parts = vector.split([w.numel() for w in like])
    return [part.view_as(w).to(w.dtype) for part, w in zip(parts, like, strict=True)]


def compared(got: torch.Tensor, own: torch.Tensor) -> tuple[float | None, float | None]:
    """Return the cosine and the ratio of lengths of two gradients; None if one is zero."""
    sizes = float(got.norm()), float(own.norm())
    if min(sizes) == 0:
        return None, None
    return float(got @ own) / (sizes[0] * sizes[1]), sizes[0] / sizes[1]


def difference(got: torch.Tensor, expected: torch.Tensor) -> float | None:
    """Return how far a gradient is from the expected one, as a share of its length."""
    size = float(got.norm())
    return float((got - expected).norm()) / size if size > 0 else None


def trainable(job: Job) -> list[torch.Tensor]:
    """Return the trainable parameters."""
    return [parameter for parameter in job.model.parameters() if parameter.requires_grad]


def gradients_now(job: Job) -> torch.Tensor:
    """Return the gradients that the parameters hold now as one vector; 0 where there is none."""
    return flat([torch.zeros_like(w) if w.grad is None else w.grad for w in trainable(job)]).clone()


def flat(tensors: Tensors) -> torch.Tensor:
    """Return all entries as one vector, in double precision."""
    return torch.cat([tensor.flatten().double() for tensor in tensors])


def look_at_loss(job: RecipeJob) -> UserLossBehaviour:
    """Compare ``job``'s own loss, the user's, with the task's usual one on random predictions."""
    kind = job.recipe.loss
    assert isinstance(kind, PythonLoss)
    task = job.data.task
    unknown = UserLossBehaviour(kind.target, None, None, task=task.kind)
    usual_kind = AutoLoss().chosen(task)
    indices = job.order(0)[:EVALUATED]
    y = job.data.train.y.index_select(0, indices)
    own_target = job.targets["train"].index_select(0, indices)
    train = job.data.train.at(indices)
    usual_target = prepared_target(usual_kind, train, task, job.dtype)
    draw = torch.Generator().manual_seed(0)
    shape = (len(indices), job.loss_kind.outputs(task))
    prediction = torch.randn(shape, generator=draw, dtype=job.dtype).to(job.device)
    if usual_kind.outputs(task) != shape[1] or task.next_token:
        return unknown
    own, usual = (
        by_prediction(loss, prediction, target)
        for loss, target in (
            (job.loss, own_target),
            (loss_function(usual_kind, train, task, job.folder), usual_target),
        )
    )
    classes = task.kind == "classification"
    if not (own.isfinite().all() and job.loss(prediction, own_target).isfinite()):
        return unknown  # it takes other predictions, such as probabilities
    order = torch.randperm(len(y), generator=draw).to(job.device)
    others = by_prediction(job.loss, prediction, own_target[order])
    right = right_answers(job, y)
    return replace(
        unknown,
        cosine=compared(own, usual)[0],
        floor=squashed(job, y, own_target) if classes else None,
        constant=not own.any(),
        ignores_targets=own.equal(others) if own_target.ne(own_target[order]).any() else None,
        # A constant answer is right about most of rare labels.
        reached=None if task.kind == "multilabel" else reached(job, prediction, own_target, right),
        not_finite=broken_by(job, right, own_target),
    )


def right_answers(job: Job, y: torch.Tensor) -> torch.Tensor:
    """Return the classes [N] as logits [N, classes] of size 1, the labels as logits of size 1 in
    either direction [N, labels], or the values [N, targets]."""
    if job.data.task.kind == "multilabel":
        return 2 * y.to(job.dtype) - 1
    if job.data.task.kind == "classification":
        return nn.functional.one_hot(y, job.data.task.classes).to(job.dtype)
    return y.reshape(len(y), -1).to(job.dtype)


FREE_STEPS, FREE_STEP = 200, 0.1
"""Steps that free answers take, and their size: of logits, or in standard deviations of values."""


def reached(
    job: Job, prediction: torch.Tensor, target: torch.Tensor, right: torch.Tensor
) -> float | None:
    """Return the accuracy, or R², of answers that are free to follow the loss's gradient; None if
    they leave the finite numbers, or the values do not differ."""
    classes = job.data.task.kind == "classification"
    size = 1.0 if classes else float(right.std())
    if size == 0:
        return None
    start = prediction if classes else right.mean(0) + size * prediction
    answers = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([answers], lr=FREE_STEP * size)
    for _ in range(FREE_STEPS):
        answers.grad = (
            by_prediction(job.loss, answers.detach(), target).view_as(answers).to(answers.dtype)
        )
        optimizer.step()
    ends = answers.detach()
    if not ends.isfinite().all():
        return None
    if classes:
        return float((ends.argmax(1) == right.argmax(1)).double().mean())
    return 1 - float((ends - right).square().mean() / (right - right.mean(0)).square().mean())


def broken_by(job: Job, right: torch.Tensor, target: torch.Tensor) -> str:
    """Return for which answers the loss or its gradient is not finite; empty if for none."""
    if job.data.task.kind == "regression":
        answers = {"exact answers": right}
    else:
        wrong = -right if job.data.task.kind == "multilabel" else right.roll(1, 1)
        answers = {
            f"{name} answers with logits of {size:g}": size * logits
            for size in CERTAIN
            for name, logits in (("right", right), ("wrong", wrong))
        }
    for name, prediction in answers.items():
        value = job.loss(prediction, target)
        slope = by_prediction(job.loss, prediction, target)
        if not (value.isfinite().all() and slope.isfinite().all()):
            return name
    return ""


def by_prediction(
    loss: LossFunction, prediction: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Return the gradient of a loss by the predictions, as one vector."""
    leaf = prediction.clone().requires_grad_()
    value = loss(leaf, target)
    if not value.requires_grad:
        return torch.zeros_like(flat([prediction]))
    (found,) = torch.autograd.grad(value, leaf, materialize_grads=True)
    return flat([found])


ABOVE = 1.01
"""Loss of the most certain right answers over that of the best ones from which on they are too
certain for it, as for smoothed labels: then nothing squashes them."""


@torch.no_grad()
def squashed(job: Job, y: torch.Tensor, target: torch.Tensor) -> float | None:
    """Return the lowest loss of right answers, at several sizes of the logits, over that of zeros;
    None if zeros cost nothing, or if the most certain answers are not among the best.

    The other classes' logits are 0, or, as a loss of each class by itself wants them, below.
    """
    right = right_answers(job, y)
    undecided = float(job.loss(torch.zeros_like(right), target))
    forms = (right, 2 * right - 1)
    certain = [[float(job.loss(size * form, target)) for size in CERTAIN] for form in forms]
    best = min(min(costs) for costs in certain)
    most_certain = min(costs[-1] for costs in certain)
    if undecided <= 0 or most_certain > ABOVE * best:
        return None
    return best / undecided
