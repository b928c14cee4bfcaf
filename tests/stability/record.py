"""What is promised not to change, as lines: ``python tests/stability/record.py`` adds to them.

A line that is recorded is a promise (docs/stability.md). It is recorded when a version is released,
and is not removed within a major version.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import trickrun
from trickrun.recipe.catalogue import walk

HERE = Path(__file__).parent
RECIPE, PYTHON = HERE / "recipe_1.txt", HERE / "python_api.txt"

OPTIONAL = {"LightningWatch", "TransformersWatch"}
"""Names that need another package."""

NAMED = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
"""Parameters whose names a call may use."""


def recipe_lines() -> Iterator[str]:
    """Yield a line for each parameter that a recipe may have: its section, kind and name."""
    for place in walk():
        where = place.path if place.kind is None else f"{place.path} {place.kind}"
        yield from (f"{where}: {name}" for name in place.params.model_fields)


def python_lines() -> Iterator[str]:
    """Yield a line for each public name, each parameter of a function, and each attribute of a
    class; trickrun itself makes the objects of its classes."""
    for name in trickrun.__all__:
        if name in OPTIONAL:
            continue
        value = getattr(trickrun, name)
        yield name
        if inspect.isclass(value):
            found = {*vars(value), *getattr(value, "__dataclass_fields__", ())}
            yield from (f"{name}.{each}" for each in sorted(found) if not each.startswith("_"))
            continue
        parameters = inspect.signature(value).parameters.values()
        yield from (f"{name}({each.name})" for each in parameters if each.kind in NAMED)


def recorded(file: Path) -> list[str]:
    """Return the lines of a file."""
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


if __name__ == "__main__":
    for file, lines in ((RECIPE, recipe_lines()), (PYTHON, python_lines())):
        whole = sorted({*recorded(file), *lines})
        file.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
