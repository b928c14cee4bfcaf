"""A stacked step is, trial by trial, the step of the training loop: the same losses, step after
step, whatever the trials differ in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.recipe.schema import Recipe
from trickrun.search.executors.stacked.step import Stack
from trickrun.search.groups import shape_of
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step
from trickrun.tricks.normalization import NORMALIZATIONS
from trickrun.tricks.optimizers import OPTIMIZERS

STEPS = 20
HERE = Path(__file__).parent

DIGITS = {"kind": "digits", "batch_size": 32, "subset": {"n": 200}}
TWO_CLASSES = {"kind": "breast_cancer", "batch_size": 32}
VALUES = {"kind": "diabetes", "batch_size": 32}
CATEGORIES = {
    "kind": "csv",
    "path": str(Path(__file__).parents[3] / "recipes" / "data" / "fruit.csv"),
    "target": "fruit",
    "categories": "embedding",
    "batch_size": 32,
}
MLP = {"kind": "mlp", "hidden": [24, 16], "activation": "tanh"}
CNN = {"kind": "cnn", "channels": [8, 8], "hidden": [16]}
RESNET = {"kind": "resnet", "depth": 8, "width": 4, "activation": "tanh"}
LRS: tuple[dict[str, Any], ...] = tuple({"optimizer.lr": lr} for lr in (1e-3, 3e-3, 1e-2))


@cache
def data_of(kind: str) -> Prepared:
    sections = {data["kind"]: data for data in (DIGITS, TWO_CLASSES, VALUES, CATEGORIES)}
    return prepare(recipe({"data": sections[kind]}, {}).data, HERE)


def recipe(base: dict[str, Any], change: dict[str, Any]) -> Recipe:
    whole = {
        "data": DIGITS,
        "model": MLP,
        "train": {"steps": STEPS, "precision": "float64"},
        **base,
    }
    return from_tree(patch_paths(canonical(whole), change))


def jobs(base: dict[str, Any], changes: tuple[dict[str, Any], ...]) -> list[Job]:
    recipes = [recipe(base, change) for change in changes]
    assert len({shape_of(r) for r in recipes}) == 1, "they are not for one stack"
    return [compile_recipe(r, HERE, data_of(r.data.kind)) for r in recipes]


def alone(job: Job) -> list[list[float]]:
    """Each step's loss and penalty of the training loop."""
    batches = job.batches(0)
    results = [take_step(job, next(batches), step, [], False) for step in range(STEPS)]
    return [[float(r.loss), float(r.penalty or 0)] for r in results]


def stacked(of: list[Job]) -> list[list[list[float]]]:
    """Each trial's steps' losses and penalties."""
    stack = Stack(of)
    steps = [stack.take_step(step, [[] for _ in of]) for step in range(STEPS)]
    return [
        [[float(r.loss), float(r.penalty or 0)] for r in trial]
        for trial in zip(*steps, strict=True)
    ]


def assert_equal(
    base: dict[str, Any], changes: tuple[dict[str, Any], ...], tolerance: float = 1e-6
) -> None:
    """Compare all losses; the trials must differ, or they would not show what is mixed up."""
    expected = torch.tensor([alone(job) for job in jobs(base, changes)], dtype=torch.float64)
    found = torch.tensor(stacked(jobs(base, changes)), dtype=torch.float64)
    last = expected[:, -1, 0]
    assert len(set(last.tolist())) == len(changes)
    assert last.isfinite().all()
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=0)


ALONE = {"python", "adafactor", "muon"}


@pytest.mark.parametrize("kind", sorted(set(OPTIMIZERS.files) - ALONE))
def test_every_optimizer(kind):
    assert_equal({"optimizer": {"kind": kind}}, LRS)


@pytest.mark.parametrize(
    ("optimizer", "changes"),
    [
        ({"kind": "sgd", "lr": 0.05}, ({"momentum": 0.5}, {"momentum": 0.9}, {"momentum": 0.99})),
        ({"kind": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True}, ({"lr": 0.1}, {})),
        ({"kind": "sgd", "lr": 0.05, "momentum": 0.9}, ({"dampening": 0.5}, {"dampening": 0.1})),
        ({"kind": "sgd", "lr": 0.05, "form": "classical"}, ({"momentum": 0.5}, {"momentum": 0.9})),
        ({"kind": "lion"}, ({"betas": [0.8, 0.9]}, {"weight_decay": 1.0}, {"lr": 1e-3})),
        ({"kind": "nadam"}, ({"betas": [0.8, 0.9]}, {"momentum_decay": 0.1}, {"eps": 1e-3})),
        ({"kind": "radam", "decoupled": True}, ({"betas": [0.8, 0.9]}, {"weight_decay": 1.0})),
        ({"kind": "adam", "lookahead": {"k": 3}}, ({"lookahead.k": 2}, {"lookahead.alpha": 0.2})),
        ({"kind": "sgd", "lookahead": 4}, ({"lr": 0.2}, {"lookahead.alpha": 1.0})),
        ({"kind": "sgd", "lr": 0.05}, ({"weight_decay": 1e-3}, {"weight_decay": 0.1})),
        ({"kind": "adam"}, ({"betas": [0.8, 0.99]}, {"betas": [0.95, 0.9]}, {"eps": 1e-3})),
        ({"kind": "adam", "bias_correction": False}, ({"lr": 1e-4}, {"lr": 1e-3})),
        ({"kind": "adam", "amsgrad": True}, ({"weight_decay": 1e-3}, {"weight_decay": 0.1})),
        ({"kind": "adamw"}, ({"weight_decay": 1e-2}, {"weight_decay": 0.5}, {"lr": 1e-2})),
        ({"kind": "rmsprop"}, ({"alpha": 0.9}, {"alpha": 0.99}, {"weight_decay": 0.1})),
        ({"kind": "rmsprop", "centered": True, "momentum": 0.5}, ({"momentum": 0.9}, {})),
        ({"kind": "adagrad", "lr": 0.1}, ({"initial_accumulator": 1.0}, {"lr_decay": 0.1})),
    ],
)  # fmt: skip
def test_each_parameter_of_an_optimizer_is_the_trials_own(optimizer, changes):
    paths = tuple({f"optimizer.{k}": v for k, v in change.items()} for change in changes)
    assert_equal({"optimizer": optimizer}, paths)


@pytest.mark.parametrize("kind", sorted(set(NORMALIZATIONS.files) - {"spectral"}))
@pytest.mark.parametrize("model", [MLP, CNN], ids=["mlp", "cnn"])
def test_every_normalization(kind, model):
    if kind == "instance":
        model = {**CNN, "hidden": []}  # it is over the positions of an image
    # Groups of two numbers turn them into signs, and those flip by the last bit of a sum.
    normalization = {"kind": kind} | ({"groups": 4} if kind == "group" else {})
    assert_equal({"model": model, "normalization": normalization}, LRS)


CASES: dict[str, tuple[dict[str, Any], tuple[dict[str, Any], ...]]] = {
    "seeds": ({}, ({"seed": 1}, {"seed": 2}, {"seed": 3})),
    "seeds that partly agree": ({}, ({"seed": 1}, *LRS[1:], {"seed": 1, "optimizer.lr": 0.02})),
    "no shuffling": ({"data": {**DIGITS, "shuffle": False}}, ({"seed": 1}, {"seed": 2})),
    "init schemes": ({}, ({"init": "orthogonal"}, {"init": {"kind": "normal", "std": 0.1}})),
    "dropout": (
        {"regularizers": {"dropout": 0.5}},
        tuple({"regularizers.dropout.p": p} for p in (0.1, 0.5, 0.8)),
    ),
    "dropout of inputs and seeds": (
        {"regularizers": {"dropout": {"p": 0.5, "input": 0.2}}},
        ({"regularizers.dropout.input": 0.1}, {"seed": 1}, {"seed": 1, "optimizer.lr": 0.01}),
    ),
    "dropout in a cnn": ({"model": CNN, "regularizers": {"dropout": 0.2}}, LRS),
    "spatial dropout": (
        {"model": CNN, "regularizers": {"spatial_dropout": 0.2, "dropout": 0.1}},
        ({"regularizers.spatial_dropout.p": 0.5}, {"seed": 1}, {}),
    ),
    "stochastic depth": (
        {"model": RESNET, "normalization": "layer", "regularizers": {"stochastic_depth": 0.2}},
        ({"regularizers.stochastic_depth.p": 0.7}, {"seed": 1}, {}),
    ),
    "dropout of the deeper half": (
        {"regularizers": {"dropout": {"p": 0.5, "layers": "deeper"}}},
        ({"regularizers.dropout.p": 0.2}, {}),
    ),
    "l1": ({"regularizers": {"l1": 1e-4}}, ({}, {"regularizers.l1.lambda": 1e-2})),
    "l2": ({"regularizers": {"l2": 1e-4}}, ({}, {"regularizers.l2.lambda": 1e-1})),
    "l2 on all": ({"regularizers": {"l2": {"lambda": 0.1, "on": "all"}}}, LRS),
    "elastic net and l2": (
        {"regularizers": {"l2": 1e-3, "elastic_net": 1e-3}},
        ({"regularizers.elastic_net.alpha": 0.9}, {"regularizers.elastic_net.lambda": 0.1}, {}),
    ),
    "label smoothing": (
        {"regularizers": {"label_smoothing": 0.1}},
        tuple({"regularizers.label_smoothing.epsilon": e} for e in (0.05, 0.1, 0.4)),
    ),
    "label smoothing and class weights": (
        {"regularizers": {"label_smoothing": 0.1},
         "loss": {"kind": "cross_entropy", "class_weights": list(range(1, 11))}},
        tuple({"regularizers.label_smoothing.epsilon": e} for e in (0.05, 0.4)),
    ),
    "bce with weights and smoothing": (
        {"data": TWO_CLASSES, "regularizers": {"label_smoothing": 0.1},
         "loss": {"kind": "bce", "class_weights": [1, 3]}},
        ({"regularizers.label_smoothing.epsilon": 0.3}, *LRS),
    ),
    "a sum": ({"loss": {"kind": "cross_entropy", "reduction": "sum"}}, LRS),
    "hinge": ({"loss": "hinge"}, LRS),
    "nll": ({"loss": "nll", "model": {**MLP, "head_activation": "log_softmax"}}, LRS),
    "mse": ({"data": VALUES, "loss": "mse"}, LRS),
    "categories": ({"data": CATEGORIES}, ({"seed": 1}, {"seed": 2}, {"optimizer.lr": 0.01})),
    "piecewise numbers": (
        {"data": VALUES, "model": {**MLP, "numeric": {"kind": "piecewise", "bins": 6}}}, LRS,
    ),
    "periodic numbers": (
        {"data": VALUES, "model": {**MLP, "numeric": {"kind": "periodic", "features": 4}}},
        ({"seed": 1}, *LRS),
    ),
    "huber": ({"data": VALUES, "loss": "huber"}, LRS),
    "clip by norm": (
        {"optimizer": {"kind": "sgd", "clip": 1.0}},
        tuple({"optimizer.clip.norm": norm} for norm in (0.01, 0.1, 100.0)),
    ),
    "clip by value": (
        {"optimizer": {"kind": "sgd", "clip": {"value": 1.0}}},
        tuple({"optimizer.clip.value": value} for value in (1e-4, 1e-3)),
    ),
    "schedules": (
        {},
        ({"optimizer.schedule": {"kind": "cosine", "warmup": 0.3}},
         {"optimizer.schedule": {"kind": "cosine", "warmup": 5, "floor": 0.5}},
         {"optimizer.schedule": "one_cycle"},
         {"optimizer.schedule": {"kind": "exponential", "gamma": 0.5}}),
    ),
    "noise": (
        {"augmentation": [{"kind": "noise", "std": 0.1}]},
        ({"augmentation.0.std": 0.2}, {"augmentation": []}, {"optimizer.lr": 0.01}, {"seed": 4}),
    ),
    "shift": (
        {"model": CNN, "augmentation": ["shift"]},
        ({"augmentation.0.pixels": 1}, {"augmentation.0.pixels": 2}, {"optimizer.lr": 0.01}),
    ),
    "a last, smaller batch": (
        {"data": {**DIGITS, "batch_size": 150}, "normalization": "batch"}, LRS,
    ),
    "the whole split": ({"data": {**DIGITS, "batch_size": "full"}}, LRS),
    "everything": (
        {"normalization": "batch", "augmentation": ["noise"],
         "regularizers": {"dropout": 0.3, "l2": 1e-3, "label_smoothing": 0.1},
         "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9, "clip": 1.0,
                       "schedule": {"kind": "cosine", "warmup": 0.2}}},
        ({"seed": 1}, {"regularizers.dropout.p": 0.1}, {"optimizer.lr": 0.01},
         {"regularizers.l2.lambda": 0.1, "optimizer.clip.norm": 0.1}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_trials_of_a_stack_train_as_alone(name):
    assert_equal(*CASES[name])


@pytest.mark.parametrize(("normalization", "tolerance"), [("none", 1e-6), ("batch", 1e-5)])
def test_float32_at_small_learning_rates(normalization, tolerance):
    base = {"train": {"steps": STEPS}, "normalization": normalization}
    changes = tuple({"optimizer.lr": lr} for lr in (1e-4, 3e-4, 1e-3))
    assert_equal({**base, "regularizers": {"dropout": 0.2}}, changes, tolerance)


def test_bf16_is_near():
    base = {"train": {"steps": STEPS, "precision": "bf16"}, "regularizers": {"dropout": 0.2}}
    assert_equal(base, LRS, tolerance=5e-3)
