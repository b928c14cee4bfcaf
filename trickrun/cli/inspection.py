"""``grad-check`` and ``signal``: a look into the network."""

from __future__ import annotations

from typing import Annotated

import typer

from trickrun.cli.checks import run_check
from trickrun.cli.options import (
    MOST_SAMPLES,
    MOST_STEPS,
    AsJson,
    Debug,
    NoPython,
    Overrides,
    RecipePath,
    RunsDir,
)
from trickrun.cli.output import Answer, answer, import_torch


def grad_check(
    recipe: RecipePath,
    overrides: Overrides = None,
    samples: Annotated[
        int, typer.Option(min=2, max=MOST_SAMPLES, help="Training samples to look at.")
    ] = 3,
    coordinates: Annotated[
        int, typer.Option(min=1, max=MOST_SAMPLES, help="Entries of each parameter.")
    ] = 10,
    h: Annotated[float, typer.Option(min=1e-10, max=1e-2, help="Step of the differences.")] = 1e-5,
    h_sweep: Annotated[
        bool, typer.Option("--h-sweep", help="Plot the error against the step size.")
    ] = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare gradients with centred differences in float64; find losses that mix samples.

    Example: trickrun grad-check recipes/digits.yaml --h-sweep
    """

    def work() -> Answer:
        import_torch()
        from trickrun.checks.grad_check.gradient_check import grad_check as check
        from trickrun.reporting.grad_check import pictures, print_grad_check

        return run_check(
            recipe,
            overrides or [],
            runs_dir,
            lambda subject, pace: check(subject, samples, coordinates, h, h_sweep, pace),
            print_grad_check,
            pictures,
        )

    answer("grad-check", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def signal(
    recipe: RecipePath,
    overrides: Overrides = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_STEPS, help="Training steps to take.", show_default="a few epochs"
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=2, max=MOST_SAMPLES, help="Most samples of each look.")
    ] = 5000,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Look at each layer's activations, gradients and updates, before and while training.

    Example: trickrun signal recipes/digits.yaml model.activation=tanh
    """

    def work() -> Answer:
        import_torch()
        from trickrun.checks.signal.signal_check import signal as check
        from trickrun.reporting.signal import print_signal
        from trickrun.reporting.signal_pictures import pictures

        return run_check(
            recipe,
            overrides or [],
            runs_dir,
            lambda subject, pace: check(subject, steps, samples, pace),
            print_signal,
            pictures,
        )

    answer("signal", as_json, debug, work, recipe, no_python, overrides, runs_dir)
