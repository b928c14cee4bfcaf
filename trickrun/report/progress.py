"""The terminal while training: a progress bar for people, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from trickrun.folder import RunFolder
from trickrun.job import Job
from trickrun.loop import Evaluation, Record, Steps
from trickrun.run import Outcome


def announce(job: Job, folder: RunFolder) -> None:
    """Print what is about to be trained."""
    parameters = sum(p.numel() for p in job.model.parameters())
    data = job.data
    samples = f"{len(data.train)} training samples"
    for name, part in (("validation", data.val), ("test", data.test)):
        samples += f", {len(part)} {name}" if part is not None else ""
    print(f"{job.recipe.name}: {parameters:,} parameters on {job.device}; {samples}")
    print(f"run: {folder.path}")


@contextmanager
def progress_sink(job: Job, quiet: bool) -> Iterator[Callable[[Record], None]]:
    """Yield the sink that shows a run's records."""
    console = Console(stderr=quiet)
    if console.is_terminal and not quiet:
        with bar(console) as shown:
            yield bar_sink(job, shown)
    else:
        yield line_sink(job)


def bar(console: Console) -> Progress:
    """Return the progress bar, not yet started."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[shown]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


def bar_sink(job: Job, shown: Progress) -> Callable[[Record], None]:
    """Return the sink that moves the bar and prints a line an evaluation."""
    task = shown.add_task("training", total=job.span.steps, shown="")

    def show(record: Record) -> None:
        if isinstance(record, Steps):
            speed = record.samples / max(record.seconds, 1e-9)
            last = record.first + len(record.losses) - 1
            text = f"loss {record.losses[-1]:.4f}  {speed:,.0f} samples/s"
            shown.update(task, completed=last, shown=text)
        elif isinstance(record, Evaluation):
            shown.console.print(evaluation_line(record), highlight=False)

    return show


def line_sink(job: Job) -> Callable[[Record], None]:
    """Return the sink that prints at most one line a second, and the best and last ones."""
    last_printed = [0.0]

    def show(record: Record) -> None:
        if not isinstance(record, Evaluation):
            return
        final = record.values["step"] >= job.span.steps
        if final or time.monotonic() - last_printed[0] >= 1.0:
            print(evaluation_line(record), flush=True)
            last_printed[0] = time.monotonic()

    return show


def evaluation_line(record: Evaluation) -> str:
    """Return one line for an evaluation; a star marks the best so far."""
    values = record.values
    parts = [f"epoch {values['epoch']:g}"]
    parts += [
        f"{name} {value:.4f}"
        for name, value in values.items()
        if name not in ("epoch", "step", "lr")
    ]
    parts.append(f"lr {values['lr']:.2e}")
    return "  ".join(parts) + ("  *" if record.improved else "")


def print_outcome(outcome: Outcome) -> None:
    """Print how a run ended."""
    result = outcome.result
    print(
        f"stopped by {result['stopped_by']} after {result['epochs']:g} epochs "
        f"({result['steps']} steps, {result['samples_per_second']:,.0f} samples/s)"
    )
    if result["best"]:
        best = result["best"]
        values = "  ".join(f"{k} {v:.4f}" for k, v in best.items() if k.startswith("val_"))
        print(f"best: epoch {best['epoch']:g}  {values}")
    if result["test"]:
        print("test: " + "  ".join(f"{k} {v:.4f}" for k, v in result["test"].items()))
    for miss in outcome.missed:
        print(f"expectation missed: {miss}", file=sys.stderr)
    if outcome.interrupted:
        print(f"interrupted; go on with: trickrun train --resume {outcome.folder.id}")
