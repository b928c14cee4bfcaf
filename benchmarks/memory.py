"""Peak memory of training on Fashion-MNIST: the train command beside a hand-written loop.

    python benchmarks/memory.py [--write]

Both train the same network on the whole training split in a process of their own, from reading the
four files on; the loop keeps what most people would, float32 inputs. Memory is the largest resident
set that the system reports of the process.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from bare_recipe import BARE, RECIPE
from results import machine, write_section

HIDDEN = (256, 128)
PLAIN = [*BARE, "model={kind: mlp, hidden: [256, 128]}", "train.epochs=2"]


def images_and_labels(folder: Path, part: str) -> tuple[bytes, bytes]:
    """Return a part's pixels and labels as the files have them, without their heads."""
    found = []
    for name, head in ((f"{part}-images-idx3-ubyte", 16), (f"{part}-labels-idx1-ubyte", 8)):
        path = folder / name
        packed = path.with_name(f"{name}.gz")
        whole = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
        found.append(whole[head:])
    return found[0], found[1]


def by_hand(folder: Path) -> None:
    """Train for two epochs with a loop as one writes it."""
    import numpy as np
    import torch
    from torch import nn

    parts = []
    for part in ("train", "t10k"):
        pixels, labels = images_and_labels(folder, part)
        x = torch.from_numpy(np.frombuffer(pixels, np.uint8).reshape(-1, 784).astype(np.float32))
        parts.append((x, torch.from_numpy(np.frombuffer(labels, np.uint8).astype(np.int64))))
    (x, y), (test_x, test_y) = parts
    mean, std = x.mean(), x.std()
    x, test_x = (x - mean) / std, (test_x - mean) / std
    sizes = (784, *HIDDEN)
    layers = [(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(sizes)]
    model = nn.Sequential(*[part for pair in layers for part in pair], nn.Linear(HIDDEN[-1], 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    for _ in range(2):
        for indices in torch.randperm(len(x)).split(128):
            optimizer.zero_grad()
            loss_of(model(x[indices]), y[indices]).backward()
            optimizer.step()
    with torch.no_grad():
        right = (model(test_x).argmax(1) == test_y).float().mean().item()
    assert right > 0.8, right


def peak(words: list[str], where: str) -> float:
    """Run a command in the folder ``where`` and return the largest memory it took, in MiB."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=where) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{words} ended with {process.returncode}")
    return used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder of the four files")
    parser.add_argument("--by-hand", action="store_true", help="train by hand, in this process")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    if options.by_hand:
        by_hand(options.data)
        return
    ways = {
        "trickrun train": [sys.executable, "-m", "trickrun", "train", str(RECIPE), *PLAIN],
        "plain loop": [sys.executable, __file__, "--by-hand", "--data", str(options.data)],
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as where:
        for _ in range(options.repeats):
            for name, words in ways.items():
                found[name].append(peak(words, where))
    lines = ["| | MiB, median | range |", "|---|---|---|"]
    for name, values in found.items():
        low, middle, high = min(values), statistics.median(values), max(values)
        lines.append(f"| {name} | {middle:,.0f} | {low:,.0f} to {high:,.0f} |")
    print("\n".join(lines))
    told = (
        "`python benchmarks/memory.py --data FOLDER`: peak memory of the whole process, 2 epochs "
        f"of MLP 784-256-128-10.\n{machine('torch')}\n\n"
    )
    if options.write:
        write_section("Memory beside a plain loop", told + "\n".join(lines))


if __name__ == "__main__":
    main()
