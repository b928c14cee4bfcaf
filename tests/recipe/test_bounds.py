"""No whole number of a recipe or a command line is so large that nothing would ever end."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
import typer

from trickrun.cli.app import COMMANDS
from trickrun.params import MOST
from trickrun.recipe.json_schema import json_schema
from trickrun.recipe.load import from_tree, load
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.recipe.text.problems import RecipeError

UNBOUNDED = {
    "data.csv.Csv.missing_values": "a value that cells hold, not a count",
}
"""Whole numbers without an upper limit, each with the reason."""

OPTIONS_CHECKED_LATER = {
    "lr-find --low": "a learning rate, checked as the schedule lr_range is",
    "lr-find --high": "a learning rate, checked as the schedule lr_range is",
}

WORDS_OF_JSON_SCHEMA = {"$defs", "properties", "anyOf", "items", "prefixItems"}


def whole_numbers(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place in the recipe language and the schema of each whole number."""
    if isinstance(node, list):
        for item in node:
            yield from whole_numbers(item, path)
    elif isinstance(node, dict):
        if "integer" in [node.get("type"), *([] if node.get("type") is None else node["type"])]:
            yield ".".join(path), node
        for name, inner in node.items():
            yield from whole_numbers(inner, path if name in WORDS_OF_JSON_SCHEMA else (*path, name))


def test_each_whole_number_of_the_schema_has_an_upper_limit() -> None:
    found = list(whole_numbers(json_schema()))
    assert len(found) > 80
    open_ended = {
        place
        for place, schema in found
        if not {"maximum", "exclusiveMaximum", "enum", "const"} & schema.keys()
    }
    assert open_ended == UNBOUNDED.keys()


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the name and the function of each command."""
    for command in COMMANDS:
        found = getattr(
            importlib.import_module(f"trickrun.cli.{command.module}"), command.attribute
        )
        if isinstance(found, typer.Typer):
            yield from ((command.name, known.callback) for known in found.registered_commands)
        else:
            yield command.name, found


def number_options() -> Iterator[tuple[str, Any]]:
    """Yield the name and the declaration of each option that is a number as typer reads it."""
    for command, function in functions():
        for name, hint in get_type_hints(function, include_extras=True).items():
            if get_origin(hint) is Annotated:
                kind, option = get_args(hint)
                if {int, float} & {kind, *get_args(kind)} and option.parser is None:
                    yield f"{command} --{name}", option


def test_each_number_of_a_command_line_has_both_limits() -> None:
    found = list(number_options())
    assert len(found) > 10
    open_ended = {name for name, option in found if None in (option.min, option.max)}
    assert open_ended == OPTIONS_CHECKED_LATER.keys()


TREE = canonical({"data": "digits", "model": "mlp", "grid": {}})


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("train.epochs", 10**300, "from 1 to 1000000, but 10000000000000000000… (301 digits)"),
        ("train.steps", 10**10, "at most 1,000,000,000, but 10000000000 is given"),
        ("train.threads", 10**10, "at most 1,000,000,000"),
        ("grid.coarse.trials", 10**12, "from 1 to 10000"),
        ("grid.coarse.epochs", 10**12, "from 1 to 1000000"),
        ("grid.coarse.space", {"model.hidden.0": {"int": [1, 10**12]}}, "at most 1,000,000,000"),
        ("model.embedding", 10**10, "at most 1,000,000,000"),
        ("model.hidden", [10**10], "at most 1,000,000,000"),
        ("data.batch_size", 10**10, "at most 1,000,000,000"),
        ("train.checkpoint", "9999999999 steps", "does not fit the pattern"),
    ],
)
def test_one_message_says_the_limit(path: str, value: Any, told: str) -> None:
    with pytest.raises(RecipeError) as caught:
        from_tree(patch_paths(copy.deepcopy(TREE), {path: value}))
    (problem,) = caught.value.problems
    assert problem.path.startswith(path)
    assert told in problem.message


def test_limits_themselves_are_let_pass() -> None:
    from_tree(patch_paths(copy.deepcopy(TREE), {"train.steps": MOST, "data.subset": MOST}))
    from_tree(patch_paths(copy.deepcopy(TREE), {"train.epochs": 1_000_000}))


def test_the_combinations_of_a_grid_can_be_listed(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    text = "data: digits\nmodel: mlp\ngrid: {coarse: {sampler: SAMPLER, space: {SPACE}}}\n"
    ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
    paths = ("optimizer.lr", "seed", "optimizer.eps", "regularizers.l1", "regularizers.l2")
    space = ", ".join(f"{path}: {ten}" for path in paths)
    recipe.write_text(text.replace("SAMPLER", "random").replace("SPACE", space))
    load(recipe)
    recipe.write_text(text.replace("SAMPLER", "grid").replace("SPACE", space))
    with pytest.raises(RecipeError, match="takes 100000 combinations of these values or more"):
        load(recipe)
    few = ", ".join(f"{path}: {ten}" for path in paths[:4])
    recipe.write_text(text.replace("SAMPLER", "grid").replace("SPACE", few))
    load(recipe)
