"""The command line: each command parses, calls one function, and prints."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Any

import typer

from trickrun import __version__
from trickrun.cli import grid
from trickrun.cli.checklist import checklist
from trickrun.cli.checks import initial_loss, overfit_batch
from trickrun.cli.curves import curves
from trickrun.cli.diagnose import diagnose
from trickrun.cli.doctor import doctor
from trickrun.cli.inspection import grad_check, signal
from trickrun.cli.lr_find import lr_find
from trickrun.cli.output import answer_failure
from trickrun.cli.recipes import new, schema, show, validate
from trickrun.cli.runs import runs
from trickrun.cli.scoring import evaluate, predict
from trickrun.cli.training import train
from trickrun.cli.tricks import tricks
from trickrun.errors import USAGE
from trickrun.training.garbage import collect_rarely
from trickrun.training.without_dynamo import in_own_process

RECIPES, TRAINING, CHECKLIST = "Recipes", "Training", "The checklist"
INSIDE, MACHINE = "A look inside", "This machine"
"""The headings in ``trickrun --help``."""

STEPS = ("checklist", "initial-loss", "overfit-batch", "lr-find", "grid", "curves")
LAST = (*STEPS, "diagnose", "grad-check", "signal", "doctor")


class CommandsInOrder(typer.core.TyperGroup):
    """Lists the steps of the checklist in their order; typer would list groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return [name for name in names if name not in LAST] + [s for s in LAST if s in names]


app = typer.Typer(
    name="trickrun",
    cls=CommandsInOrder,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"trickrun {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
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


app.command(rich_help_panel=RECIPES)(new)
app.command(rich_help_panel=RECIPES)(validate)
app.command(rich_help_panel=RECIPES)(show)
app.command(rich_help_panel=RECIPES)(schema)
app.command(rich_help_panel=RECIPES)(tricks)
app.command(rich_help_panel=TRAINING)(train)
app.command("eval", rich_help_panel=TRAINING)(evaluate)
app.command(rich_help_panel=TRAINING)(predict)
app.add_typer(runs, name="runs", rich_help_panel=TRAINING)
app.command(rich_help_panel=CHECKLIST)(checklist)
app.command("initial-loss", rich_help_panel=CHECKLIST)(initial_loss)
app.command("overfit-batch", rich_help_panel=CHECKLIST)(overfit_batch)
app.command("lr-find", rich_help_panel=CHECKLIST)(lr_find)
app.add_typer(grid.app, name="grid", rich_help_panel=CHECKLIST)
app.command(rich_help_panel=CHECKLIST)(curves)
app.command(rich_help_panel=INSIDE)(diagnose)
app.command("grad-check", rich_help_panel=INSIDE)(grad_check)
app.command(rich_help_panel=INSIDE)(signal)
app.command(rich_help_panel=MACHINE)(doctor)


def threads_wait_briefly() -> None:
    """Let threads that wait for work spin for some tens of microseconds, then sleep.

    It must be said before torch is imported. Sleeping at once doubles the time of a step of a
    784-256-128-10 network on two threads; OpenMP's own milliseconds of spinning make small steps
    100 times slower where other programs use the cores as well.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")


def refuse_windows() -> None:
    """Exit on Windows, which lacks the locks of run folders (fcntl)."""
    if sys.platform == "win32":
        print("error: trickrun needs Linux or macOS; on Windows, run it in WSL", file=sys.stderr)
        sys.exit(USAGE)


def main() -> None:
    """Run the command line."""
    refuse_windows()
    threads_wait_briefly()
    collect_rarely()
    in_own_process()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets "?" in its place.
            stream.reconfigure(errors="replace")
    try:
        sys.exit(app(standalone_mode=False))
    except Exception as error:
        answer_failure(error, as_json="--json" in sys.argv)
