"""The list of the recipes that trickrun brings along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from trickrun.recipe.shipped import ShippedRecipe
from trickrun.reporting.console import Text, terminal
from trickrun.reporting.visible import in_line


def print_recipes(recipes: Sequence[ShippedRecipe]) -> None:
    """Print one line a recipe."""
    console = terminal()
    width = max(len(recipe.name) for recipe in recipes)
    if not console.is_terminal:
        for recipe in recipes:
            print(f"{recipe.name:<{width}}  {told(recipe)}")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=width, no_wrap=True, style="cyan")
    table.add_column()
    for recipe in recipes:
        table.add_row(recipe.name, Text(told(recipe)))
    console.print(table)
    console.print(Text("trickrun recipes copy NAME copies one, with its data.", "dim"))


def told(recipe: ShippedRecipe) -> str:
    """Return what a recipe is, and what it needs."""
    return f"{recipe.about} Needs {' and '.join(recipe.needs)}." if recipe.needs else recipe.about


def print_copied(recipe: ShippedRecipe, written: Sequence[Path], path: Path) -> None:
    """Say which files were written for the recipe, which is now at ``path``."""
    for file in written:
        print(in_line(f"wrote {file}"))
    if not written:
        print(in_line(f"{path} is there already, unchanged"))
    for need in recipe.needs:
        print(f"it needs {need}")
