"""The commands of ``trickrun``: where each is found, and the application made of them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from trickrun import __version__
from trickrun.errors import USAGE

RECIPES, TRAINING, CHECKLIST = "Recipes", "Training", "The checklist"
INSIDE, MACHINE = "A look inside", "This machine"
"""The headings in ``trickrun --help``."""


@dataclass(frozen=True)
class Command:
    """A command, or a group of them.

    Args:
        name: what people type.
        module: the module of trickrun.cli that has it.
        attribute: its function there, or the typer application of a group.
        heading: where ``--help`` lists it.
        runs_script: whether what follows its first argument is another program's.
    """

    name: str
    module: str
    attribute: str
    heading: str
    runs_script: bool = False


COMMANDS = (
    Command("new", "recipes", "new", RECIPES),
    Command("validate", "recipes", "validate", RECIPES),
    Command("show", "recipes", "show", RECIPES),
    Command("schema", "recipes", "schema", RECIPES),
    Command("tricks", "tricks", "tricks", RECIPES),
    Command("recipes", "shipped_recipes", "recipes", RECIPES),
    Command("train", "training", "train", TRAINING),
    Command("eval", "scoring", "evaluate", TRAINING),
    Command("predict", "scoring", "predict", TRAINING),
    Command("runs", "runs", "runs", TRAINING),
    Command("compare", "comparison", "compare", TRAINING),
    Command("seeds", "comparison", "seeds", TRAINING),
    Command("ablate", "comparison", "ablate", TRAINING),
    Command("report", "report", "report", TRAINING),
    Command("export", "export", "export", TRAINING),
    Command("track", "track", "track", TRAINING),
    Command("checklist", "checklist", "checklist", CHECKLIST),
    Command("initial-loss", "checks", "initial_loss", CHECKLIST),
    Command("overfit-batch", "checks", "overfit_batch", CHECKLIST),
    Command("lr-find", "lr_find", "lr_find", CHECKLIST),
    Command("grid", "grid", "app", CHECKLIST),
    Command("curves", "curves", "curves", CHECKLIST),
    Command("watch", "watch", "watch", INSIDE, runs_script=True),
    Command("diagnose", "diagnose", "diagnose", INSIDE),
    Command("grad-check", "inspection", "grad_check", INSIDE),
    Command("signal", "inspection", "signal", INSIDE),
    Command("doctor", "doctor", "doctor", MACHINE),
)
"""All commands, in the order in which ``--help`` lists them."""


class CommandsInOrder(typer.core.TyperGroup):
    """Lists the commands in the order of ``COMMANDS``; typer would list groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        known = super().list_commands(ctx)
        return [command.name for command in COMMANDS if command.name in known]


def application(only: str | None = None) -> typer.Typer:
    """Return the application.

    Args:
        only: the name of the one command that is wanted: the others are then not imported. Any
            other word, or None: all commands.
    """
    app = typer.Typer(
        name="trickrun",
        cls=CommandsInOrder,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(options)
    for command in [c for c in COMMANDS if c.name == only] or COMMANDS:
        found = getattr(
            importlib.import_module(f"trickrun.cli.{command.module}"), command.attribute
        )
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=command.name, rich_help_panel=command.heading)
        else:
            app.command(
                command.name,
                rich_help_panel=command.heading,
                context_settings={"allow_interspersed_args": not command.runs_script},
            )(found)
    return app


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"trickrun {__version__}")
        raise typer.Exit


def options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Declare a training recipe; run the checklist; learn why a network does not train.

    Begin with: trickrun new my-recipe, or trickrun train recipes/digits.yaml
    """
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(USAGE)
