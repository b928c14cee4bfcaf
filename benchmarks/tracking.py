"""What does a tracker cost a training that it follows?

    python -m benchmarks.tracking                       # some ten minutes
    python -m benchmarks.tracking --rounds 1 --epochs 5 # does it work?

Trains one recipe without a tracker and with each that is installed, in turn. Three times are told
apart: the training's own steps (samples per second, as `train` counts them), the processor time of
the command's own process, and that of the tracker's process. Log and weights are compared too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import machine, write_section
from trickrun.tracking.trackers import LIBRARIES, is_installed

RECIPE = """\
name: tracked
data: {kind: digits, batch_size: 64, split: {val: 0.15, test: 0.15, seed: 0}}
model: {kind: mlp, hidden: [256, 128]}
optimizer: {kind: adam, lr: 1e-3, schedule: cosine}
regularizers: {dropout: 0.2}
train: {epochs: %d, log_every: 1}
"""
"""Every step is logged, so that the tracker has as much to do as it can have."""

PACKAGES = ("tensorboard", "mlflow-skinny", "wandb", "trackio")

COMMAND = """
import atexit, json, resource, sys
name = sys.argv[1]
atexit.register(lambda: open(name, "w").write(json.dumps([
    one.ru_utime + one.ru_stime
    for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
])))
del sys.argv[1]
sys.argv[0] = "trickrun"
from trickrun.cli import main
main()
"""


@dataclass(frozen=True)
class Timed:
    """One training.

    Args:
        speed: samples per second of its steps.
        own, others: processor seconds of its process, and of those that it started.
        wall: seconds of the whole command.
        bits: a hash of its log, times left out, and its best weights.
    """

    speed: float
    own: float
    others: float
    wall: float
    bits: str


def train(tracker: str | None, folder: Path) -> Timed:
    """Train once, with a tracker or without."""
    noted = folder / "times.json"
    words = ["train", "recipe.yaml", "--json", *(["--track", tracker] if tracker else [])]
    environment = {name: value for name, value in os.environ.items() if name != "TRICKRUN_TRACK"}
    environment |= {"OMP_NUM_THREADS": "1", "TRACKIO_DIR": str(folder / "trackio")}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(noted), *words],
        capture_output=True, text=True, env=environment, cwd=folder, check=False,
    )  # fmt: skip
    wall = time.perf_counter() - begun
    told = json.loads(done.stdout)
    for sent in told["result"].get("tracked", []):
        if sent["state"] not in ("new", "updated"):
            sys.exit(f"{tracker}: {sent['message']}")
    own, others = json.loads(noted.read_text())
    run = folder / told["run"]
    return Timed(told["result"]["samples_per_second"], own, others, wall, bits_of(run))


def bits_of(run: Path) -> str:
    """Return a hash of what a training computed."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    log = [{name: v for name, v in line.items() if name != "timing"} for line in lines]
    weights = (run / "checkpoints" / "best.pt").read_bytes()
    return hashlib.sha256(json.dumps(log).encode() + weights).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=150)
    asked = parser.parse_args()
    names = [name for name in LIBRARIES if all(map(is_installed, LIBRARIES[name].modules))]
    found: dict[str | None, list[Timed]] = {name: [] for name in (None, *names)}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "recipe.yaml").write_text(RECIPE % asked.epochs)
        for number in range(asked.rounds):
            for name, runs in found.items():
                runs.append(train(name, folder))
                print(f"round {number + 1}: {name or 'none'}: {runs[-1]}", flush=True)
    write_section("Cost of a tracker", section(found, asked.epochs))


def section(found: dict[str | None, list[Timed]], epochs: int) -> str:
    """Return the section: medians over rounds, of ratios within a round."""
    plain = found[None]
    rows = []
    for name, runs in found.items():
        pairs = list(zip(plain, runs, strict=True))
        cells = [
            name or "none",
            ratio([two.speed / one.speed for one, two in pairs]),
            f"{statistics.median(two.own for two in runs):.2f} s",
            ratio([two.own / one.own for one, two in pairs]),
            f"{statistics.median(two.others for two in runs):.2f} s",
            f"{statistics.median(two.wall - one.wall for one, two in pairs):+.1f} s",
            "yes" if len({one.bits for one in [*plain, *runs]}) == 1 else "NO",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    wall = statistics.median(one.wall for one in plain)
    head = (
        "| tracker | samples/s, beside none | processor time of the command | beside none | "
        "of the tracker's process | wall time added | equal bits |\n|---|---|---|---|---|---|---|"
    )
    text = (
        f"`python -m benchmarks.tracking`: digits, an MLP, {epochs} epochs of 20 steps, each of "
        f"the {20 * epochs} logged; one thread; {len(plain)} rounds in turn. Medians, with the "
        f"range in brackets. Without a tracker the command takes {wall:.1f} s. "
        f"{machine('torch', *PACKAGES)}."
    )
    notes = (
        "Equal bits: the log without its times, and the weights of the best epoch, are the same in "
        "all rounds with and without a tracker. Most of the tracker's own time is importing its "
        "library, torch and matplotlib, and drawing the pictures at the end: a training of an hour "
        "has no more of that. While it imports, it takes a core: on this machine, whose two cores "
        f"other programs kept busy (a load of {os.getloadavg()[2]:.0f}), these short trainings got "
        "a smaller share of them, as samples per second and wall times show. Processor time tells "
        "what the training itself pays."
    )
    table = "\n".join(rows)
    return f"{text}\n\n{head}\n{table}\n\n{notes}"


def ratio(values: list[float]) -> str:
    """Return a median and the range, as a factor."""
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


if __name__ == "__main__":
    main()
