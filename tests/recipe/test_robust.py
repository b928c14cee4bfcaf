"""Whatever a recipe says, it is checked or refused: never a traceback, never a lost problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trickrun.recipe.load import from_tree, load
from trickrun.recipe.patch import ROOT
from trickrun.recipe.shape import Free, Items, Kinds, Section, Shape, members
from trickrun.recipe.text.emit import flow
from trickrun.recipe.text.problems import Problem, RecipeError

JUNK = st.sampled_from(
    [None, True, 0, -1, 2**70, float("nan"), "", "x", "1e-3", "a:b", [], [[]], {}, {"kind": 1}]
)
PATHS = st.sampled_from(
    ["optimizer.lr", "seed", "augmentation.0", "nope", "", "data.args.x", "a.b"]
)


def values(shape: Shape, depth: int = 3) -> st.SearchStrategy[Any]:
    """Values that look right for a place of form ``shape``, with junk here and there."""
    if depth == 0:
        return JUNK
    match shape:
        case Section(params):
            return mapping(params, depth)
        case Kinds(kinds):
            chosen = [kind_of(kind, params, depth) for kind, params in kinds.all().items()]
            return st.one_of(st.sampled_from(kinds.names()), *chosen, JUNK)
        case Items(inner):
            return st.lists(values(inner, depth - 1), max_size=2) | JUNK
        case Free(inner):
            return st.dictionaries(PATHS, values(inner, depth - 1), max_size=2) | JUNK
        case _:
            return JUNK | st.sampled_from([1, 3.0, "relu", "val_loss", [1, 2]])


def mapping(params: Any, depth: int) -> st.SearchStrategy[Any]:
    optional = {name: values(member.shape, depth - 1) for name, member in members(params).items()}
    return st.fixed_dictionaries({}, optional={**optional, "sed": JUNK}) | JUNK


def kind_of(kind: str, params: Any, depth: int) -> st.SearchStrategy[Any]:
    def with_kind(value: Any) -> Any:
        return {**value, "kind": kind} if isinstance(value, dict) else value

    return mapping(params, depth).map(with_kind)


SECTIONS = {name: values(member.shape) for name, member in members(ROOT.params).items()}
RECIPES = st.fixed_dictionaries({}, optional=SECTIONS)
USUAL = {"data": "digits", "model": "mlp"}


def refused(check: Callable[[], object]) -> tuple[Problem, ...]:
    """The problems that a check tells; none if it is content."""
    try:
        check()
    except RecipeError as error:
        return error.problems
    return ()


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(RECIPES, st.booleans())
def test_any_tree_is_a_recipe_or_has_problems(tree: dict[str, Any], usual: bool) -> None:
    problems = refused(lambda: from_tree({**tree, **USUAL} if usual else tree))
    assert all(problem.message for problem in problems)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(RECIPES, st.lists(st.tuples(PATHS, JUNK), max_size=2))
def test_the_problems_of_any_file_and_override_are_located(
    tmp_path_factory: pytest.TempPathFactory,
    tree: dict[str, Any],
    changes: list[tuple[str, Any]],
) -> None:
    path = tmp_path_factory.mktemp("any") / "r.yaml"
    path.write_text(flow({**USUAL, **tree}), encoding="utf-8")
    overrides = [f"{where}={flow(value)}" for where, value in changes]
    problems = refused(lambda: load(path, overrides))
    assert all(problem.place for problem in problems)
    if not problems:
        loaded = load(path, overrides)
        assert from_tree(loaded.tree) == loaded.recipe
