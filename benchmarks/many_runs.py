"""What commands cost beside thousands of other runs.

    python benchmarks/many_runs.py [--runs 5000] [--rounds 3] [--write]
                                   [--python PATH]... one of another version, to compare

Runs are copies of one short training, half of them with the name of the recipe that is used. Whole
commands, from the shell's call to their end, in a folder of ``--runs`` runs and in one of two.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, write_section

RECIPE = """\
name: NAME
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 2, device: cpu}
grid: {coarse: {trials: 2, epochs: 1, space: {optimizer.lr: {log: [1e-3, 1e-1]}}}}
"""

COMMANDS = {
    "runs": ["runs"],
    "runs --json": ["runs", "--json"],
    "completion": [],
    "grid coarse, 2 trials": ["grid", "coarse", "SPACE.yaml"],
    "train": ["train", "many.yaml"],
    "eval NAME": ["eval", "many"],
}


def seconds(python: str, words: list[str], folder: Path, turn: int) -> float:
    """Return what a whole command took; ``SPACE.yaml`` is a search that was not taken before."""
    env = {**os.environ, "TRICKRUN_RUNS": str(folder / "runs")}
    if not words:
        env |= {"COMP_WORDS": "trickrun eval 2", "COMP_CWORD": "2"}
        env["_TRICKRUN_COMPLETE"] = "complete_bash"
    recipe = (folder / "many.yaml").read_text()
    (folder / "SPACE.yaml").write_text(recipe.replace("1e-3, ", f"{1 + turn / 1000}e-3, "))
    call = "import sys; sys.argv[0] = 'trickrun'; from trickrun.cli import main; main()"
    began = time.perf_counter()
    subprocess.run([python, "-c", call, *words], cwd=folder, env=env, capture_output=True)
    return time.perf_counter() - began


def filled(folder: Path, count: int) -> Path:
    """Make a working folder with ``count`` runs."""
    folder.mkdir()
    (folder / "many.yaml").write_text(RECIPE.replace("NAME", "many"))
    seconds(sys.executable, ["train", "many.yaml"], folder, 0)
    (first,) = (folder / "runs" / "many").iterdir()
    for index in range(count - 1):
        name = "many" if index % 2 else f"other{index % 50}"
        run_id = f"20260101-{index // 3600:02d}{index // 60 % 60:02d}{index % 60:02d}-{index:06d}"
        shutil.copytree(first, folder / "runs" / name / f"{run_id}-{index % 65536:04x}")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    pythons = [sys.executable, *options.python]
    rows = {name: {} for name in COMMANDS}
    with tempfile.TemporaryDirectory() as base:
        few, many = filled(Path(base) / "few", 2), filled(Path(base) / "many", options.runs)
        for place, python in enumerate(pythons):
            for label, folder in (("few", few), ("many", many)):
                for name, words in COMMANDS.items():
                    took = [
                        seconds(python, words, folder, 10 * place + turn)
                        for turn in range(options.rounds)
                    ]
                    rows[name][place, label] = took
                    print(name, label, python, [round(value, 2) for value in took], flush=True)
    versions = ["this version", *["the other"] * len(options.python)]
    sizes = ("2 runs", f"{options.runs} runs")
    heads = [f"{version}, {size}" for version in versions for size in sizes]
    lines = [f"| command | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, times in rows.items():
        cells = [
            f"{statistics.median(times[place, label]):.2f} ({times[place, label][0]:.2f})"
            for place in range(len(pythons))
            for label in ("few", "many")
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    told = f"`python benchmarks/many_runs.py`, medians of {options.rounds} rounds (the first one)."
    body = f"{told}\n{machine('torch')}\n\nSeconds:\n\n" + "\n".join(lines)
    print(body)
    if options.write:
        write_section("Thousands of runs", body)


if __name__ == "__main__":
    main()
