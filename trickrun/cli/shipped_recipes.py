"""``recipes``: list the recipes that trickrun brings along, and copy one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Debug
from trickrun.cli.output import Answer, answer

recipes = typer.Typer(help="List the recipes that come with trickrun; copy one to begin with.")


@recipes.callback(invoke_without_command=True)
def list_recipes(context: typer.Context, as_json: AsJson = False, debug: Debug = False) -> None:
    """List the recipes that come with trickrun; copy one to begin with.

    Example: trickrun recipes
    """
    if context.invoked_subcommand is None:
        answer("recipes", as_json, debug, list_shipped)
    if as_json or debug:
        raise typer.BadParameter(f"options come after {context.invoked_subcommand}")


def list_shipped() -> Answer:
    """Print the recipes that trickrun brings along."""
    from trickrun.recipe.shipped import recipes_folder, shipped_recipes
    from trickrun.reporting.shipped_recipes import print_recipes

    found = shipped_recipes(recipes_folder())
    print_recipes(found)
    return Answer("pass", {"recipes": [recipe.as_json() for recipe in found]})


@recipes.command()
def copy(
    name: Annotated[
        str, typer.Argument(help="A recipe that trickrun recipes lists.", show_default=False)
    ],
    folder: Annotated[
        Path, typer.Argument(help="Where to; it is made if there is none.", show_default="here")
    ] = Path(),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Copy a recipe, with the data and the code that it names, into a folder.

    No file that is there already is written over.

    Example: trickrun recipes copy fruit my-recipes
    """
    answer("recipes copy", as_json, debug, lambda: copy_shipped(name, folder))


def copy_shipped(name: str, folder: Path) -> Answer:
    """Copy a recipe, and say what was written."""
    from trickrun.recipe.shipped import copy, named, recipes_folder, shipped_recipes
    from trickrun.reporting.shipped_recipes import print_copied

    source = recipes_folder()
    recipe = named(name, shipped_recipes(source))
    written = copy(recipe, source, folder)
    path = folder / recipe.files[0]
    print_copied(recipe, written, path)
    result = {
        "path": str(path),
        "written": [str(file) for file in written],
        "needs": list(recipe.needs),
    }
    return Answer("pass", result, str(path))
