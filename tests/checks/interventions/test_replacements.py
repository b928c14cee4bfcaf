"""Which parts of a recipe are doubted, and what is put in their place."""

from pathlib import Path
from typing import Any

import pytest

from trickrun.checks.interventions.rates import scaled_rates
from trickrun.checks.interventions.regularizers import declared
from trickrun.checks.interventions.replacements import replacements
from trickrun.data.splits.source import Task
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import Loaded, from_tree
from trickrun.recipe.patch import canonical, patch_paths

HERE = Path(__file__).parent
CLASSES = Task("classification", classes=3, priors=(0.3, 0.3, 0.4))
VALUES = Task("regression")
PLAIN: dict[str, Any] = {"data": "iris", "model": {"kind": "mlp", "hidden": [32, 80]}}

CASES: list[tuple[dict[str, Any], Task, dict[str, str]]] = [
    ({}, CLASSES, {}),
    ({"model.head_activation": "softmax"}, CLASSES, {"model.head_activation": "TR26"}),
    ({"model.head_activation": "tanh"}, CLASSES, {"model.head_activation": "TR29"}),
    ({"model.head_activation": "sigmoid"}, VALUES, {"model.head_activation": "TR29"}),
    (
        {"model.head_activation": "softmax", "loss": "bce"},
        CLASSES,
        {"model.head_activation": "TR27"},
    ),
    ({"loss": "nll"}, CLASSES, {"model.head_activation": "TR25"}),
    ({"loss": "nll", "model.head_activation": "log_softmax"}, CLASSES, {}),
    ({"model.head_activation": "log_softmax"}, CLASSES, {}),
    ({"loss": "mse"}, CLASSES, {"loss": "TR30"}),
    ({"loss": "mse"}, VALUES, {}),
    ({"loss": "mae"}, VALUES, {"loss": "TR30"}),
    ({"loss": "hinge"}, CLASSES, {"loss": "TR30"}),
    ({"model.bias": False}, CLASSES, {"model.bias": "TR104"}),
    ({"model.hidden": [80] * 9}, CLASSES, {"model.hidden": "TR105"}),
    ({"model.head_activation": "log_softmax"}, VALUES, {"model.head_activation": "TR29"}),
    ({"loss": {"kind": "python", "target": "mine:loss"}}, VALUES, {"loss": "TR30"}),
    ({"loss.reduction": "sum"}, CLASSES, {"loss.reduction": "TR21"}),
    ({"init": "zeros"}, CLASSES, {"init": "TR22"}),
    ({"init": {"kind": "normal", "std": 1.0}}, CLASSES, {"init": "TR23"}),
    ({"init": {"kind": "kaiming_normal", "gain": 9.0}}, CLASSES, {"init": "TR23"}),
    ({"init": "kaiming_uniform"}, CLASSES, {}),
    ({"model.activation": "linear"}, CLASSES, {"model.activation": "TR52"}),
    ({"model.activation": "softmax"}, CLASSES, {"model.activation": "TR53"}),
    ({"model.activation": "sigmoid"}, CLASSES, {"model.activation": "TR42"}),
    ({"model.activation": "gelu"}, CLASSES, {}),
    ({"data.normalize": "none"}, CLASSES, {"data.normalize": "TR01"}),
    ({"optimizer.clip": 1.0}, CLASSES, {"optimizer.clip": "TR71", "optimizer": "TR70"}),
    ({"train.precision": "bf16"}, CLASSES, {"train.precision": "TR75"}),
    ({"train.step": "mine:step"}, CLASSES, {"train.step": "TR74"}),
    ({"optimizer": {"kind": "adam", "lr": 0.1}}, CLASSES, {"optimizer.lr": "TR35"}),
    ({"optimizer": {"kind": "sgd", "lr": 0.1}}, CLASSES, {"optimizer": "TR70"}),
    ({"optimizer": {"kind": "adam", "eps": 1.0}}, CLASSES, {"optimizer": "TR70"}),
    ({"normalization": "batch"}, CLASSES, {"normalization": "TR72"}),
]
ALWAYS = {"normalization": "TR44", "model.hidden": "TR54"}
"""Of the plain recipe: no normalization, and a narrow layer."""
OF_VALUES = {"data.scale_targets": "TR06"}
"""Of values to predict: their unit is the data's own."""


def recipe(changes: dict[str, Any]) -> Loaded:
    tree = patch_paths(canonical(PLAIN), changes)
    return Loaded(from_tree(tree), tree, "", HERE / "recipe.yaml", ())


@pytest.mark.parametrize(("changes", "task", "doubted"), CASES)
def test_what_is_unusual_is_doubted(
    changes: dict[str, Any], task: Task, doubted: dict[str, str]
) -> None:
    loaded = recipe(changes)
    found = replacements(loaded.recipe, task)
    always = {**ALWAYS, **OF_VALUES} if task == VALUES else ALWAYS
    assert {replacement.path: replacement.code for replacement in found} == {**always, **doubted}
    for replacement in found:
        tree = patch_paths(loaded.tree, replacement.edit)
        rest = {r.path for r in replacements(from_tree(tree), task)}
        assert replacement.path not in rest - {"normalization"}


def test_layers_that_are_wide_enough_are_not_doubted() -> None:
    found = replacements(recipe({"model.hidden": [64, 128]}).recipe, CLASSES)
    assert [replacement.path for replacement in found] == ["normalization"]
    (narrow,) = (r for r in replacements(recipe({}).recipe, CLASSES) if r.path == "model.hidden")
    assert narrow.edit == {"model.hidden": [64, 80]}


def test_a_narrow_layer_after_convolutions_is_doubted() -> None:
    for kind in ("cnn", "vgg"):
        model = {"kind": kind, "channels": [8], "hidden": [8, 80]}
        found = replacements(recipe({"model": model}).recipe, CLASSES)
        assert {r.path: r.edit for r in found}["model.hidden"] == {"model.hidden": [64, 80]}


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_the_tanh_of_a_recurrent_network_is_not_doubted(kind: str) -> None:
    found = replacements(recipe({"model": {"kind": kind}}).recipe, CLASSES)
    assert [r.path for r in found] == ["normalization"]


def test_a_users_network_is_doubted_as_a_whole() -> None:
    model = {"kind": "python", "target": "mine:net"}
    found = replacements(recipe({"model": model}).recipe, CLASSES)
    assert {r.path: r.code for r in found} == {"init": "TR23", "model": "TR76"}


def test_the_learning_rate_is_scaled_both_ways() -> None:
    rates = scaled_rates(0.02, usual=0.1)
    assert [(r.edit["optimizer.lr"], r.code) for r in rates] == [
        (0.2, "TR36"),
        (0.002, "TR35"),
        (2.0, "TR36"),
        (0.0002, "TR35"),
    ]


def test_a_usual_rate_beyond_those_is_tried_first() -> None:
    rates = [r.edit["optimizer.lr"] for r in scaled_rates(1e-4, usual=0.1)]
    assert rates == [0.1, 1e-3, 1e-5, 1e-2, 1e-6]
    assert len(scaled_rates(1e-4, usual=None)) == 4


def test_a_strength_is_brought_to_what_the_recipe_s_finding_advises() -> None:
    given = {"regularizers": {"l2": 1.0}, "optimizer": {"kind": "adamw", "weight_decay": 50.0}}
    loaded = recipe(given)
    advised = [f.edit for f in findings(facts_of(loaded.recipe)) if f.code == "TR50"]
    assert len(advised) == 2
    assert [r.edit for r in declared(loaded)] == advised
    (weak,) = declared(recipe({"regularizers": {"l2": 1e-4}}))
    assert weak.edit == {"regularizers.l2.lambda": 1e-6}


def test_a_regularizer_is_weakened_only_where_it_is_stronger_than_usual() -> None:
    strong = {"dropout": 0.8, "l2": 0.5, "label_smoothing": 0.4}
    mild = {"dropout": 0.2, "label_smoothing": 0.05, "l1": 0.0}
    assert [r.edit for r in declared(recipe({"regularizers": strong}))] == [
        {"regularizers.dropout.p": 0.3},
        {"regularizers.l2.lambda": 1e-4},
        {"regularizers.label_smoothing.epsilon": 0.1},
    ]
    assert [r.edit for r in declared(recipe({"regularizers": mild}))] == [
        {"regularizers.dropout": None},
        {"regularizers.label_smoothing": None},
    ]


def test_what_is_put_back_is_what_the_recipe_says() -> None:
    loaded = recipe({"regularizers": {"dropout": {"p": 0.8, "layers": "last"}}})
    (dropout,) = declared(loaded)
    assert dropout.back == {"regularizers.dropout": {"p": 0.8, "layers": "last"}}
    assert dropout.weaker == {"regularizers.dropout": {"p": 0.3, "layers": "last"}}
