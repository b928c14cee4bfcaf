"""A large table: `train --dry-run` beside what polars and pandas need to read the same file.

    pip install -e ".[bench]"
    python benchmarks/big_table.py [--rounds 5] [--write]

The file has 500,000 lines of 49 numbers and a class. Every command is a whole process, start-up
included, and they take turns. Seconds are the processor's, the system's among them; memory is the
largest resident size. `import torch` alone is what any training costs before it begins.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from results import machine, write_section

ROWS, NUMBERS = 500_000, 49

RECIPE = """\
data: {{kind: csv, path: {path}, target: y}}
model: {{kind: mlp, hidden: [64]}}
optimizer: {{kind: adam, lr: 0.001}}
train: {{epochs: 1, device: cpu}}
"""

CSV, PARQUET = "table.csv", "table.parquet"

COMMANDS = {
    "csv": {
        "trickrun train --dry-run": ["-m", "trickrun", "train", "csv.yaml", "--dry-run"],
        "polars.read_csv": ["-c", f"import polars; polars.read_csv('{CSV}')"],
        "pandas.read_csv": ["-c", f"import pandas; pandas.read_csv('{CSV}')"],
        "import torch": ["-c", "import torch"],
    },
    "parquet": {
        "trickrun train --dry-run": ["-m", "trickrun", "train", "parquet.yaml", "--dry-run"],
        "polars.read_parquet": ["-c", f"import polars; polars.read_parquet('{PARQUET}')"],
        "pandas.read_parquet": ["-c", f"import pandas; pandas.read_parquet('{PARQUET}')"],
        "import torch": ["-c", "import torch"],
    },
}


def make(folder: Path) -> None:
    """Write the table as csv, with the digits that Python writes, and as Parquet."""
    import numpy as np
    import pandas as pd

    draw = np.random.default_rng(0)
    columns = {f"x{i}": draw.normal(size=ROWS) for i in range(NUMBERS)}
    frame = pd.DataFrame(columns | {"y": draw.integers(0, 2, ROWS)})
    frame.to_csv(folder / CSV, index=False)
    frame.to_parquet(folder / PARQUET)
    for kind, path in (("csv", CSV), ("parquet", PARQUET)):
        (folder / f"{kind}.yaml").write_text(RECIPE.format(path=path))


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the processor seconds and the MB of a command."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: {said.decode()}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def table(found: dict[str, list[tuple[float, float]]]) -> list[str]:
    """Return the lines of a file's table; what comes second is what the others are measured by."""
    middle = {
        name: tuple(statistics.median(values) for values in zip(*rounds, strict=True))
        for name, rounds in found.items()
    }
    base = [*middle.values()][1][0]
    lines = ["| command | seconds | of the second | MB |", "|---|---|---|---|"]
    for name, (seconds, memory) in middle.items():
        lines.append(f"| `{name}` | {seconds:.2f} | {seconds / base:.2f} | {memory:.0f} |")
    ours, theirs = [*middle.values()][:2]
    torch = middle["import torch"]
    bound = 1.5 * ROWS * (NUMBERS + 1) * 4 / 1e6 + theirs[1] + torch[1]
    lines += [
        "",
        f"Without what `import torch` takes: {ours[0] - torch[0]:.2f} s, "
        f"{(ours[0] - torch[0]) / base:.2f} of the second. Aims: seconds at most 2.5 of the "
        f"second; memory at most {bound:.0f} MB (1.5 float32 tables, the second's, and torch's).",
    ]
    return lines


def main() -> None:
    """Print both tables; with --write they go into RESULTS.md too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        make(asked.make)
        return
    body = [f"`python benchmarks/big_table.py`, medians of {asked.rounds} rounds."]
    body.append(machine("torch", "pyarrow", "polars", "pandas"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: what this one holds counts as memory of those that it starts.
        subprocess.run([sys.executable, __file__, "--make", name], check=True)
        for kind, commands in COMMANDS.items():
            found: dict[str, list[tuple[float, float]]] = {each: [] for each in commands}
            for _ in range(asked.rounds):
                for each, command in commands.items():
                    found[each].append(run(command, folder))
            size = (folder / (CSV if kind == "csv" else PARQUET)).stat().st_size / 1e6
            body += ["", f"{kind}, {size:.0f} MB:", "", *table(found)]
    print("\n".join(body))
    if asked.write:
        write_section("A table of 500,000 x 50", "\n".join(body))


if __name__ == "__main__":
    main()
