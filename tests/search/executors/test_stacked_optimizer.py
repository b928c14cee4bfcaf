"""All rows at once, with a rate each: the same as each row by an optimizer of its own."""

from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.search.executors.stacked.optimizer import (
    FusedAdam,
    OneDirection,
    RowwiseSteps,
    Update,
    clip_rows,
    has_one_direction,
    on_row,
    row_of,
    update_of,
)
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job

HERE = Path(__file__).parent
LRS = (0.3, 0.01, 0.001)
PROPORTIONAL: list[dict[str, Any]] = [
    {"kind": "sgd"},
    {"kind": "sgd", "momentum": 0.9, "dampening": 0.1},
    {"kind": "sgd", "momentum": 0.9, "nesterov": True},
    {"kind": "adam"},
    {"kind": "adam", "amsgrad": True},
    {"kind": "adamw", "weight_decay": 0.2},
    {"kind": "nadam"},
    {"kind": "radam"},
    {"kind": "adamax"},
    {"kind": "adagrad", "initial_accumulator": 0.5, "lr_decay": 0.1},
    {"kind": "adadelta"},
    {"kind": "rmsprop", "centered": True, "momentum": 0.5},
    {"kind": "lion", "weight_decay": 0.1},
]


def job(optimizer: dict[str, Any]) -> Job:
    tree = {"data": {"kind": "iris"}, "model": {"kind": "mlp", "hidden": [2]}}
    told = {**tree, "optimizer": optimizer, "train": {"precision": "float64"}}
    return compile_recipe(from_tree(canonical(told)), HERE)


def stacked(optimizers: list[dict[str, Any]]) -> tuple[list[Job], torch.Tensor]:
    """Return jobs on the rows of a tensor [K, 5] that always starts the same."""
    flat = torch.linspace(-1, 1, 5 * len(optimizers), dtype=torch.float64)
    flat = flat.reshape(len(optimizers), 5)
    return [on_row(job(o), row) for o, row in zip(optimizers, flat, strict=True)], flat


def rated(optimizer: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**optimizer, "lr": lr} for lr in LRS]


def take(update: Update, jobs: list[Job], steps: range) -> None:
    """Take ``steps`` with gradients that depend on the step, and rates that fall."""
    for step in steps:
        gradients = torch.sin(torch.arange(15.0, dtype=torch.float64) * (step + 1)).reshape(3, 5)
        lrs = [lr / (step + 1) for lr in LRS]
        for one, lr in zip(jobs, lrs, strict=True):
            one.optimizer.param_groups[0]["lr"] = lr
        clip_rows(jobs, gradients)
        update.step(gradients, lrs)


@pytest.mark.parametrize("optimizer", PROPORTIONAL, ids=str)
def test_one_direction_is_each_rows_own_step(optimizer):
    jobs, flat = stacked(rated(optimizer))
    others, expected = stacked(rated(optimizer))
    assert has_one_direction(jobs)
    take(OneDirection(jobs, flat), jobs, range(6))
    take(RowwiseSteps(others), others, range(6))
    assert not torch.equal(expected, stacked(rated(optimizer))[1])
    torch.testing.assert_close(flat, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "optimizers",
    [
        [{"kind": "adam", "lr": lr} for lr in LRS],
        [{"kind": "adam", "amsgrad": True, "weight_decay": 0.1, "lr": lr} for lr in LRS],
        [{"kind": "adam", "bias_correction": False, "lr": lr} for lr in LRS],
        [{"kind": "adam"}, {"kind": "adam", "betas": [0.8, 0.99]}, {"kind": "adam", "eps": 1e-3}],
        [{"kind": "adamw", "weight_decay": decay} for decay in (0.0, 0.1, 0.5)],
        [{"kind": "adamw", "amsgrad": True, "clip": {"norm": norm}} for norm in (0.1, 1.0, 9.0)],
    ],
    ids=str,
)
def test_fused_adam_is_each_rows_own_step(optimizers):
    jobs, flat = stacked(optimizers)
    others, expected = stacked(optimizers)
    assert isinstance(update_of(jobs, flat), FusedAdam)
    first, second = FusedAdam(jobs), RowwiseSteps(others)
    take(first, jobs, range(3))
    take(second, others, range(3))
    assert not torch.equal(expected, stacked(optimizers)[1])
    assert torch.equal(flat, expected)

    # The states go from one to the other.
    swapped = FusedAdam(jobs), RowwiseSteps(others)
    swapped[0].restore(second.states())
    swapped[1].restore(first.states())
    take(swapped[0], jobs, range(3, 6))
    take(swapped[1], others, range(3, 6))
    assert torch.equal(flat, expected)


@pytest.mark.parametrize("other", [{"kind": "nadam"}, {"kind": "adam", "lookahead": {}}], ids=str)
def test_other_optimizers_do_not_step_as_fused_adam(other):
    jobs, flat = stacked([{"kind": "adam"}, other])
    assert not isinstance(update_of(jobs[1:], flat[1:]), FusedAdam)


@pytest.mark.parametrize("optimizer", PROPORTIONAL, ids=str)
@pytest.mark.parametrize("order", ["own, then one", "one, then own"])
def test_states_go_from_one_to_the_other(optimizer, order):
    whole, expected = stacked(rated(optimizer))
    take(RowwiseSteps(whole), whole, range(6))
    jobs, flat = stacked(rated(optimizer))
    ways: list[Update] = [RowwiseSteps(jobs), OneDirection(jobs, flat)]
    first, second = ways if order == "own, then one" else ways[::-1]
    take(first, jobs, range(3))
    second.restore(first.states())
    take(second, jobs, range(3, 6))
    torch.testing.assert_close(flat, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "optimizers",
    [
        [{"kind": "sgd", "form": "classical", "momentum": 0.9}] * 2,
        [{"kind": "adam", "weight_decay": 0.1}] * 2,
        [{"kind": "adam"}, {"kind": "adam", "weight_decay": 0.1}],
        [{"kind": "adam"}, {"kind": "adam", "betas": [0.8, 0.99]}],
        [{"kind": "adam", "lookahead": {}}] * 2,
        [{"kind": "nadam", "decoupled": True, "weight_decay": 0.1}] * 2,
    ],
    ids=str,
)
def test_other_steps_are_each_rows_own(optimizers):
    assert not has_one_direction(stacked(optimizers)[0])


def test_schedules_clipping_and_decay_beside_the_gradient_may_differ():
    jobs, _ = stacked(
        [
            {"kind": "adamw", "weight_decay": 0.1, "schedule": "cosine"},
            {"kind": "adamw", "weight_decay": 0.0, "clip": {"norm": 1.0}, "lr": 0.1},
        ]
    )
    assert has_one_direction(jobs)


def test_each_row_is_clipped_by_its_own_bound():
    jobs, _ = stacked([{"kind": "sgd", "clip": {"norm": norm}} for norm in (1.0, 2.0)])
    jobs.append(stacked([{"kind": "sgd"}])[0][0])
    gradients = torch.full((3, 5), 10.0, dtype=torch.float64)
    clip_rows(jobs, gradients)
    norms = gradients.norm(dim=1).tolist()
    assert norms == pytest.approx([1.0, 2.0, 10 * 5**0.5], rel=1e-5)
    assert row_of(jobs[0]).shape == (5,)
