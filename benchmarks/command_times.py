"""Where the time of whole commands goes: imports, data, compiling, choosing, training, and so on.

    python benchmarks/command_times.py [--only grid-2 ...] [--rounds 5] [--before PYTHON]
                                       [--picture FOLDER] [--write]

Each command runs with TRICKRUN_TIMINGS, which makes all of its processes tell their spans. A span's
time is its own: what lies in another span within it counts there. The table has, for the command's
own process and for all others together, seconds and, in parentheses, seconds of a processor;
medians over the rounds. The last row has all of it, also what is in no span. On a busy machine only
the processor's seconds mean something.

--before names the Python of an earlier version's environment, for example a work tree of an earlier
commit with trickrun installed; it must know TRICKRUN_TIMINGS, as all from 0fd45b31 on do. It runs
the same commands in the same rounds.

The picture has a row for each process and a color for each kind of span, of the round that took the
median time; the version before stands above, on the same scale.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import ctypes
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import machine, write_section

from trickrun.reporting.svg import styled

ROOT = Path(__file__).parents[1]

HEAD = "recipe_version: 1\nname: timed\ndata: {kind: digits, batch_size: 64}\noptimizer: adam\n"
DIGITS = str(ROOT / "recipes" / "digits.yaml")

FINENESS = 450
"""Pieces of a run's time that a picture tells apart."""

SET_CHILD_SUBREAPER = 36
"""Of prctl(2)."""

KINDS = {
    "start of Python": "#cbd2d9",
    "imports": "#7b8794",
    "data": "#8a4fa3",
    "compiling": "#b0892a",
    "choosing": "#d1622b",
    "training": "#2563a8",
    "waiting for workers": "#e4e7eb",
    "judging": "#2f855a",
    "drawing": "#c2417c",
    "writing": "#000000",
    "other": "#f3d9b1",
}
"""The kinds of spans, in the order of a command, and their colors."""


def grid(hidden: str, trials: int, epochs: int) -> str:
    """Return a recipe with a search for a learning rate and a weight decay."""
    space = "{optimizer.lr: {log: [1e-4, 1e-1]}, optimizer.weight_decay: {log: [1e-6, 1e-2]}}"
    return (
        f"{HEAD}model: {{kind: mlp, hidden: {hidden}}}\ntrain: {{epochs: {epochs}}}\n"
        f"grid: {{coarse: {{trials: {trials}, epochs: {epochs}, space: {space}}}}}\n"
    )


RECIPES = {
    "grid-2": grid("[64, 32]", 2, 2),
    "grid-32-wide": grid("[256, 128]", 32, 10),
    "grid-32": grid("[64, 32]", 32, 10),
    "grid-64": grid("[64, 32]", 64, 10),
}
COMMANDS = {
    **{name: ["grid", "coarse", f"{name}.yaml"] for name in RECIPES},
    "train": ["train", DIGITS],
    "lr-find": ["lr-find", DIGITS],
    "validate": ["validate", DIGITS],
    "runs": ["runs"],
    "checklist": ["checklist", DIGITS],
    "diagnose": ["diagnose", DIGITS, "--confirm"],
}
USUAL = ["grid-2", "grid-32-wide", "grid-32", "train", "checklist", "diagnose"]


@dataclass(frozen=True)
class Span:
    """A line of the file that TRICKRUN_TIMINGS names."""

    span: str
    process: int
    begun: float
    end: float
    processor: float


@dataclass(frozen=True)
class Measured:
    """One run of a command.

    Args:
        process: the command's own.
        begun, end: of the whole command.
        processor: of its own process.
        others: processor seconds of all its other processes.
    """

    process: int
    begun: float
    end: float
    processor: float
    others: float
    spans: Sequence[Span]

    @property
    def seconds(self) -> float:
        return self.end - self.begun


def adopt() -> None:
    """Let this process inherit the orphans of those that it starts, so that it can wait for them
    and is told what they took (Linux only)."""
    if ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def own_processor(process: int) -> float:
    """Return the processor seconds of a child that has ended, without its own children's."""
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_children() -> float:
    """Return the processor seconds of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(command: Sequence[str], folder: Path, python: str = sys.executable) -> Measured:
    """Run a command in ``folder``, wait for all of its processes, and return its spans."""
    told = folder / "timings.jsonl"
    env = {**os.environ, "TRICKRUN_TIMINGS": str(told), "TRICKRUN_RUNS": str(folder / "runs")}
    before, begun = of_children(), time.monotonic()
    started = subprocess.Popen(
        [python, "-m", "trickrun", *command],
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    own, end = own_processor(started.pid), time.monotonic()
    # Exit status 1 is a verdict; what is worse is a mistake of the benchmark.
    if started.wait() > 1:
        raise SystemExit(f"exit status {started.returncode}: {' '.join(command)}")
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    others = of_children() - before - own
    spans = [Span(**json.loads(line)) for line in told.read_text().splitlines()]
    return Measured(started.pid, begun, end, own, others, spans)


def own_times(spans: Iterable[Span]) -> dict[str, tuple[float, float]]:
    """Return what the spans of one process took by kind, without those within: seconds, and those
    of a processor."""
    found: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    around: list[Span] = []

    def add(kind: str, seconds: float, processor: float) -> None:
        found[kind] = found[kind][0] + seconds, found[kind][1] + processor

    for span in sorted(spans, key=lambda s: (s.begun, -s.end)):
        while around and around[-1].end <= span.begun:
            around.pop()
        add(span.span, span.end - span.begun, span.processor)
        if around:
            add(around[-1].span, span.begun - span.end, -span.processor)
        around.append(span)
    return dict(found)


def times(run: Measured) -> dict[tuple[str, bool], tuple[float, float]]:
    """Return seconds and seconds of a processor by kind, of the command's own process (True) and
    of all others together (False)."""
    by_process: dict[int, list[Span]] = defaultdict(list)
    for span in run.spans:
        by_process[span.process].append(span)
    found: dict[tuple[str, bool], tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for process, spans in by_process.items():
        own = process == run.process
        for kind, (seconds, processor) in own_times(spans).items():
            before = found[kind, own]
            found[kind, own] = before[0] + seconds, before[1] + processor
    own_spans = by_process[run.process]
    start = min((span.begun for span in own_spans), default=run.end) - run.begun
    found["start of Python", True] = start, 0.0
    told = sum(seconds for (_, own), (seconds, _) in found.items() if own)
    processor = sum(processor for (_, own), (_, processor) in found.items() if own)
    found["other", True] = run.end - run.begun - told, run.processor - processor
    return found


def table(runs: Mapping[str, Sequence[Measured]]) -> str:
    """Return the table: a row a kind, two columns a command."""
    heads = [f"{name} | its workers" for name in runs]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|---|' * len(runs)}"]
    found = {name: [times(run) for run in measured] for name, measured in runs.items()}
    for kind in KINDS:
        cells = [
            cell([of[kind, own] for of in found[name] if (kind, own) in of], len(found[name]))
            for name in runs
            for own in (True, False)
        ]
        if any(cells):
            lines.append(f"| {kind} | {' | '.join(cells)} |")
    whole = [
        f"{cell([(r.seconds, r.processor) for r in measured], len(measured))} | "
        f"({statistics.median(r.others for r in measured):.2f})"
        for measured in runs.values()
    ]
    lines.append(f"| whole | {' | '.join(whole)} |")
    return "\n".join(lines)


def cell(values: Sequence[tuple[float, float]], rounds: int) -> str:
    """Return medians over the rounds: seconds (seconds of a processor)."""
    if not values:
        return ""
    zeros = [(0.0, 0.0)] * (rounds - len(values))
    seconds, processor = (
        statistics.median(v) for v in zip(*values, *zeros, strict=True)
    )  # a kind may be missing in some rounds
    return f"{seconds:.2f} ({processor:.2f})" if max(seconds, processor) >= 0.005 else ""


def picture(title: str, runs: Mapping[str, Measured]) -> str:
    """Return the spans of runs as an SVG document, one run under the other, each with a row a
    process, and time from left to right on one scale.

    Args:
        runs: by what they are called; the empty name says nothing.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from trickrun.reporting.svg import document

    heights = [len({run.process, *(span.process for span in run.spans)}) for run in runs.values()]
    shown = {"start of Python", "other", *(s.span for run in runs.values() for s in run.spans)}
    with styled():
        size = (9, 0.8 + 0.5 * len(runs) + 0.3 * sum(heights))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(
            len(runs),
            1,
            sharex=True,
            squeeze=False,
            height_ratios=[1 + height for height in heights],
        )[:, 0]
        for axes, (name, run) in zip(panels, runs.items(), strict=True):
            draw(axes, run)
            axes.set_title(f"{title}, {name}" if name else title, loc="left")
        panels[-1].set_xlabel("seconds")
        patches = [Patch(color=color, label=kind) for kind, color in KINDS.items() if kind in shown]
        figure.legend(handles=patches, loc="outside lower center", ncols=6)
        return document(figure)


def draw(axes: Any, run: Measured) -> None:
    """Draw the spans of one run."""
    first: dict[int, float] = {run.process: run.begun}
    for span in run.spans:
        first[span.process] = min(span.begun, first.get(span.process, span.begun))
    rows = {process: row for row, process in enumerate(sorted(first, key=lambda p: first[p]))}
    start = min(s.begun for s in run.spans if s.process == run.process) - run.begun
    axes.barh(0, run.seconds, 0.8, 0.0, color=KINDS["other"])
    axes.barh(0, start, 0.8, 0.0, color=KINDS["start of Python"])
    for process, row in rows.items():
        for kind, pieces in shown_pieces(
            [s for s in run.spans if s.process == process], run
        ).items():
            axes.broken_barh(pieces, (row - 0.4, 0.8), color=KINDS[kind], linewidth=0)
    axes.set_yticks(range(len(rows)), ["command", *(f"process {n}" for n in range(1, len(rows)))])
    axes.invert_yaxis()


def shown_pieces(spans: Iterable[Span], run: Measured) -> dict[str, list[tuple[float, float]]]:
    """Return by kind what is seen of the spans of one process: beginnings in seconds of the run,
    and lengths, as fine as a picture shows them. What lies within others is seen over them."""
    fine = run.seconds / FINENESS
    seen: list[str | None] = [None] * FINENESS
    for span in sorted(spans, key=lambda s: s.begun - s.end):
        begun, end = ((moment - run.begun) / fine for moment in (span.begun, span.end))
        for place in range(max(0, round(begun)), min(FINENESS, round(end))):
            seen[place] = span.span
    pieces: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for kind, places in itertools.groupby(range(FINENESS), key=lambda place: seen[place]):
        if kind is not None:
            first, *others = places
            pieces[kind].append((first * fine, (1 + len(others)) * fine))
    return pieces


def middle(runs: Sequence[Measured]) -> Measured:
    """Return the run that took the median time, the longer of two."""
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=USUAL)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", help="the Python of an earlier version's environment")
    parser.add_argument("--picture", type=Path, help="a folder for one SVG file a command")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    # As pip's packages have it.
    compileall.compile_dir(ROOT / "trickrun", quiet=1)
    pythons = {"": sys.executable}
    if options.before is not None:
        build = "import trickrun, compileall; compileall.compile_dir(trickrun.__path__[0], quiet=1)"
        subprocess.run([options.before, "-c", build], check=True, cwd="/")
        pythons = {"before": options.before, "now": sys.executable}
    adopt()
    load = os.getloadavg()[0]
    runs: dict[str, dict[str, list[Measured]]] = {
        name: {way: [] for way in pythons} for name in options.only
    }
    for _ in range(options.rounds):
        for name in options.only:
            for way, python in pythons.items():
                with tempfile.TemporaryDirectory() as folder:
                    for recipe, text in RECIPES.items():
                        Path(folder, f"{recipe}.yaml").write_text(text)
                    runs[name][way].append(measure(COMMANDS[name], Path(folder), python))
    found = table(
        {f"{name} {way}".strip(): took for name in runs for way, took in runs[name].items()}
    )
    print(found)
    for name, ways in runs.items() if options.picture else ():
        options.picture.mkdir(parents=True, exist_ok=True)
        drawn = picture(name, {way: middle(measured) for way, measured in ways.items()})
        (options.picture / f"time-{name}.svg").write_text(drawn)
    if options.write:
        told = (
            f"`python benchmarks/command_times.py`: seconds (of a processor), medians of "
            f"{options.rounds} rounds.\n{machine('torch')}, "
            f"load {load:.1f} before and {os.getloadavg()[0]:.1f} after\n\n"
        )
        write_section("Where a command's time goes", told + found)


if __name__ == "__main__":
    main()
