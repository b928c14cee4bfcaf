"""What was asked of a run, and how to repeat it."""

from __future__ import annotations

import pytest

from trickrun.recipe.dump import resolved_text
from trickrun.recipe.load import from_tree
from trickrun.reporting.page_asked import commands, set_lines, typed_in
from trickrun.run.folder import RunFolder

TREE = {
    "data": {"kind": "iris", "batch_size": 32},
    "model": {"kind": "mlp", "hidden": [8]},
    "optimizer": {"kind": "adam", "schedule": {"kind": "cosine", "warmup": 0.1}},
}


def test_what_is_set_is_told_and_no_default():
    kept = set_lines(resolved_text(from_tree(TREE)).splitlines())
    assert [line.strip() for line in kept] == [
        *("data:", "kind: iris", "batch_size: 32", "model:", "kind: mlp", "hidden: [8]"),
        *("optimizer:", "kind: adam", "schedule:", "kind: cosine", "warmup: 0.1"),
    ]


@pytest.mark.parametrize(
    ("recipe", "folder", "place"),
    [
        ("recipes/iris.yaml", "/home/me/work/recipes", "/home/me/work"),
        ("iris.yaml", "/home/me/work", "/home/me/work"),
        ("recipes/iris.yaml", "/home/me/other", None),
        ("../iris.yaml", "/home/me", None),
        ("/home/me/iris.yaml", "/home/me", None),
    ],
)
def test_where_a_command_was_typed_follows_from_its_recipe(recipe, folder, place):
    facts = {"command": ["trickrun", "train", recipe, "seed=1"], "recipe_folder": folder}
    assert typed_in(facts) == place


def test_the_commands_can_be_typed_again(tmp_path):
    facts = {
        "trickrun": "0.1.0",
        "torch": "2.13.0+cpu",
        "git_commit": "abc",
        "git_dirty": True,
        "recipe_folder": "/a b",
        "command": ["/usr/bin/trickrun", "train", "r.yaml", "model.hidden=[8, 8]", "name=$(rm x)"],
    }
    told = list(commands(RunFolder(tmp_path), facts))
    assert [line for _, line in told] == [
        "pip install trickrun==0.1.0 torch==2.13.0",
        "cd '/a b'",
        "git checkout abc",
        "trickrun train r.yaml 'model.hidden=[8, 8]' 'name=$(rm x)'",
    ]
    assert "which tracked files differed from" in told[2][0]
