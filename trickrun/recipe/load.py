"""Text to checked recipe: the file, its parents, and the overrides of the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from trickrun.data._data import AnyData
from trickrun.errors import REFUSED, TrickrunError, python_refused
from trickrun.models import AnyModel
from trickrun.recipe.consistency import ERRORS, broken
from trickrun.recipe.messages import Complaint, complaints
from trickrun.recipe.patch import (
    ROOT,
    PathError,
    PathStep,
    apply_paths,
    at,
    form_at,
    patch,
    patch_paths,
    steps_of,
)
from trickrun.recipe.python_parts import python_parts
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import expand
from trickrun.recipe.text.locate import SourceLayer, locate
from trickrun.recipe.text.problems import (
    COMMAND_LINE,
    MAX_PROBLEMS,
    Place,
    Problem,
    RecipeError,
    Source,
)
from trickrun.recipe.text.sources import Text, read_chain, read_override


@dataclass(frozen=True)
class Loaded:
    """A checked recipe and what it was made from.

    Args:
        recipe: the checked recipe.
        tree: its canonical tree: plain data, shorthand expanded, defaults left out.
        text: the file as written.
        path: the file.
        layers: where its values were written.
        overrides: the changes that it was read with, each ``path=value``.
    """

    recipe: Recipe
    tree: dict[str, Any]
    text: str
    path: Path
    layers: tuple[SourceLayer, ...] = field(default=(), repr=False)
    overrides: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The recipe's folder: relative paths in the recipe start here."""
        return self.path.parent

    def problem(self, error: TrickrunError) -> Problem:
        """Return an error about a recipe path as a problem at the place where it was written."""
        try:
            steps = steps_of(error.where, self.tree)
        except PathError:
            steps = ()
        if not steps or steps[0] not in Recipe.model_fields:
            message = f"{error.where}: {error.message}" if error.where else error.message
            return Problem(message, hint=error.hint)
        return located(self.layers, Complaint(steps, error.message, error.hint))


def load(path: Path, overrides: Sequence[str] = ()) -> Loaded:
    """Read the recipe at ``path`` changed by ``overrides`` (each ``path=value``).

    Raises RecipeError with every problem of the file, its parents and the overrides.
    """
    problems: list[Problem] = []
    texts = read_chain(path, problems)
    layers, tree = file_layers(texts)
    above, tree = override_layers(overrides, tree, problems)
    layers += above
    tree.setdefault("name", name_of(path))
    recipe, wrong = check(tree)
    unread = {problem.place for problem in problems}
    found = [located(layers, complaint) for complaint in wrong[:MAX_PROBLEMS]]
    # What could not be read has no value, and no fault but that.
    told = [*problems, *(problem for problem in found if problem.place not in unread)]
    if told or recipe is None:
        files = [text.source for text in texts]
        sources = [*files, *(Source(COMMAND_LINE, text) for text in overrides)]
        more = max(0, len(told) - MAX_PROBLEMS) + len(wrong) - len(found)
        raise RecipeError(in_order(told[:MAX_PROBLEMS], sources), more)
    text = texts[-1].source.text
    return Loaded(recipe, tree, text, path, tuple(layers), tuple(overrides))


def from_tree(tree: dict[str, Any]) -> Recipe:
    """Return the checked recipe of a canonical tree, for example one made by ``patch_paths``.

    Raises RecipeError with every problem.
    """
    recipe, wrong = check(tree)
    if wrong or recipe is None:
        raise RecipeError(located([], complaint) for complaint in wrong)
    return recipe


def derive(loaded: Loaded, changes: Mapping[str, Any]) -> Loaded:
    """Return the recipe with ``changes`` (path to value), validated again.

    It is not compiled: a check trains many short runs, which would compile longer than they train.
    """
    plain = {"train.compile": False} if loaded.recipe.train.compile else {}
    tree = patch_paths(loaded.tree, {**plain, **changes})
    return replace(loaded, recipe=from_tree(tree), tree=tree)


def check(tree: dict[str, Any]) -> tuple[Recipe | None, list[Complaint]]:
    """Return the recipe of a canonical tree, if each section is valid, and all that is wrong.

    Where user code is refused, each place that names some is wrong.
    """
    try:
        recipe = Recipe.model_validate(tree)
    except ValidationError as error:
        wrong = complaints(error, tree)
        invalid = {str(complaint.steps[0]) for complaint in wrong}
        return None, [*wrong, *broken(ERRORS, valid_part(tree, invalid), invalid)]
    refused = python_parts(recipe) if python_refused() else ()
    return recipe, [*(Complaint(steps, REFUSED) for steps in refused), *broken(ERRORS, recipe)]


def valid_part(tree: dict[str, Any], invalid: set[str]) -> Recipe:
    """Return the valid sections of a tree as a recipe that has defaults for the others."""
    draft: type[Recipe] = create_model(
        "Draft", __base__=Recipe, data=(AnyData | None, None), model=(AnyModel | None, None)
    )
    return draft.model_validate({k: v for k, v in tree.items() if k not in invalid})


def file_layers(texts: Sequence[Text]) -> tuple[list[SourceLayer], dict[str, Any]]:
    """Return one layer a file, and the canonical tree of all of them."""
    layers: list[SourceLayer] = []
    tree: dict[str, Any] = {}
    for text in texts:
        change = expand(text.value, ROOT, tree, fill=not layers)
        tree = patch(tree, change) if layers else change
        layers.append(SourceLayer(text.source, text.root, (), change))
    return layers, tree


def override_layers(
    overrides: Sequence[str], tree: dict[str, Any], problems: list[Problem]
) -> tuple[list[SourceLayer], dict[str, Any]]:
    """Return one layer an override, in the order of patching, and the changed tree."""
    read = [found for text in overrides if (found := read_override(text, problems))]
    texts = dict(read)
    applied = apply_paths(tree, {path: text.value for path, text in texts.items()})
    for path, error in applied.wrong.items():
        place = texts[path].source.at(0, texts[path].offset - 1)
        problems.append(Problem(error.message, path, place, error.hint))
    layers = [layer_at(texts[path], steps, applied.tree) for path, steps in applied.steps.items()]
    return layers, applied.tree


def layer_at(text: Text, steps: tuple[PathStep, ...], tree: dict[str, Any]) -> SourceLayer:
    """Return the layer of an override at ``steps`` of the changed ``tree``."""
    here: Any = tree
    for step in steps:
        here = at(here, step)
    shape = form_at(steps, tree)
    change = expand(text.value, shape, here)
    return SourceLayer(text.source, text.root, steps, change, shape, text.offset)


def located(layers: Sequence[SourceLayer], complaint: Complaint) -> Problem:
    """Return the problem with the place where its value, or what lacks one, was written."""
    place: Place | None = None
    if complaint.missing:
        place = locate([layer for layer in layers if layer.holds(complaint.steps)], complaint.steps)
        place = place or locate(layers, complaint.steps[:-1], on_key=True)
    else:
        place = locate(layers, complaint.steps, complaint.on_key)
    return Problem(complaint.message, complaint.path, place, complaint.hint)


def in_order(problems: Sequence[Problem], sources: Sequence[Source]) -> list[Problem]:
    """Return the problems in the order of their sources, and of their lines."""

    def rank(problem: Problem) -> tuple[int, int, int]:
        place = problem.place
        if place is None or place.source not in sources:
            return len(sources), 0, 0
        return sources.index(place.source), place.line, place.column

    return sorted(problems, key=rank)


def name_of(path: Path) -> str:
    """Return the recipe name that a file's name stands for."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._") or "recipe"
