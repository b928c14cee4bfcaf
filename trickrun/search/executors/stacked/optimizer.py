"""How the rows of a stack are updated: each by the torch optimizer of its own recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from trickrun.training.job import RecipeJob
from trickrun.tricks.optimizers import Decaying
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.adamw import AdamW

State = dict[str, Any]
"""An optimizer's state of one row: tensors [P] and numbers, by name."""


def clip_rows(jobs: Sequence[RecipeJob], gradients: torch.Tensor) -> None:
    """Bound the rows of ``gradients`` [K, P] in place, as each job's settings say."""
    for job, own in zip(jobs, gradients, strict=True):
        if job.settings.clip is not None:
            row_of(job).grad = own
            job.settings.clip.apply([row_of(job)])


def on_row(job: RecipeJob, row: torch.Tensor) -> RecipeJob:
    """Return ``job`` with an optimizer of the same recipe over ``row`` [P].

    An optimizer that shares a stack is entrywise: a row is to it what the parameters it is made of
    are, in one tensor instead of many.
    """
    return replace(job, optimizer=job.recipe.optimizer.over([{"params": [row]}], job.folder))


def row_of(job: RecipeJob) -> torch.Tensor:
    """Return the row that the job's optimizer acts on."""
    row: torch.Tensor = job.optimizer.param_groups[0]["params"][0]
    return row


class RowwiseSteps:
    """Each row takes the step of its trial's own optimizer.

    A torch optimizer reads everything from its groups and states, so one whose groups are those of
    all jobs takes each one's own step; one call for all saves some 15 µs a trial. The groups are
    the jobs' own, so that what sets a job's learning rate sets it here.

    Args:
        jobs: see ``on_row``.
    """

    def __init__(self, jobs: Sequence[RecipeJob]) -> None:
        self.rows = [row_of(job) for job in jobs]
        self.optimizer = on_row(jobs[0], self.rows[0]).optimizer
        self.optimizer.param_groups = [g for job in jobs for g in job.optimizer.param_groups]
        # Adagrad has a state before its first step.
        self.restore([job.optimizer.state.get(row_of(job), {}) for job in jobs])

    def step(self, gradients: torch.Tensor, lrs: Sequence[float]) -> None:
        """Move the rows along their ``gradients`` [K, P]; their groups have the rates already."""
        for row, own in zip(self.rows, gradients, strict=True):
            row.grad = own
        self.optimizer.step()

    def states(self) -> list[State]:
        """Return each row's state: views of what the next step changes."""
        return [dict(self.optimizer.state.get(row, {})) for row in self.rows]

    def restore(self, states: Sequence[State]) -> None:
        """Go on from a state for each row."""
        self.optimizer.state.clear()
        for row, state in zip(self.rows, states, strict=True):
            if state:
                self.optimizer.state[row] = {n: copied(v, row.device) for n, v in state.items()}


class OneDirection:
    """All rows take one step as one tensor [K, P], each with its own learning rate.

    What is proportional to the learning rate has the same direction for any: so the optimizer steps
    with 1, from weights of zero, and each row's weights then move by their rate times that. Weight
    decay beside the gradient shrinks them first, as in torch.optim.AdamW.

    Args:
        jobs: see ``on_row``; their optimizers differ in learning rate and decay only.
        flat: the rows [K, P].
    """

    def __init__(self, jobs: Sequence[RecipeJob], flat: torch.Tensor) -> None:
        self.flat = flat
        self.direction = torch.zeros_like(flat)
        self.optimizer = on_row(without_decay(jobs[0]), self.direction).optimizer
        self.optimizer.param_groups[0]["lr"] = 1.0
        decays = [decay_beside(job) for job in jobs]
        self.decays = flat.new_tensor(decays).unsqueeze(1) if any(decays) else None

    @torch.no_grad()
    def step(self, gradients: torch.Tensor, lrs: Sequence[float]) -> None:
        """Move the rows along their ``gradients`` [K, P], each by its learning rate in ``lrs``."""
        self.direction.grad = gradients
        self.direction.zero_()
        self.optimizer.step()
        rates = self.flat.new_tensor(lrs).unsqueeze(1)
        if self.decays is not None:
            self.flat.mul_(1 - rates * self.decays)
        self.flat.addcmul_(self.direction, rates)

    def states(self) -> list[State]:
        """Return each row's state: views of what the next step changes."""
        whole = self.optimizer.state.get(self.direction, {})
        return [
            {name: value[place] if is_of_rows(value) else value for name, value in whole.items()}
            for place in range(len(self.flat))
        ]

    def restore(self, states: Sequence[State]) -> None:
        """Go on from a state for each row."""
        self.optimizer.state.clear()
        if states[0]:
            # Numbers, such as how many steps were taken, are all rows' alike.
            whole = {
                name: torch.stack([state[name] for state in states]) if is_of_rows(value) else value
                for name, value in states[0].items()
            }
            self.optimizer.state[self.direction] = {
                name: copied(value, self.flat.device) for name, value in whole.items()
            }


class FusedAdam:
    """Each row takes the step of its trial's own Adam or AdamW, by the operation that torch.optim
    calls for it.

    What torch.optim does around that operation takes as long for one row as the operation itself.
    A row's weights, gradient and state stay in the cache meanwhile, which makes this faster than
    ``OneDirection`` too.

    Args:
        jobs: see ``on_row`` and ``takes_fused_adam``.
    """

    def __init__(self, jobs: Sequence[RecipeJob]) -> None:
        self.rows = [row_of(job) for job in jobs]
        self.groups = [job.optimizer.param_groups[0] for job in jobs]
        self.held = [adam_state(job) for job in jobs]

    @torch.no_grad()
    def step(self, gradients: torch.Tensor, lrs: Sequence[float]) -> None:
        """Move the rows along their ``gradients`` [K, P], each by its learning rate in ``lrs``."""
        torch._foreach_add_([state["step"] for state in self.held], 1)
        rows = zip(self.rows, gradients.unbind(), self.groups, self.held, lrs, strict=True)
        for row, gradient, group, state, lr in rows:
            decoupled = group["decoupled_weight_decay"]
            take = torch._fused_adamw_ if decoupled else torch._fused_adam_
            take(
                [row],
                [gradient],
                [state["exp_avg"]],
                [state["exp_avg_sq"]],
                [state["max_exp_avg_sq"]] if group["amsgrad"] else [],
                [state["step"]],
                lr=lr,
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                amsgrad=group["amsgrad"],
                maximize=False,
            )

    def states(self) -> list[State]:
        """Return each row's state: views of what the next step changes."""
        return [dict(state) for state in self.held]

    def restore(self, states: Sequence[State]) -> None:
        """Go on from a state for each row."""
        for held, state, row in zip(self.held, states, self.rows, strict=True):
            held |= {name: copied(value, row.device) for name, value in state.items()}


def takes_fused_adam(jobs: Sequence[RecipeJob]) -> bool:
    """Return whether ``FusedAdam`` is what the jobs' optimizers do. On a GPU a call for each row
    would cost more than the rows."""
    return all(
        job.device.type == "cpu"
        and type(job.recipe.optimizer) in (Adam, AdamW)
        and job.recipe.optimizer.lookahead is None
        for job in jobs
    )


def adam_state(job: RecipeJob) -> State:
    """Return the state that the job's Adam has, or would begin with."""
    row = row_of(job)
    begun = {
        "step": torch.tensor(0.0, dtype=torch.float32),
        "exp_avg": torch.zeros_like(row),
        "exp_avg_sq": torch.zeros_like(row),
    }
    if job.optimizer.param_groups[0]["amsgrad"]:
        begun["max_exp_avg_sq"] = torch.zeros_like(row)
    return begun | dict(job.optimizer.state.get(row, {}))


Update = FusedAdam | RowwiseSteps | OneDirection


def update_of(jobs: Sequence[RecipeJob], flat: torch.Tensor) -> Update:
    """Return what updates the rows ``flat`` [K, P] of ``jobs`` the fastest."""
    if takes_fused_adam(jobs):
        return FusedAdam(jobs)
    return OneDirection(jobs, flat) if has_one_direction(jobs) else RowwiseSteps(jobs)


def has_one_direction(jobs: Sequence[RecipeJob]) -> bool:
    """Return whether the jobs' optimizers differ in nothing but how far they go."""
    optimizers = [job.recipe.optimizer for job in jobs]
    first = optimizers[0]
    if not first.steps_in_one_direction or first.lookahead is not None:
        return False
    if any(isinstance(o, Decaying) and o.couples_decay and o.weight_decay > 0 for o in optimizers):
        return False  # it is a part of the gradient that depends on the weights
    distance = {"lr", "schedule", "clip", "weight_decay"}
    return len({o.model_dump_json(exclude=distance) for o in optimizers}) == 1


def decay_beside(job: RecipeJob) -> float:
    """Return the job's weight decay that is not a part of the gradient."""
    optimizer = job.recipe.optimizer
    return optimizer.weight_decay if isinstance(optimizer, Decaying) else 0.0


def without_decay(job: RecipeJob) -> RecipeJob:
    """Return ``job`` with an optimizer in its recipe that decays nothing."""
    optimizer = job.recipe.optimizer
    if not isinstance(optimizer, Decaying):
        return job
    plain = optimizer.model_copy(update={"weight_decay": 0.0})
    return replace(job, recipe=job.recipe.model_copy(update={"optimizer": plain}))


def is_of_rows(value: Any) -> bool:
    """Return whether an entry of a state is one for each weight, and not a number."""
    return isinstance(value, torch.Tensor) and value.ndim > 0


def copied(value: Any, device: torch.device) -> Any:
    """Return an entry of a state that later steps elsewhere do not change; numbers stay where they
    are."""
    if not isinstance(value, torch.Tensor):
        return value
    return value.to(device, copy=True) if is_of_rows(value) else value.clone()
