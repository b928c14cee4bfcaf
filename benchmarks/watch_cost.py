"""What does watching cost a whole script?

    python -m benchmarks.watch_cost            # about ten minutes
    python -m benchmarks.watch_cost --rounds 1 --steps 300 40     # does it work?

Runs two scripts with and without `trickrun watch`, in turn: an MLP whose step takes about 1 ms, and
a CNN whose step takes 10 to 30 ms. The script times its own training loop, so that starting Python
and importing is told apart; the whole command is timed too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import machine, write_section

LOOP = """
loss_of = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
generator = torch.Generator().manual_seed(1)
losses = []
started = time.perf_counter()
for step in range(int(sys.argv[1])):
    if step == int(sys.argv[2]):
        later = time.perf_counter()
    rows = torch.randint(0, len(x), (BATCH,), generator=generator)
    optimizer.zero_grad()
    loss = loss_of(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
ended = time.perf_counter()
print("seconds", ended - started, file=sys.stderr)
print("later", ended - later, file=sys.stderr)
print("losses", losses, file=sys.stderr)
"""

BEGIN = """
import sys, time
import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)
"""

MLP = """
BATCH = 160
x, y = torch.randn(4000, 64), torch.randint(0, 10, (4000,))
model = nn.Sequential(
    nn.Linear(64, 192), nn.ReLU(), nn.Linear(192, 192), nn.ReLU(), nn.Linear(192, 10)
)
"""

CNN = """
BATCH = 64
x, y = torch.randn(500, 3, 24, 24), torch.randint(0, 10, (500,))
model = nn.Sequential(
    nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 36, 10),
)
"""

SCRIPTS = {"MLP": MLP, "CNN": CNN}

STEPS = (5000, 500)

EARLY = 200
"""Steps at the beginning that `watch` attends to one by one: told apart, as what it costs once."""


@dataclass(frozen=True)
class Timed:
    """One run: seconds of the training loop, of its steps after the first ones, and of the whole
    command; and the losses' text."""

    loop: float
    later: float
    whole: float
    losses: str


def run(file: Path, steps: int, watched: bool) -> Timed:
    """Run a script once."""
    before = ["-m", "trickrun", "watch"] if watched else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *before, str(file), str(steps), str(min(EARLY, steps // 2))],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    whole = time.perf_counter() - started
    told = dict(line.split(" ", 1) for line in done.stderr.splitlines() if " " in line)
    if "seconds" not in told:
        sys.exit(done.stderr)
    return Timed(float(told["seconds"]), float(told["later"]), whole, told["losses"])


def compared(name: str, steps: int, rounds: int, folder: Path) -> str:
    """Return a row of the table for one script."""
    file = folder / f"{name.lower()}.py"
    file.write_text(BEGIN + SCRIPTS[name] + LOOP, encoding="utf-8")
    pairs = [(run(file, steps, False), run(file, steps, True)) for _ in range(rounds)]
    plain, watched = zip(*pairs, strict=True)
    step = statistics.median(one.loop for one in plain) / steps
    ratios = [two.loop / one.loop - 1 for one, two in pairs]
    once = statistics.median((two.loop - two.later) - (one.loop - one.later) for one, two in pairs)
    each = statistics.median(two.later / one.later - 1 for one, two in pairs)
    medians = [
        statistics.median(of) for of in (
            [one.loop for one in plain], [one.loop for one in watched],
            [one.whole for one in plain], [one.whole for one in watched],
        )
    ]  # fmt: skip
    equal = all(one.losses == two.losses for one, two in pairs)
    return (
        f"| {name}, {step * 1000:.2f} ms | {steps} | {medians[0]:.2f} | {medians[1]:.2f} | "
        f"{statistics.median(ratios):+.1%} ({min(ratios):+.1%} to {max(ratios):+.1%}) | "
        f"{once * 1000:.0f} ms | {each:+.1%} | "
        f"{medians[2]:.2f} | {medians[3]:.2f} | {'yes' if equal else 'NO'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, nargs=2, default=STEPS, metavar=("MLP", "CNN"))
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            compared(name, steps, options.rounds, Path(folder))
            for name, steps in zip(SCRIPTS, options.steps, strict=True)
        ]
    body = (
        f"`python -m benchmarks.watch_cost`: with `trickrun watch` at its default and without, in "
        f"turn, medians of {options.rounds}; one thread, seconds. Aim: the loop at most 5 % "
        f"longer. {machine('torch')}.\n\n"
        f"| script, its step | steps | loop | watched | cost (least to most) | once, in the first "
        f"{EARLY} steps | in each later step | command | watched | losses equal to the bit |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n" + "\n".join(rows)
    )
    print(body)
    if options.write:
        write_section("Cost of watching a script", body)


if __name__ == "__main__":
    main()
