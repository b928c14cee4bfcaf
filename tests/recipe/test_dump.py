"""A recipe written out with every default loads to an equal recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.recipe.dump import resolved, resolved_text
from trickrun.recipe.load import from_tree, load
from trickrun.recipe.patch import canonical

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))

RICH = """\
name: it-is
data: {kind: python, target: "a.b:c", args: {x: null, y: "1e-3", "z.w": [1.0, 1]}}
model: mlp
metrics: [accuracy, {kind: python, target: "m:f"}]
init: {kind: orthogonal, head: {kind: normal, std: 1e-2}}
regularizers: {dropout: {keep: 0.7}, l2: 1e-5}
augmentation: [noise, {kind: noise, std: 0}]
train: {steps: 100, checkpoint: 5 steps}
grid:
  coarse: {space: {optimizer.lr: {log: [1e-5, 1]}, optimizer: [sgd, {kind: adam, lr: 0.1}]}}
expect: {test.accuracy: ">= 0.96"}
"""


@pytest.fixture(params=[*RECIPES, RICH], ids=lambda param: getattr(param, "stem", "rich"))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if isinstance(request.param, Path):
        return request.param
    file = tmp_path / "rich.yaml"
    file.write_text(request.param)
    return file


def test_the_resolved_text_is_an_equal_recipe(path: Path, tmp_path: Path) -> None:
    recipe = load(path).recipe
    written = tmp_path / "resolved.yaml"
    written.write_text(resolved_text(recipe), encoding="utf-8")
    assert load(written).recipe == recipe
    assert resolved(load(written).recipe) == resolved(recipe)


def test_the_resolved_data_is_an_equal_recipe_in_canonical_form(path: Path) -> None:
    recipe = load(path).recipe
    assert from_tree(canonical(resolved(recipe))) == recipe


def test_defaults_are_marked_and_what_was_given_is_not(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(RICH)
    lines = resolved_text(load(file).recipe).splitlines()
    marked = {line.partition(":")[0] for line in lines if line.endswith("  # default")}
    assert {"seed", "loss", "optimizer", "  bias", "    layers"} <= marked
    assert "name: it-is" in lines
    assert "    p: 0.3" in lines
    assert "  - kind: noise" in lines
    assert "    std: 0.0" in lines


def test_a_default_of_an_alternative_not_taken_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(RICH)
    assert "epochs" not in resolved(load(file).recipe)["train"]
    assert resolved(load(file, ["train.epochs=3"]).recipe)["train"]["epochs"] == 3
    assert "steps" not in resolved(load(file, ["train.epochs=3"]).recipe)["train"]
