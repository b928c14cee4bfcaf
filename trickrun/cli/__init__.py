"""The command line: each command parses, calls one function, and prints."""

from __future__ import annotations

import typer

from trickrun import __version__
from trickrun.cli.training import train

app = typer.Typer(
    name="trickrun",
    help="Declare a training recipe; run the checklist; learn why a network does not train.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"trickrun {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Declare a training recipe; run the checklist; learn why a network does not train."""


app.command()(train)


def main() -> None:
    """Run the command line."""
    app()
