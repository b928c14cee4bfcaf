"""``trickrun new``: asks for what a starter recipe needs, and writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from trickrun.errors import TrickrunError
from trickrun.recipe.load import load, name_of
from trickrun.recipe.starter import known_kinds, required, starter
from trickrun.recipe.text.edit import edit_text
from trickrun.recipe.text.emit import scalar
from trickrun.recipe.text.problems import Problem, RecipeError
from trickrun.recipe.text.sources import read_override

Prompt = Callable[[str, str], str]
"""From a question and its default to the answer."""

FIRST = {"data": "digits", "model": "mlp"}
"""What is proposed where nothing is given."""


def ask(kinds: dict[str, str], overrides: Sequence[str], prompt: Prompt) -> list[str]:
    """Ask for the kinds that ``kinds`` lacks, add them, and return further overrides.

    Args:
        overrides: what is given already, each ``path=value``.
    """
    for section, first in FIRST.items():
        while kinds.get(section) not in known_kinds(section):
            kinds[section] = prompt(f"{section} ({', '.join(known_kinds(section))})", first)
    given = {override.partition("=")[0] for override in overrides}
    return [
        f"{section}.{name}={scalar(prompt(f'{section}.{name}', str(example)))}"
        for section in FIRST
        for name, example in required(section, kinds[section]).items()
        if f"{section}.{name}" not in given
    ]


def new_recipe(name: str, kinds: dict[str, str], overrides: Sequence[str]) -> Path:
    """Write a starter recipe and return its path.

    Args:
        name: the recipe's name, which is also the file's, or a path that ends in .yaml.
        kinds: section to kind.
        overrides: what is changed of the starter, each ``path=value``.

    Raises:
        RecipeError: a kind or a changed value is wrong.
        TrickrunError: the file exists, its folder does not, or data or model is not given.
    """
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    for section in FIRST:
        if section not in kinds:
            known = ", ".join(known_kinds(section))
            raise TrickrunError(f"which {section}?", hint=f"give --{section}: {known}")
    problems: list[Problem] = []
    read = [found for text in overrides if (found := read_override(text, problems))]
    if problems:
        raise RecipeError(problems)
    text = starter(name_of(path), str(path), kinds)
    text = edit_text(text, {where: value.value for where, value in read})
    return _written(path, text)


def _written(path: Path, text: str) -> Path:
    """Write a file that does not exist yet, and leave none if the recipe in it is not valid."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise TrickrunError("this file exists already", str(path), "choose another name") from None
    except OSError as error:
        raise TrickrunError(error.strerror or "cannot be written", str(path)) from None
    try:
        load(path)
    except RecipeError:
        path.unlink()
        raise
    return path
