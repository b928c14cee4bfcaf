"""Which trials share a stack, read from the marks on the parameters."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from trickrun.recipe.catalogue import walk
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.groups import group_of, groups, stackable
from trickrun.search.trial import Trial, make_trial
from trickrun.tricks.optimizers import OPTIMIZERS
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.sgd import SGD
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.l2 import L2

HERE = Path(__file__).parent

BASE: dict[str, Any] = {
    "data": {"kind": "digits"},
    "model": {"kind": "mlp", "hidden": [8]},
    "regularizers": {"dropout": {"p": 0.5, "input": 0.1}, "l2": 1e-4, "label_smoothing": 0.1},
    "optimizer": {"kind": "sgd", "momentum": 0.9, "clip": 1.0},
    "augmentation": [{"kind": "noise", "std": 0.1}],
}


def trial(**change: Any) -> Trial:
    changes = {path.replace("__", "."): value for path, value in change.items()}
    return make_trial(patch_paths(canonical(BASE), changes), changes, HERE)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 7},
        {"seed": 0},
        {"name": "other"},
        {"optimizer__lr": 1e-5},
        {"optimizer__momentum": 0.0},
        {"optimizer__weight_decay": 0.1},
        {"optimizer__schedule": {"kind": "cosine", "warmup": 0.1}},
        {"optimizer__clip": {"value": 2.0}},
        {"optimizer__clip": None},
        {"regularizers__dropout__p": 0.1},
        {"regularizers__l2__lambda": 1e-2},
        {"regularizers__label_smoothing__epsilon": 0.0},
        {"init": "orthogonal"},
        {"augmentation__0__std": 0.3},
        {"augmentation": []},
        {"augmentation": ["randaugment", {"kind": "random_crop", "pad": 1}]},
        {"early_stopping": {"patience": 3}},
        {"train__epochs": 3},
        {"train__steps": 100},
    ],
    ids=str,
)
def test_what_may_differ_in_a_stack(change):
    assert group_of(trial(**change)) == group_of(trial())


@pytest.mark.parametrize(
    "change",
    [
        {"data__batch_size": 16},
        {"data__subset": {"n": 100}},
        {"model__hidden": [9]},
        {"model__activation": "tanh"},
        {"normalization": "layer"},
        {"loss": "hinge", "regularizers__label_smoothing": None},
        {"metrics": ["f1_macro"]},
        {"optimizer": {"kind": "adam"}},
        {"optimizer__nesterov": True},
        {"regularizers__dropout": None},
        {"regularizers__dropout__p": 0.0},
        {"regularizers__dropout__input": 0.0},
        {"regularizers__l2__lambda": 0.0},
        {"regularizers__l2__on": "all"},
        {"regularizers__label_smoothing": None},
        {"train__precision": "float64"},
        {"train__eval_every": 7},
    ],
    ids=str,
)
def test_what_makes_another_group(change):
    assert group_of(trial(**change)) != group_of(trial())


def test_groups_keep_the_order_of_the_trials():
    small, large = {"model__hidden": [4]}, {"model__hidden": [5]}
    of = [trial(**change, seed=seed) for seed in (1, 2) for change in (small, large)]
    assert groups(of) == [[of[0], of[2]], [of[1], of[3]]]


def test_user_code_is_never_stacked(tmp_path):
    (tmp_path / "my_metric.py").write_text("def half(prediction, target): return 0.5")
    tree = canonical({**BASE, "metrics": [{"kind": "python", "target": "my_metric:half"}]})
    of = [make_trial(patch_paths(tree, {"seed": seed}), {}, tmp_path) for seed in (1, 2)]
    assert groups(of) == [[of[0]], [of[1]]]


@pytest.mark.parametrize(
    "change",
    [
        {"augmentation": [{"kind": "random_crop", "crops": 2}]},
        {"augmentation": [{"kind": "resized_crop", "crops": 3}]},
        {"model": "pretrained"},
        {"optimizer": "adafactor"},
        {"optimizer": "muon"},
        {"optimizer__layer_decay": 0.5},
        {"optimizer__lr_scale": {"head.*": 0.1}},
        {"optimizer__clip": {"adaptive": 0.01}},
        {"optimizer__decay": "weights", "optimizer__weight_decay": 0.1},
    ],
    ids=str,
)
def test_what_depends_on_the_shapes_of_parameters_trains_alone(change):
    first, second = trial(**change, seed=1), trial(**change, seed=2)
    assert group_of(first) != group_of(second)


class UnitSteps(SGD):
    """Steps of length lr along each parameter's gradient: a row of all has another length."""

    kind: Literal["unit_steps"] = "unit_steps"  # type: ignore[assignment]


class OwnSGD(SGD):
    kind: Literal["own_sgd"] = "own_sgd"  # type: ignore[assignment]
    entrywise: ClassVar[bool] = True


def test_an_added_optimizer_is_stacked_only_if_it_says_that_it_can_be(monkeypatch):
    classes = {"unit_steps": UnitSteps, "own_sgd": OwnSGD}
    monkeypatch.setattr(EntryPoint, "load", lambda entry: classes[entry.name])
    for name in classes:
        entry = EntryPoint(name, f"elsewhere:{name}", "trickrun.optimizers")
        monkeypatch.setitem(OPTIMIZERS.plugins, name, entry)
    unit, own = (
        [trial(optimizer={"kind": name}, seed=seed) for seed in (1, 2)] for name in classes
    )
    assert groups([*unit, *own]) == [[unit[0]], [unit[1]], own]


def test_a_table_whose_target_is_a_column_is_no_user_code(tmp_path):
    (tmp_path / "table.csv").write_text("price,size\n1,2\n")
    tree = canonical({**BASE, "data": {"kind": "csv", "path": "table.csv", "target": "price"}})
    of = [make_trial(patch_paths(tree, {"seed": seed}), {}, tmp_path) for seed in (1, 2)]
    assert groups(of) == [of]


def test_marks_are_found_wherever_a_type_has_them():
    assert set(stackable(SGD)) == {
        "lr", "momentum", "dampening", "weight_decay", "schedule", "clip",
    }  # fmt: skip
    assert "betas" in stackable(Adam)
    assert stackable(Dropout)["p"].off_at_zero
    assert stackable(L2).keys() == {"lambda_"}


def test_every_number_of_an_optimizer_may_differ():
    # Each trial steps with its own optimizer, so only words and switches make another group.
    switches = {"kind", "nesterov", "form", "amsgrad", "bias_correction", "centered", "decoupled"}
    switches |= {"decay", "lookahead", "layer_decay", "lr_scale", "adaptive"}
    alone = {"adafactor", "muon", "python", "layer_decay"}
    for place in walk():
        if place.path == "optimizer" and place.kind not in alone:
            assert place.params.model_fields.keys() - stackable(place.params).keys() <= switches
