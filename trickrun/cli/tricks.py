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
            help="A trick (adam, or init.auto where a name is not enough) or a section.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the tricks, or tell all about one: formula, when to use it, defaults, source.

    Example: trickrun tricks adam
    """
    answer("tricks", as_json, debug, lambda: show_tricks(name, as_json))


def show_tricks(name: str | None, as_json: bool) -> Answer:
    """Print the catalogue, a section of it, or one trick's page."""
    from trickrun.catalogue import catalogue, select

    whole = catalogue()
    chosen = whole if name is None else select(whole, name)
    if not as_json:
        from trickrun.report.tricks import print_page, print_table

        if name is not None and len(chosen) == 1:
            print_page(chosen[0])
        else:
            print_table(chosen, whole)
    return Answer("pass", {"tricks": [entry.as_json() for entry in chosen]})
