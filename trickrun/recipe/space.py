"""Whether a grid's space leads anywhere: its paths exist, and the recipe is valid at its ends."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from pydantic import ValidationError

from trickrun.findings.finding import changes_loss
from trickrun.recipe.describe import given
from trickrun.recipe.dump import resolved
from trickrun.recipe.grid import Range, Search
from trickrun.recipe.messages import Complaint, complaints
from trickrun.recipe.patch import ROOT, PathError, PathStep, patch_paths, steps_of
from trickrun.recipe.schema import Recipe
from trickrun.recipe.shape import Free, Items, Kinds, Section, Shape, members
from trickrun.recipe.text.problems import did_you_mean
from trickrun.tricks.metrics._usual import USUAL

MOST_POINTS = 10_000
"""Trials of a search: as many as its ``trials`` may be."""

NOT_SEARCHED = {
    "recipe_version": "it names the language",
    "name": "it names the run",
    "grid": "it is the search itself",
    "expect": "it is a gate, not a part of the training",
    "train.epochs": "the search's own epochs say how long a trial trains",
    "train.steps": "the search's own epochs say how long a trial trains",
}


def searches(recipe: Recipe) -> Iterator[tuple[tuple[PathStep, ...], dict[str, Range]]]:
    """Yield where each space of the recipe stands, and the space."""
    if recipe.grid is None:
        return
    named: tuple[tuple[str, Search], ...] = (
        ("coarse", recipe.grid.coarse),
        ("fine", recipe.grid.fine),
    )
    for name, search in named:
        if search.space:
            yield ("grid", name, "space"), search.space


def paths_exist(recipe: Recipe) -> Iterator[Complaint]:
    """Every path of a space is one of the recipe language."""
    for where, space in searches(recipe):
        for path in space:
            steps = (*where, path)
            reason = NOT_SEARCHED.get(path) or NOT_SEARCHED.get(path.partition(".")[0])
            if reason:
                yield Complaint(steps, f"{path} cannot be searched: {reason}", on_key=True)
                continue
            wrong = dead_end(path)
            if wrong is not None:
                yield Complaint(steps, f"there is no recipe path {path!r}", wrong, on_key=True)


def dead_end(path: str) -> str | None:
    """Return None if some kind has the path, else a hint at the first word that leads nowhere."""
    shapes: list[Shape] = [ROOT]
    gone: list[str] = []
    for word in path.split("."):
        if any(isinstance(shape, Free) for shape in shapes):
            return None
        below = _below(shapes)
        shapes = below.get("0" if word.isdecimal() else word, [])
        if not shapes:
            hint = did_you_mean(word, [name for name in below if name != "0"])
            return hint or f"{'.'.join(gone)} has no parts"
        gone.append(word)
    return None


def _below(shapes: list[Shape]) -> dict[str, list[Shape]]:
    """Return what may stand below any of ``shapes``; "0" stands for a list's elements."""
    found: dict[str, list[Shape]] = {}
    for shape in shapes:
        match shape:
            case Section(params):
                classes = [params]
            case Kinds(kinds):
                classes = list(kinds.all().values())
            case Items(inner):
                found.setdefault("0", []).append(inner)
                continue
            case _:
                continue
        for params in classes:
            for name, member in members(params).items():
                found.setdefault(name, []).append(member.shape)
    return found


def comparable(recipe: Recipe) -> Iterator[Complaint]:
    """No trials are ranked by their losses where a search changes what the loss is."""
    metric = recipe.grid.metric if recipe.grid else ""
    if metric.removeprefix("val_").removeprefix("train_") != "loss":
        return
    others = [f"val_{name}" for name in measured(recipe)]
    for where, space in searches(recipe):
        for path in space:
            if changes_loss({path: None}):
                yield Complaint(
                    (*where, path),
                    f"trials with different values of {path} cannot be ranked by their {metric}",
                    f"set grid.metric to {' or '.join(others) or 'one of the metrics'}",
                    on_key=True,
                )


def measured(recipe: Recipe) -> list[str]:
    """Return the names of the metrics that evaluations record, as far as the text tells."""
    if recipe.metrics is not None:
        return [metric.name for metric in recipe.metrics]
    # Of a recipe that is not valid, the data may be missing.
    data = recipe.data
    said = None if data is None else data.task_kind or getattr(data, "task", None)
    tasks = [said] if said in USUAL else ["classification", "regression"]
    return [name for task in tasks for name in USUAL[task]]


def few_points(recipe: Recipe) -> Iterator[Complaint]:
    """A search over all combinations has a number of them that can be listed, and trained."""
    if recipe.grid is None:
        return
    for where, space in searches(recipe):
        if getattr(recipe.grid, str(where[1])).sampler != "grid":
            continue
        sizes = [len(values.choice) if values.choice else 2 for values in space.values()]
        if (points := prod(sizes)) > MOST_POINTS:
            yield Complaint(
                where,
                f"sampler: grid takes {given(points)} combinations of these values or more, but at "
                f"most {MOST_POINTS} can be searched",
                "list fewer values, or set sampler: random",
                on_key=True,
            )


def values_fit(recipe: Recipe) -> Iterator[Complaint]:
    """The recipe is valid with each listed value, and with both ends of each range."""
    tree = resolved(recipe)
    for where, space in searches(recipe):
        for path, values in space.items():
            # Below a section that is searched too, what is valid depends on the other draw.
            if dead_end(path) is None and not any(path.startswith(f"{other}.") for other in space):
                yield from _ends_fit(tree, (*where, path), path, values)


def _ends_fit(
    tree: dict[str, Any], where: tuple[PathStep, ...], path: str, values: Range
) -> Iterator[Complaint]:
    form = values.taken[0]
    for index, value in enumerate(getattr(values, form)):
        place = (*where, form, index)
        try:
            Recipe.model_validate(patch_paths(tree, {path: value}))
        except PathError as error:
            yield Complaint(where, error.message, error.hint, on_key=True)
            return
        except ValidationError as error:
            inside = len(steps_of(path, tree))
            for wrong in complaints(error, patch_paths(tree, {path: value})):
                hint = wrong.hint
                if form != "int" and "a whole number" in wrong.message:
                    hint = "write int: [low, high], or a list of values"
                yield Complaint((*place, *wrong.steps[inside:]), wrong.message, hint)
