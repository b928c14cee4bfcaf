"""The JSON schema takes what the language takes, as an independent validator sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from trickrun.docs import SCHEMA
from trickrun.recipe.json_schema import json_schema, schema_text
from trickrun.recipe.patch import ROOT
from trickrun.recipe.shape import Items, Kinds, Section, Shape, members
from trickrun.recipe.starter import known_kinds, starter
from trickrun.recipe.text.nodes import Reader
from trickrun.recipe.text.yaml12 import parse

RECIPES = Path(__file__).parents[2] / "recipes"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())

SHORTHAND = """\
data: {kind: digits, batch_size: full, normalize: none, subset: 100}
model: mlp
loss: {kind: cross_entropy, class_weights: balanced}
metrics: [accuracy, {kind: f1_macro}]
init: {kind: orthogonal, gain: relu, bias: zeros, head: {kind: normal, std: 0.01}}
normalization: {kind: batch, placement: before_activation}
regularizers: {dropout: {keep: 0.7}, l2: 1e-4, l1: null, label_smoothing: 0.1}
optimizer: {lr: 1, betas: [0.9, 0.99], schedule: cosine, clip: 1.0}
augmentation: [noise, {kind: noise, std: 0.1}, {kind: python, target: "a:f", args: {x: [1]}}]
early_stopping: 8
train: {steps: 5, checkpoint: 1 epoch, step: "mine:step"}
grid: {coarse: {space: {optimizer.lr: {log: [1e-4, 0.1]}, seed: [0, 1], optimizer: [sgd]}}}
expect: {test.accuracy: ">= 0.9"}
"""


def data(text: str) -> Any:
    root = parse(text).root
    assert root is not None
    return Reader().value(root)


def wrong(text: str) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(data(text))]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_copy_for_editors_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run python -m trickrun.docs"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_recipes_conform(path: Path) -> None:
    assert not wrong(path.read_text(encoding="utf-8"))


def test_all_shorthand_conforms() -> None:
    assert not wrong(SHORTHAND)
    assert not wrong("extends: a.yaml\noptimizer: {betas: null}\ntrain: 10\nearly_stopping: null")


@pytest.mark.parametrize("model", known_kinds("model"))
@pytest.mark.parametrize("kind", known_kinds("data"))
def test_starter_recipes_conform(kind: str, model: str) -> None:
    assert not wrong(starter("r", "r.yaml", {"data": kind, "model": model}))


@pytest.mark.parametrize(
    "line",
    [
        "sed: 1",
        "seed: x",
        "optimizer: adm",
        "optimizer: {lr: -1}",
        "optimizer: {kind: sgd, betas: [0.9, 0.9]}",
        "metrics: accuracy",
        "regularizers: {dropout: 1}",
        "train: {device: gpu}",
        "train: {checkpoint: often}",
        "augmentation: [{kind: noise, sdt: 1}]",
    ],
)
def test_mistakes_are_underlined(line: str) -> None:
    assert not wrong("data: digits\nmodel: mlp\n")
    assert wrong(f"data: digits\nmodel: mlp\n{line}\n")


def test_a_recipe_needs_data_and_model_unless_it_extends_another() -> None:
    assert wrong("model: mlp")
    assert not wrong("extends: other.yaml")


def parameters(shape: Shape, path: str, seen: set[type]) -> Iterator[tuple[str, Any]]:
    match shape:
        case Section(params):
            classes = [params]
        case Kinds(kinds):
            classes = list(kinds.all().values())
        case Items(inner):
            yield from parameters(inner, path, seen)
            return
        case _:
            return
    for params in classes:
        if params not in seen:
            seen.add(params)
            for name, member in members(params).items():
                yield f"{path}.{params.__name__}.{name}", member
                yield from parameters(member.shape, f"{path}.{name}", seen)


def test_null_and_leaving_out_mean_the_same_everywhere() -> None:
    for path, member in parameters(ROOT, "", set()):
        if member.nullable and not member.field.is_required():
            assert member.field.default is None, path


def test_every_parameter_is_explained() -> None:
    definitions = json_schema()["$defs"]
    assert json.dumps(definitions)
    for name, definition in definitions.items():
        assert definition.get("description") or "anyOf" in definition, name
