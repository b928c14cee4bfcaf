"""The one rule of patching, and the shorthand that is expanded before it."""

from __future__ import annotations

from typing import Any

import pytest

from trickrun.recipe.patch import PathError, canonical, patch, patch_paths, steps_of

BASE: dict[str, Any] = canonical(
    {
        "data": "digits",
        "model": {"kind": "mlp", "hidden": [32]},
        "optimizer": {"betas": [0.8, 0.9], "clip": 1.0, "schedule": "cosine"},
        "regularizers": {"dropout": {"keep": 0.7}, "l2": 1e-4},
        "augmentation": ["noise", {"kind": "noise", "std": 0.2}],
        "early_stopping": 3,
        "train": {"epochs": 5},
        "grid": {"coarse": {"space": {"optimizer.lr": {"log": [1e-4, 1e-1]}, "seed": [0, 1]}}},
        "expect": {"test.accuracy": ">= 0.9"},
    }
)


def test_shorthand_is_written_out_by_its_place() -> None:
    assert BASE["data"] == {"kind": "digits"}
    assert BASE["optimizer"]["kind"] == "adam"
    assert BASE["optimizer"]["clip"] == {"norm": 1.0}
    assert BASE["optimizer"]["schedule"] == {"kind": "cosine"}
    assert BASE["regularizers"] == {"dropout": {"p": 0.3}, "l2": {"lambda": 1e-4}}
    assert BASE["augmentation"] == [{"kind": "noise"}, {"kind": "noise", "std": 0.2}]
    assert BASE["early_stopping"] == {"patience": 3}
    assert BASE["grid"]["coarse"]["space"]["seed"] == {"choice": [0, 1]}


def test_writing_out_twice_changes_nothing() -> None:
    assert canonical(BASE) == BASE


@pytest.mark.parametrize("value", [True, False])
def test_a_switch_is_not_taken_for_the_main_parameter(value: bool) -> None:
    assert canonical({"early_stopping": value})["early_stopping"] is value


@pytest.mark.parametrize(
    "tree",
    [
        {"optimizer": 3},
        {"optimizer": {"kind": 3, "lr": "x"}},
        {"optimizer": {"kind": "nope", "own": 1}},
        {"regularizers": [1]},
        {"augmentation": {"kind": "noise"}},
        {"metrics": "accuracy"},
        {"nope": {"x": 1}},
        {"grid": {"coarse": {"space": [1]}}},
    ],
)
def test_what_is_wrong_is_left_for_validation(tree: dict[str, Any]) -> None:
    assert canonical(tree) == tree


@pytest.mark.parametrize("kind", [3, "nope"])
def test_under_an_unknown_kind_what_all_kinds_take_is_expanded(kind: Any) -> None:
    found = canonical({"optimizer": {"kind": kind, "schedule": "cosine", "clip": 1}})
    expanded = {"kind": kind, "schedule": {"kind": "cosine"}, "clip": {"norm": 1}}
    assert found == {"optimizer": expanded}


def test_mappings_merge_lists_replace_null_deletes() -> None:
    changed = patch(
        BASE,
        {
            "model": {"activation": "tanh"},
            "augmentation": [{"kind": "noise", "std": 1}],
            "early_stopping": None,
            "regularizers": {"l2": None, "dropout": 0.5},
        },
    )
    assert changed["model"] == {"kind": "mlp", "hidden": [32], "activation": "tanh"}
    assert changed["augmentation"] == [{"kind": "noise", "std": 1}]
    assert "early_stopping" not in changed
    assert changed["regularizers"] == {"dropout": {"p": 0.5}}


def test_the_base_is_not_changed() -> None:
    before = repr(BASE)
    patch_paths(BASE, {"optimizer.lr": 1, "augmentation.0": None, "train.steps": 3})
    assert repr(BASE) == before


def test_a_changed_kind_replaces_the_mapping() -> None:
    assert patch(BASE, {"optimizer": {"kind": "sgd", "lr": 1}})["optimizer"] == {
        "kind": "sgd",
        "lr": 1,
    }
    assert patch(BASE, {"optimizer": "sgd"})["optimizer"] == {"kind": "sgd"}
    assert patch(BASE, {"optimizer": {"schedule": "constant"}})["optimizer"]["clip"] == {
        "norm": 1.0
    }


def test_the_same_kind_merges_even_if_the_base_left_it_to_the_default() -> None:
    assert patch(BASE, {"optimizer": {"kind": "adam", "lr": 1}})["optimizer"]["betas"] == [0.8, 0.9]


def test_a_kind_that_the_patch_does_not_name_is_the_bases() -> None:
    base = patch(BASE, {"optimizer": {"kind": "sgd", "momentum": 0.5}})
    changed = patch(base, {"optimizer": {"schedule": "constant", "clip": 2.0}})
    assert changed["optimizer"] == {
        "kind": "sgd",
        "momentum": 0.5,
        "schedule": {"kind": "constant"},
        "clip": {"norm": 2.0},
    }


def test_alternatives_replace_one_another() -> None:
    assert patch(BASE, {"train": {"steps": 9}})["train"] == {"steps": 9}
    assert patch(BASE, {"train": {"device": "cpu"}})["train"] == {"epochs": 5, "device": "cpu"}
    space = patch_paths(BASE, {"grid.coarse.space.optimizer.lr": [0.1, 0.2]})
    assert space["grid"]["coarse"]["space"] == {
        "optimizer.lr": {"choice": [0.1, 0.2]},
        "seed": {"choice": [0, 1]},
    }


def test_alternatives_given_together_are_kept_for_validation() -> None:
    both = patch(BASE, {"train": {"steps": 9, "epochs": 2}})
    assert both["train"] == {"steps": 9, "epochs": 2}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("optimizer.lr", ("optimizer", "lr")),
        ("expect.test.accuracy", ("expect", "test.accuracy")),
        ("grid.coarse.space.optimizer.lr", ("grid", "coarse", "space", "optimizer.lr")),
        ("augmentation.1.std", ("augmentation", 1, "std")),
        ("model.hidden.0", ("model", "hidden", 0)),
        ("metrics.0.kind", ("metrics", 0, "kind")),
        ("nope.0.x", ("nope", "0", "x")),
    ],
)
def test_paths_are_split_by_the_schema(path: str, steps: tuple[str | int, ...]) -> None:
    assert steps_of(path, BASE) == steps


@pytest.mark.parametrize(
    "path", ["", ".", "optimizer.", ".lr", "a..b", "augmentation.2", "metrics.0"]
)
def test_paths_that_lead_nowhere_are_errors(path: str) -> None:
    with pytest.raises(PathError):
        patch_paths(BASE, {path: 1})


def test_an_element_of_a_list_that_another_path_shortens_is_an_error() -> None:
    with pytest.raises(PathError, match="no element 1"):
        patch_paths(BASE, {"augmentation": ["noise"], "augmentation.1.std": 2})


def test_list_elements_are_patched_and_deleted_by_their_place() -> None:
    changed = patch_paths(BASE, {"augmentation.0": None, "augmentation.1.std": 0.5})
    assert changed["augmentation"] == [{"kind": "noise", "std": 0.5}]
    assert patch_paths(BASE, {"model.hidden.0": 64})["model"]["hidden"] == [64]


def test_the_order_of_paths_does_not_matter() -> None:
    values = {
        "optimizer.lr": 0.5,
        "optimizer.kind": "sgd",
        "optimizer.clip.value": 3.0,
        "optimizer.clip": None,
    }
    backwards = dict(reversed(values.items()))
    assert patch_paths(BASE, values) == patch_paths(BASE, backwards)
    assert patch_paths(BASE, values)["optimizer"] == {
        "kind": "sgd",
        "lr": 0.5,
        "clip": {"value": 3.0},
    }


def test_a_python_section_keeps_its_arguments_apart() -> None:
    base = canonical(
        {"data": {"kind": "python", "target": "m:f", "args": {"a.b": 1, "c": {"d": 2}}}}
    )
    changed = patch_paths(base, {"data.args.a.b": 3, "data.args.c": {"e": 4}})
    assert changed["data"]["args"] == {"a.b": 3, "c": {"d": 2, "e": 4}}
