"""Does ``--budget`` hold? The time asked for and the time taken, of commands on three recipes.

    python benchmarks/budgets.py [--write] [--only WORDS]

Small: four measurements of 150 flowers. Wide: a table of 600 rows and 5,000 columns. Images: a
convolutional network on 8 x 8 digits. Wall time is that of the whole process, from its start to its
end; aim: at most 15 % or 10 s over what is asked for. Other work on the machine makes it worse: the
load is noted, and how long a command takes that only imports what these import.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from results import machine, write_section

TRICKRUN = [sys.executable, "-c", "from trickrun.cli import main; main()"]

SMALL = "name: small\ndata: {kind: iris, batch_size: 32}\nmodel: {kind: mlp, hidden: [64, 32]}\n"
WIDE = (
    "name: wide\ndata: {kind: csv, path: wide.csv, target: kind, split: {val: 0.2, test: 0.2}}\n"
    "model: {kind: mlp, hidden: [64]}\ntrain: {epochs: 20}\n"
)
IMAGES = (
    "name: images\ndata: {kind: digits, batch_size: 64}\n"
    "model: {kind: cnn, channels: [32, 64]}\ntrain: {epochs: 40}\n"
)
ROWS, COLUMNS = 600, 5000

CASES = (
    ("checklist", "small", 20),
    ("checklist", "wide", 10),
    ("checklist", "wide", 20),
    ("checklist", "images", 20),
    ("checklist", "images", 35),
    ("grid coarse", "images", 20),
    ("diagnose", "wide", 20),
    ("diagnose --confirm", "small", 20),
    ("diagnose --confirm", "wide", 15),
    ("diagnose --confirm", "images", 60),
)
"""Command, recipe and the seconds asked for."""


def write_recipes(folder: Path) -> None:
    """Write the three recipes and the table of the wide one."""
    for name, text in (("small", SMALL), ("wide", WIDE), ("images", IMAGES)):
        (folder / f"{name}.yaml").write_text(text)
    draws = np.random.default_rng(0)
    x = draws.normal(size=(ROWS, COLUMNS))
    kinds = np.where(x[:, :5].sum(1) + 0.5 * draws.normal(size=ROWS) > 0, "yes", "no")
    with (folder / "wide.csv").open("w") as file:
        file.write(",".join([*(f"g{i}" for i in range(COLUMNS)), "kind"]) + "\n")
        for row, kind in zip(x, kinds, strict=True):
            file.write(",".join([*(f"{value:.4f}" for value in row), str(kind)]) + "\n")


def measured(command: str, recipe: str, asked: int, folder: Path) -> tuple[float, str]:
    """Return the wall time of a command, and what it left out or how it ended otherwise."""
    words = [*TRICKRUN, *command.split(), f"{recipe}.yaml", "--budget", f"{asked}s", "--json"]
    started = time.monotonic()
    runs = folder / f"runs-{command.replace(' ', '')}-{recipe}-{asked}"
    done = subprocess.run(
        [*words, "--runs-dir", str(runs)], cwd=folder, capture_output=True, text=True
    )
    seconds = time.monotonic() - started
    answer = json.loads(done.stdout)
    if answer["verdict"] == "error":
        return seconds, answer["error"]["message"]
    return seconds, "; ".join(answer["result"].get("left_out", [])) or "nothing"


def import_seconds() -> float:
    """Return how long a process takes that imports what these commands do."""
    program = "import torch, sklearn.ensemble, rich.live, pydantic, typer, pyarrow"
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    parser.add_argument("--only", default="", help="measure the cases whose line contains this")
    options = parser.parse_args()
    lines = [
        "| command | recipe | asked, s | taken | over | held | load | imports, s | left out |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_recipes(folder)
        for command, recipe, asked in CASES:
            if options.only not in f"{command} {recipe} {asked}":
                continue
            imports = import_seconds()
            seconds, left = measured(command, recipe, asked, folder)
            over = seconds - asked
            held = "yes" if over <= max(0.15 * asked, 10) else "no"
            load = os.getloadavg()[0]
            row = f"| {command} | {recipe} | {asked} | {seconds:.1f} | {over:+.1f} | {held} "
            lines.append(f"{row}| {load:.1f} | {imports:.1f} | {left} |")
            print(lines[-1], flush=True)
    if options.write:
        told = f"`python benchmarks/budgets.py`. {machine('torch')}\n\n"
        write_section("Budgets: asked for and taken", told + "\n".join(lines))


if __name__ == "__main__":
    main()
