"""image_folder on 20,000 generated files: speed beside a plain DataLoader, and peak memory.

    python benchmarks/image_folder.py --files 20000 --repeats 3

Both train the same small network on the same JPEGs, decoded in the same way for each batch; the
DataLoader decodes in as many processes as trickrun has threads. Each measurement is a process of
its own, the two in turn, and counts the second half of its steps. Memory is the peak of the
process and its workers over that at the first step; sharing aside, so for the DataLoader's workers
it is an upper bound.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from results import machine, write_section

from trickrun.data.formats.pixels import decoded
from trickrun.recipe.load import from_tree
from trickrun.training.compile import compile_recipe
from trickrun.training.job import Job
from trickrun.training.loop import take_step

CLASSES = 4
SIZE = 64
BATCH = 64
WORKERS = 2
STEPS = 120


def write_photos(folder: Path, count: int) -> None:
    """Write ``count`` JPEGs of 160 by 120 pixels: smooth colors with a bright patch."""
    draw = np.random.default_rng(0)
    for label in range(CLASSES):
        (folder / f"class{label}").mkdir(parents=True)
    for index in range(count):
        coarse = draw.integers(0, 255, (4, 3, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)
        place = 40 * (index % CLASSES)
        image.paste((255, 255, 255), (place, 40, place + 30, 70))
        image.save(folder / f"class{index % CLASSES}" / f"{index:05}.jpg", quality=90)


def job_for(folder: Path) -> Job:
    """Return the job that streams the photos."""
    tree = {
        "data": {
            "kind": "image_folder",
            "path": str(folder),
            "size": SIZE,
            "batch_size": BATCH,
            "memory": 1,
            "workers": WORKERS,
            "split": {"val": 0.0, "test": 0.0},
        },
        "model": {"kind": "cnn", "channels": [8, 16], "pool": 4, "hidden": []},
        "train": {"steps": STEPS, "device": "cpu"},
    }
    return compile_recipe(from_tree(tree), Path())


class Photos(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """The same photos for a DataLoader."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.rglob("*.jpg"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        path = self.paths[index]
        pixels = torch.from_numpy(np.array(decoded(path, 3, SIZE).pixels))
        return pixels, int(path.parent.name[-1])


def steps_of_trickrun(folder: Path) -> Iterator[None]:
    """Train with image_folder; yield after each step."""
    job = job_for(folder)
    batches = job.batches(0)
    for step in range(STEPS):
        take_step(job, next(batches), step, [], logged=False)
        yield


def steps_of_dataloader(folder: Path) -> Iterator[None]:
    """Train the same network with a DataLoader; yield after each step."""
    job = job_for(folder)
    loader = torch.utils.data.DataLoader(
        Photos(folder), BATCH, shuffle=True, num_workers=WORKERS, prefetch_factor=4
    )
    job.model.train()
    for _, (x, y) in zip(range(STEPS), loader, strict=False):
        job.optimizer.zero_grad(set_to_none=True)
        job.loss(job.model(job.data.scaler(x.float())), y).backward()
        job.optimizer.step()
        yield


def measure(way: str, folder: Path) -> dict[str, float]:
    """Return samples a second and the growth of memory in MiB of one run in this process."""
    torch.set_num_threads(1)
    steps = (steps_of_trickrun if way == "trickrun" else steps_of_dataloader)(folder)
    next(steps)
    before = peak(resource.RUSAGE_SELF)
    for _ in range(STEPS // 2 - 1):
        next(steps)
    started = time.perf_counter()
    for _ in range(STEPS - STEPS // 2):
        next(steps)
    seconds = time.perf_counter() - started
    grown = peak(resource.RUSAGE_SELF) - before
    workers = len(multiprocessing.active_children())
    steps.close()
    return {
        "samples_per_second": (STEPS - STEPS // 2) * BATCH / seconds,
        "memory": grown + (workers * peak(resource.RUSAGE_CHILDREN) if workers else 0.0),
    }


def peak(who: int) -> float:
    """Return the largest resident memory so far in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def in_a_process(way: str, folder: Path) -> dict[str, float]:
    """Return ``measure`` of a fresh process."""
    command = [sys.executable, __file__, "--measure", way, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(found: dict[str, list[dict[str, float]]], files: int) -> str:
    """Return the section's text."""
    rows = []
    for way, runs in found.items():
        speed = [run["samples_per_second"] for run in runs]
        memory = max(run["memory"] for run in runs)
        rows.append(
            f"| {way} | {statistics.median(speed):,.0f} | {min(speed):,.0f} to {max(speed):,.0f} "
            f"| {memory:,.0f} |"
        )
    ratios = [
        mine["samples_per_second"] / plain["samples_per_second"]
        for mine, plain in zip(found["trickrun"], found["DataLoader"], strict=True)
    ]
    whole = files * 3 * SIZE**2 / 2**20
    return "\n".join(
        [
            f"{machine('torch', 'pillow')}; `python benchmarks/image_folder.py`: {files:,} JPEGs "
            f"of 160 by 120, decoded to {SIZE} by {SIZE} for each batch of {BATCH}, {WORKERS} "
            f"workers, one torch thread. All of them decoded would take {whole:,.0f} MiB.",
            "",
            "| | samples/s (median) | range | peak memory over the first step's (MiB) |",
            "|---|---|---|---|",
            *rows,
            "",
            f"trickrun over DataLoader, pair by pair: median {statistics.median(ratios):.2f}.",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", choices=["trickrun", "DataLoader"])
    asked: Any = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure, asked.folder)))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = asked.folder or Path(place) / "photos"
        if not folder.exists():
            write_photos(folder, asked.files)
        found: dict[str, list[dict[str, float]]] = {"trickrun": [], "DataLoader": []}
        for _ in range(asked.repeats):
            for way, runs in found.items():
                runs.append(in_a_process(way, folder))
                print(way, runs[-1], flush=True)
    write_section("Photos from a folder (image_folder)", table(found, asked.files))


if __name__ == "__main__":
    main()
