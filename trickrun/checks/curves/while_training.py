"""What looks at a run while it trains: ends it if it is lost, and says at its end what was seen."""

from __future__ import annotations

from collections.abc import Callable

from trickrun.checks.curves.curves_check import read_runs
from trickrun.errors import Lost
from trickrun.findings.evidence.run import EARLY, Look
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves.while_training import first_steps, lost
from trickrun.recipe.schema import Recipe
from trickrun.run.folder import RunFolder
from trickrun.run.sink import Sink
from trickrun.training.events import Event, TrainedSteps

VERSION = 1
"""Of evidence.json in the folder of a training run."""


def read_run(folder: RunFolder) -> list[Finding]:
    """Return what a run shows of itself; its evidence is written to its folder.

    Raises RunFolderError if its files cannot be read or written.
    """
    verdict = read_runs([folder], ())
    folder.write_json(
        "evidence.json",
        {
            "version": VERSION,
            "curves": verdict.series["curves"][0],
            "looks": [line for line in folder.metrics() if line["kind"] == "look"],
        },
    )
    return list(verdict.findings)


def ending_sink(lr: float) -> Sink:
    """Return a sink that raises Lost at the first event that shows that a run is lost.

    Args:
        lr: the recipe's.
    """
    losses: list[float] = []
    looks: list[Look] = []

    def end_if_lost(event: Event) -> None:
        if isinstance(event, Look):
            # Of the first steps, which are all looked at, one says enough.
            if not 0 < event.step < EARLY:
                looks.append(event)
        elif isinstance(event, TrainedSteps):
            losses.extend(event.losses)
            finding = lost(losses, looks, lr)
            if finding is not None:
                raise Lost(f"step {len(losses)}: {finding.why}", finding)

    return end_if_lost


def first_steps_sink(recipe: Recipe, tell: Callable[[Finding], None]) -> Sink:
    """Return a sink that tells, once, why the first steps of a run have ended it already.

    Args:
        tell: told of it, a few steps after the run began.
    """
    losses: list[float] = []
    looks: list[Look] = []
    own_init = recipe.init.kind_name != "auto"

    def look_on(event: Event) -> None:
        if len(looks) == EARLY:
            return
        if isinstance(event, TrainedSteps):
            losses.extend(event.losses)
        elif isinstance(event, Look):
            looks.append(event)
            # A run that goes on from a checkpoint has no first steps.
            if event.step == len(losses) - 1 == EARLY - 1:
                finding = first_steps(losses, looks, recipe.optimizer.lr, own_init)
                if finding is not None:
                    tell(finding)

    return look_on
