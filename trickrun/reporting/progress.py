"""The terminal while work goes on: bars for people, plain lines in a pipe, curves at the end."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from trickrun.findings.words import counted
from trickrun.reporting.console import number, say, terminal
from trickrun.reporting.terminal_plot import Series, plot
from trickrun.reporting.visible import in_line
from trickrun.reporting.width import in_width
from trickrun.run.execute import Outcome
from trickrun.run.folder import RunFolder
from trickrun.training.events import Evaluation, Event, TrainedSteps
from trickrun.training.job import Job, RecipeJob

WIDE_RANGE = 50.0
"""Losses that span a larger factor are drawn on a logarithmic axis."""


def loss_curves(records: Sequence[dict[str, Any]], width: int) -> list[str]:
    """Return the plot of training and validation loss over epochs; nothing of one evaluation.

    Args:
        records: the lines of metrics.jsonl.
        width: characters of a line.
    """
    evaluations = [record for record in records if record["kind"] == "epoch"]
    if len(evaluations) < 2:
        return []
    series = []
    for name in ("train_loss", "val_loss"):
        known = [e for e in evaluations if e.get(name) is not None]
        if known:
            epochs = [float(e["epoch"]) for e in known]
            series.append(Series(name, epochs, [float(e[name]) for e in known]))
    losses = [loss for one in series for loss in one.y]
    log = bool(losses) and min(losses) > 0 and max(losses) > WIDE_RANGE * min(losses)
    label = "loss (logarithmic)" if log else "loss"
    return [plot(series, "loss curves", "epoch", label, log_y=log, width=width)]


BEST = "  best"
"""The end of the line of an evaluation that is the best so far."""

MOST_LINES = 40
"""Evaluations of a run that are told; of more, every second, third, …"""

SILENCE = 10.0
"""Seconds after which an evaluation is told in any case."""


def announce(job: RecipeJob, folder: RunFolder) -> None:
    """Print what is about to be trained."""
    parameters = sum(p.numel() for p in job.model.parameters())
    data = job.data
    samples = f"{len(data.train)} training samples"
    for name, part in (("validation", data.val), ("test", data.test)):
        samples += f", {len(part)} {name}" if part is not None else ""
    console = terminal()
    say(
        console, f"{in_line(job.recipe.name)}: {parameters:,} parameters on {job.device}; {samples}"
    )
    if data.scaler.constant:
        say(console, constant_features(data.scaler.constant, data.task.features))
    print(f"run: {in_line(str(folder.path))}", flush=True)


def constant_features(places: tuple[int, ...], names: tuple[str, ...]) -> str:
    """Return a line that says which features do not vary in the training split.

    Args:
        places: their indices.
        names: the features' names, if the data has them.
    """
    shown = [in_line(names[i]) if names else str(i) for i in places[:8]]
    more = f" and {len(places) - 8} more" if len(places) > 8 else ""
    plural = "s" if len(places) > 1 else ""
    return f"constant in training, so not scaled: feature{plural} {', '.join(shown)}{more}"


@contextmanager
def progress_sink(job: Job) -> Iterator[Callable[[Event], None]]:
    """Yield the sink that shows a run's events."""
    console = terminal()
    tell = teller(job, console)
    if not console.is_terminal:
        yield tell
        return
    with training_bar(console) as shown:
        move = bar_mover(job, shown)

        def both(event: Event) -> None:
            move(event)
            tell(event)

        yield both


def training_bar(console: Console) -> Progress:
    """Return the progress bar, not yet started."""
    columns = (
        # The bar moves when losses come in, which a slow network brings seldom.
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[shown]}  ETA"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def bar_mover(job: Job, shown: Progress) -> Callable[[Event], None]:
    """Return the sink that moves the bar."""
    task = shown.add_task("training", total=job.span.steps, shown="")

    def move(event: Event) -> None:
        if isinstance(event, TrainedSteps):
            speed = event.samples / max(event.seconds, 1e-9)
            text = f"loss {number(event.mean_loss)}  {speed:,.0f} samples/s"
            done = event.first + len(event.losses) - 1
            shown.update(task, completed=done, shown=text)

    return move


def teller(job: Job, console: Console) -> Callable[[Event], None]:
    """Return the sink that prints a line for each evaluation; of very many, at even distances."""
    every = job.eval_every
    stride = math.ceil(job.span.steps / every / MOST_LINES)
    epochs = f"{job.span.steps / job.span.per_epoch:g}"
    last = time.monotonic()

    def tell(event: Event) -> None:
        nonlocal last
        if not isinstance(event, Evaluation):
            return
        step = round(event.values["step"])
        due = step // every % stride == 0 or time.monotonic() - last >= SILENCE
        if due or step == job.span.steps:
            last = time.monotonic()
            width = console.width if console.is_terminal else None
            console.print(evaluation_line(event, epochs, width), soft_wrap=True)
            console.file.flush()

    return tell


def evaluation_line(event: Evaluation, epochs: str, width: int | None = None) -> str:
    """Return one line for an evaluation, which says whether it is the best so far.

    Args:
        epochs: the run's length.
        width: characters that there is room for: the learning rate and further metrics give way.
    """
    values = event.values
    parts = [f"epoch {values['epoch']:>{len(epochs)}.4g}/{epochs}"]
    parts += [
        f"{name} {number(value):<6}"
        for name, value in values.items()
        if name not in ("epoch", "step", "lr")
    ]
    parts.append(f"lr {values['lr']:.2e}")
    end = BEST if event.improved else ""
    while width is not None and len(parts) > 2 and len("  ".join(parts) + BEST) > width:
        parts.pop()
    return "  ".join(parts) + end


def print_outcome(outcome: Outcome) -> None:
    """Print how a run ended; on a terminal its loss curves too."""
    console = terminal()
    if console.is_terminal:
        for curve in loss_curves(outcome.folder.metrics(), min(console.width, 100)):
            console.print(curve, soft_wrap=True)
    result = outcome.result
    epochs = "epoch" if result["epochs"] == 1 else "epochs"
    say(
        console,
        f"stopped by {result['stopped_by']} after {result['epochs']:.4g} {epochs} "
        f"({counted(result['steps'], 'step')}, {result['samples_per_second']:,.0f} samples/s)",
    )
    if result["best"]:
        best = result["best"]
        values = {k: v for k, v in best.items() if k not in ("epoch", "step", "lr")}
        say(console, f"best: epoch {best['epoch']:.4g}  {pairs(values)}")
    if result["test"]:
        say(console, f"test: {pairs(result['test'])}")
    for miss in outcome.missed:
        print(in_width(f"expectation missed: {miss}", sys.stderr), file=sys.stderr)
    if outcome.interrupted:
        print(f"interrupted; continue with: trickrun train --resume {outcome.folder.path}")


def pairs(values: dict[str, float]) -> str:
    """Return ``name value`` of each."""
    return "  ".join(f"{name} {number(value)}" for name, value in values.items())
