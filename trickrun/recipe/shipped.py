"""The recipes that trickrun brings along: found, described, and copied with what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.errors import TrickrunError
from trickrun.recipe.load import Loaded, load
from trickrun.recipe.text.problems import did_you_mean
from trickrun.user_code import file_beside

PACKAGE = Path(__file__).parents[1]

PATTERNS = ("*.yaml", "broken/*.yaml")
"""What of the recipes' folder is shipped: recipes/claims/ belongs to a measurement."""


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe that trickrun brings along.

    Args:
        name: its path below the recipes' folder, without its ending.
        about: what it is, in one sentence.
        data: its kind of data.
        needs: what must be there that is not copied, each as people would say it.
        files: what it is made of, relative to the recipes' folder: itself first.
    """

    name: str
    about: str
    data: str
    needs: tuple[str, ...]
    files: tuple[Path, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "about": self.about,
            "data": self.data,
            "needs": list(self.needs),
            "files": [file.as_posix() for file in self.files],
        }


def recipes_folder() -> Path:
    """Return where the recipes are: inside an installed package, beside the package in a clone."""
    inside = PACKAGE / "_recipes"
    return inside if inside.is_dir() else PACKAGE.parent / "recipes"


def shipped_recipes(folder: Path) -> list[ShippedRecipe]:
    """Return the recipes in ``folder``, those that train first.

    Raises TrickrunError if there are none.
    """
    paths = [path for pattern in PATTERNS for path in sorted(folder.glob(pattern))]
    if not paths:
        raise TrickrunError("there are no recipes", str(folder), "install trickrun again")
    return [described(path, folder) for path in paths]


def described(path: Path, folder: Path) -> ShippedRecipe:
    """Return what there is to know of the recipe at ``path``."""
    loaded = load(path)
    return ShippedRecipe(
        name=path.relative_to(folder).with_suffix("").as_posix(),
        about=first_sentence(loaded.text),
        data=str(loaded.tree["data"]["kind"]),
        needs=tuple(needed(loaded)),
        files=tuple(made_of(loaded, folder)),
    )


def first_sentence(text: str) -> str:
    """Return the first sentence of the comment that a recipe begins with."""
    lines = re.match(r"(?:#.*\n)*", text)
    comment = " ".join(line.lstrip("# ") for line in (lines[0] if lines else "").splitlines())
    sentence = re.match(r'(?:[^".?]|"[^"]*"|[.?](?! ))*[.?]?', comment)
    return sentence[0] if sentence else comment


def needed(loaded: Loaded) -> Iterator[str]:
    """Yield what a recipe needs that is not part of trickrun."""
    recipe = loaded.recipe
    if recipe.data.places:
        kind = loaded.tree["data"]["kind"]
        yield f"the files of {kind} (see trickrun tricks {kind})"
    if loaded.tree["model"]["kind"] == "pretrained":
        yield "pip install 'trickrun[pretrained]'"


def made_of(loaded: Loaded, folder: Path) -> Iterator[Path]:
    """Yield the files that a recipe is made of, relative to ``folder``: itself, what it extends,
    its data, and the Python code beside it."""
    files = [loaded.path]
    files += [Path(layer.source.name) for layer in loaded.layers]
    data = getattr(loaded.recipe.data, "path", None)
    if data is not None:
        files += files_of(loaded.folder / data)
    for target in targets(loaded.tree):
        code = file_beside(target.partition(":")[0], loaded.folder)
        files += [] if code is None else [code]
    yield from dict.fromkeys(file.resolve().relative_to(folder.resolve()) for file in files)


def files_of(path: Path) -> list[Path]:
    """Return a file, or all files in a folder."""
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def targets(value: Any) -> Iterator[str]:
    """Yield the texts under ``target`` in a recipe's tree; some of them name Python code."""
    if isinstance(value, dict):
        if isinstance(value.get("target"), str):
            yield value["target"]
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from targets(entry)


def named(name: str, known: list[ShippedRecipe]) -> ShippedRecipe:
    """Return the recipe of this name; of one in a subfolder the last part is enough.

    Raises TrickrunError if there is none.
    """
    wanted = name.removeprefix("recipes/").removesuffix(".yaml")
    for recipe in known:
        if wanted in (recipe.name, recipe.name.rpartition("/")[2]):
            return recipe
    hint = did_you_mean(wanted, [recipe.name for recipe in known])
    raise TrickrunError(
        "there is no such recipe", name, hint or "trickrun recipes lists those that there are"
    )


def copy(recipe: ShippedRecipe, source: Path, folder: Path) -> list[Path]:
    """Copy the recipe and what it is made of from ``source`` into ``folder``, which may be new;
    return the files that were written. A file that is there already with the same content stays.

    Raises TrickrunError, before anything is written, if another file has one of their names; and
    if one cannot be written.
    """
    pairs = [(source / file, folder / file) for file in recipe.files]
    contents = {to: of.read_bytes() for of, to in pairs if not is_copy(to, of)}
    for path in contents:
        if path.exists() or path.is_symlink():
            hint = "rename it, or choose another folder"
            raise TrickrunError("this file exists already", str(path), hint)
    for path, content in contents.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        except OSError as error:
            raise TrickrunError(error.strerror or "cannot be written", str(path)) from None
    return list(contents)


def is_copy(path: Path, original: Path) -> bool:
    """Whether a file has the content of another one."""
    return path.is_file() and path.read_bytes() == original.read_bytes()
