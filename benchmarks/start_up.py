"""How long commands take that have little to do: trickrun's beside plain scripts.

    python benchmarks/start_up.py [--rounds 5] [--write]

Whole commands, from the shell's call to their end; in each round each runs once, one after another,
so that what else the machine does meets all of them. ``train`` stands beside a script that imports
torch and scikit-learn's digits and trains the same network for one epoch; ``validate`` beside the
imports of what every command needs.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, write_section

ROOT = Path(__file__).parents[1]
RECIPE = str(ROOT / "recipes" / "digits.yaml")

SCRIPT = """
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32)
y = torch.tensor(digits.target)
order = torch.randperm(len(x))
held = len(x) * 15 // 100
val, test, train = order[:held], order[held : 2 * held], order[2 * held :]
x = (x - x[train].mean()) / x[train].std()
model = nn.Sequential(
    nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(128, 10),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in train[torch.randperm(len(train))].split(64):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
model.eval()
with torch.no_grad():
    for name, part in (("val", val), ("test", test)):
        print(name, float((model(x[part]).argmax(1) == y[part]).float().mean()))
"""

IMPORTS = "import pydantic, yaml, typer, rich"
USED = "from pydantic import BaseModel; import yaml, typer.main, rich.console"
"""The same packages as a program has them that uses them: the first three import little by
themselves."""

TRICKRUN = [sys.executable, "-m", "trickrun"]
COMMANDS = {
    "train": [*TRICKRUN, "train", RECIPE, "train.epochs=1"],
    "the script": [sys.executable, "-c", SCRIPT],
    "validate": [*TRICKRUN, "validate", RECIPE],
    "the imports": [sys.executable, "-c", IMPORTS],
    "the imports, used": [sys.executable, "-c", USED],
    "help": [*TRICKRUN, "--help"],
    "initial-loss": [*TRICKRUN, "initial-loss", RECIPE],
    "lr-find": [*TRICKRUN, "lr-find", RECIPE],
}
PAIRS = {"train": ("the script", 0.75), "validate": ("the imports", 1.5)}
"""What stands beside a command, and the largest ratio that is aimed at."""


def seconds(command: list[str], folder: str) -> float:
    """Return what the whole command took; its runs go into ``folder``."""
    env = {**os.environ, "TRICKRUN_RUNS": folder}
    began = time.perf_counter()
    # Exit status 1 is a verdict; what is worse is a mistake of the benchmark.
    code = subprocess.run(command, cwd=folder, env=env, capture_output=True).returncode
    spent = time.perf_counter() - began
    if code > 1:
        raise SystemExit(f"exit status {code}: {' '.join(command[:4])}")
    return spent


def measure(commands: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
    """Return each command's seconds in each round; a round before them fills the caches."""
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory() as folder:
                took = seconds(command, folder)
            if number > 0:
                spent[name].append(took)
    return spent


def table(spent: dict[str, list[float]]) -> str:
    """Return the table: seconds, and their ratio to what stands beside."""
    lines = ["| command | seconds | ratio | aim |", "|---|---|---|---|"]
    for name, rounds in spent.items():
        beside, aim = PAIRS.get(name, (None, None))
        ratio = goal = ""
        if beside in spent:
            ratios = [a / b for a, b in zip(rounds, spent[beside], strict=True)]
            of_medians = statistics.median(rounds) / statistics.median(spent[beside])
            ratio = f"{of_medians:.2f} of {beside} ({min(ratios):.2f}-{max(ratios):.2f})"
            goal = f"{aim:.2f}"
        middle = f"{statistics.median(rounds):.2f} ({min(rounds):.2f}-{max(rounds):.2f})"
        lines.append(f"| {name} | {middle} | {ratio} | {goal} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    # As pip's packages have it.
    compileall.compile_dir(ROOT / "trickrun", quiet=1)
    load = os.getloadavg()[0]
    spent = measure({name: COMMANDS[name] for name in options.only}, options.rounds)
    found = table(spent)
    print(found)
    if options.write:
        told = (
            f"`python benchmarks/start_up.py`: whole commands, medians (ranges) of "
            f"{options.rounds} rounds.\n{machine('torch', 'scikit-learn', 'pydantic')}, "
            f"load {load:.1f} before and {os.getloadavg()[0]:.1f} after\n\n"
        )
        write_section("Start-up", told + found)


if __name__ == "__main__":
    main()
