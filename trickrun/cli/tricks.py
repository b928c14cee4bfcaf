"""``tricks``: the catalogue of everything that a recipe can choose."""

from __future__ import annotations

from typing import Annotated

import typer

from trickrun.cli.options import AsJson, Debug
from trickrun.cli.output import Answer, answer


def tricks(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A trick (adam; loss.mae where a name is not unique), section or parameter.",
            show_default=False,
        ),
    ] = None,
    section: Annotated[
        str | None,
        typer.Option(help="Only tricks of this section, e.g. optimizer.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the tricks, or tell all about one: formula, when to use it, defaults, source.

    Example: trickrun tricks adam
    """
    answer("tricks", as_json, debug, lambda: show_tricks(name, section, as_json))


def show_tricks(name: str | None, section: str | None, as_json: bool) -> Answer:
    """Print the catalogue, a part of it, or the page of each trick that has the name."""
    from trickrun.recipe.catalogue import catalogue
    from trickrun.recipe.lookup import Found, in_section, look_up

    whole = catalogue()
    if name is not None:
        found = look_up(whole, name, section)
    else:
        found = Found("section", whole if section is None else in_section(whole, section))
    if not as_json:
        from trickrun.reporting.tricks import print_page, print_table, print_takers

        if found.by == "section":
            print_table(found.entries, whole)
        elif found.by == "parameter":
            print_takers(found.entries, whole, str(name))
        else:
            for entry in found.entries:
                print_page(entry)
    return Answer("pass", {"tricks": [entry.as_json() for entry in found.entries]})
