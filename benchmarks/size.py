"""What large data cost: processor seconds and peak memory of whole commands.

    python benchmarks/size.py [--only text classes] [--before CHECKOUT] [--write]

Each case makes its input in a folder of its own and runs its commands there one after another, so
that ``eval`` scores what ``train`` made. Seconds are those of the processor, the system's among
them, so that what else the machine does hardly counts; memory is the largest resident size. With
``--before``, the package in another checkout runs the same commands on the same files.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import machine, write_section

ROOT = Path(__file__).parents[1]

LETTERS = "etaoinshrdlucmfwypvbgkjqxz"

CLASSES = 2_000
"""Classes of the cases that have many."""


@dataclass(frozen=True)
class Case:
    """An input and what is done with it.

    Args:
        make: writes the input's files into a folder.
        recipe: the recipe's tree; its name is the case's.
        commands: by what the table calls them: the arguments of trickrun. RECIPE stands for the
            recipe, RUN for the newest run of it.
        input: what the table says of the input.
    """

    make: Callable[[Path], None]
    recipe: Mapping[str, Any]
    commands: Mapping[str, str]
    input: str


def plain_text(folder: Path) -> None:
    """Write 50 MB of words drawn from 40,000, in sentences; some letters are not ASCII."""
    import numpy as np

    words = vocabulary(40_000)
    draw = np.random.default_rng(0)
    with open(folder / "text.txt", "w", encoding="utf-8") as file:
        while file.tell() < 50_000_000:
            chosen = words[(draw.pareto(1.1, 100_000) * 10).astype(np.int64) % len(words)]
            lines = np.split(chosen, range(12, len(chosen), 12))
            file.write("\n".join(" ".join(line).capitalize() + "." for line in lines) + "\n")


def texts(folder: Path) -> None:
    """Write a table of 200,000 texts of 5 to 40 words, of ten classes."""
    import numpy as np

    words = vocabulary(40_000)
    draw = np.random.default_rng(0)
    with open(folder / "texts.csv", "w", encoding="utf-8") as file:
        file.write("text,label\n")
        for label in draw.integers(0, 10, 200_000).tolist():
            places = (draw.pareto(1.1, draw.integers(5, 40)) * 10).astype(np.int64)
            file.write(f"{' '.join(words[(places + label) % len(words)])},class {label}\n")


def vocabulary(size: int) -> Any:
    """Return ``size`` made-up words [size]."""
    import numpy as np

    draw = np.random.default_rng(1)
    letters = np.array([*LETTERS, "é", "ß"])
    return np.array(["".join(draw.choice(letters, draw.integers(2, 10))) for _ in range(size)])


def blobs(samples: int, features: int, classes: int) -> tuple[Any, Any]:
    """Return float32 inputs [samples, features] around a centre a class, and the classes."""
    import numpy as np

    draw = np.random.default_rng(0)
    y = np.arange(samples) % classes
    draw.shuffle(y)
    centres = draw.normal(size=(classes, features)) * 2
    return (centres[y] + draw.normal(size=(samples, features))).astype(np.float32), y


def npz(samples: int, features: int, classes: int) -> Callable[[Path], None]:
    """Return what writes ``blobs`` into data.npz."""

    def make(folder: Path) -> None:
        import numpy as np

        x, y = blobs(samples, features, classes)
        np.savez(folder / "data.npz", x=x, y=y)

    return make


def csv(samples: int, features: int, classes: int) -> Callable[[Path], None]:
    """Return what writes ``blobs`` into data.csv; classes are named."""

    def make(folder: Path) -> None:
        x, y = blobs(samples, features, classes)
        with open(folder / "data.csv", "w", encoding="utf-8") as file:
            file.write(",".join([*(f"feature_{i}" for i in range(features)), "label"]) + "\n")
            for row, label in zip(x.tolist(), y.tolist(), strict=True):
                cells = [f"{value:.4f}" for value in row]
                file.write(",".join([*cells, f"species {label}"]) + "\n")

    return make


def pictures(files: int, classes: int) -> Callable[[Path], None]:
    """Return what writes ``files`` PNGs of 16 by 16 pixels, in a folder a class."""

    def make(folder: Path) -> None:
        import numpy as np
        from PIL import Image

        draw = np.random.default_rng(0)
        for label in range(classes):
            (folder / "images" / f"class{label:04}").mkdir(parents=True)
        for index in range(files):
            pixels = draw.integers(0, 128, (16, 16, 3), dtype=np.uint8)
            pixels[:, :, index % classes % 3] += 100
            image = Image.fromarray(pixels)
            image.save(folder / "images" / f"class{index % classes:04}" / f"{index:06}.png")

    return make


LANGUAGE = {"kind": "lstm", "hidden": 16, "embedding": 8}
MLP = {"kind": "mlp", "hidden": [64]}
LOOK = {"train --dry-run": "train RECIPE --dry-run"}
USUAL = {
    **LOOK,
    "train": "train RECIPE",
    "eval": "eval RUN",
    "eval --json": "eval RUN --json",
    "curves": "curves RUN",
    "diagnose": "diagnose RECIPE --budget 1s",
}

CASES = {
    "text-characters": Case(
        plain_text,
        {"data": {"kind": "text", "path": "text.txt", "tokens": "char"}, "model": LANGUAGE},
        LOOK,
        "plain text, 50 MB, tokens: char",
    ),
    "text-words": Case(
        plain_text,
        {"data": {"kind": "text", "path": "text.txt", "tokens": "word"}, "model": LANGUAGE},
        LOOK,
        "plain text, 50 MB, tokens: word",
    ),
    "texts": Case(
        texts,
        {"data": {"kind": "text", "path": "texts.csv", "target": "label"}, "model": LANGUAGE},
        LOOK,
        "200,000 texts in a csv, 10 classes",
    ),
    "classes-npz": Case(
        npz(100_000, 20, CLASSES),
        {"data": {"kind": "npz", "path": "data.npz", "sampling": "balanced"}, "model": MLP},
        USUAL,
        "npz, 100,000 x 20, 2,000 classes",
    ),
    "classes-csv": Case(
        csv(40_000, 10, CLASSES),
        {"data": {"kind": "csv", "path": "data.csv", "target": "label"}, "model": MLP},
        USUAL,
        "csv, 40,000 x 10, 2,000 classes",
    ),
    "classes-images": Case(
        pictures(20_000, CLASSES),
        {"data": {"kind": "image_folder", "path": "images", "size": 16}, "model": MLP},
        {**USUAL, "predict": "predict RUN images --out predictions.csv"},
        "20,000 PNGs of 16 x 16, 2,000 classes",
    ),
    "images": Case(
        pictures(20_000, 2),
        {"data": {"kind": "image_folder", "path": "images", "size": 16}, "model": MLP},
        {**USUAL, "predict": "predict RUN images --out predictions.csv"},
        "20,000 PNGs of 16 x 16, 2 classes",
    ),
    "columns": Case(
        npz(300, 5_000, 2),
        {"data": {"kind": "npz", "path": "data.npz"}, "model": MLP},
        {"validate --data": "validate RECIPE --data", **USUAL},
        "npz, 300 x 5,000",
    ),
    "samples": Case(
        npz(500_000, 10, 5),
        {"data": {"kind": "npz", "path": "data.npz", "batch_size": 4096}, "model": MLP},
        USUAL,
        "npz, 500,000 x 10",
    ),
}
"""Larger tables go here, beside what they are compared with."""


@dataclass(frozen=True)
class Cost:
    """What a command took: processor seconds, and the largest resident memory in MiB."""

    seconds: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.memory:,.0f} MiB"


def cost(arguments: list[str], folder: Path, package: Path, most: float) -> Cost | None:
    """Return what a command takes with the package in the checkout ``package``.

    Args:
        most: processor seconds after which it is given up; None is returned then.
    """
    env = {**os.environ, "PYTHONPATH": str(package), "TRICKRUN_RUNS": str(folder / "runs")}
    command = [sys.executable, "-m", "trickrun", *arguments]
    with open(folder / "said.txt", "w") as said:
        limited = ["/bin/sh", "-c", f'ulimit -t {most:.0f}; exec "$@"', "sh", *command]
        process = subprocess.Popen(limited, cwd=folder, env=env, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return None
    # Exit status 1 is a verdict; what is worse is a mistake of the benchmark.
    if code not in (0, 1):
        told = (folder / "said.txt").read_text()[-2000:]
        raise SystemExit(f"exit status {code}: {' '.join(arguments)}\n{told}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(name: str, folder: Path, package: Path, most: float) -> dict[str, Cost | None]:
    """Return what each command of a case takes, whose input is in ``folder``."""
    import yaml

    case = CASES[name]
    tree = {"name": name, **case.recipe, "train": {"epochs": 1, "device": "cpu"}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(tree))
    stands_for = {"RECIPE": "recipe.yaml", "RUN": name}
    found: dict[str, Cost | None] = {}
    for label, line in case.commands.items():
        found[label] = cost(
            [stands_for.get(word, word) for word in line.split()], folder, package, most
        )
        print(f"{package.name} {name} {label}: {found[label] or 'given up'}", flush=True)
    return found


def make(name: str, folder: Path) -> None:
    """Write a case's input, in a process of its own: a large parent would count as its children's
    memory."""
    subprocess.run([sys.executable, __file__, "--make", name, str(folder)], check=True)


def table(found: Mapping[str, list[dict[str, Cost | None]]], most: float) -> str:
    """Return the section's table: a line a command, before and after if both are there."""
    lines = [
        "| input | command | before: CPU s | MiB | after: CPU s | MiB |",
        "|---|---|---|---|---|---|",
    ]
    for name, sides in found.items():
        for label in sides[-1]:
            cells = []
            for side in [{}] * (2 - len(sides)) + sides:
                spent = side.get(label)
                gone = f"over {most:.0f}" if label in side else ""
                cells += [f"{spent.seconds:.1f}", f"{spent.memory:,.0f}"] if spent else [gone, ""]
            lines.append(f"| {CASES[name].input} | {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="cases, or how their names begin")
    parser.add_argument("--before", type=Path, help="another checkout of trickrun")
    parser.add_argument("--most", type=float, default=300, help="CPU seconds a command")
    parser.add_argument(
        "--make", nargs=2, metavar=("CASE", "FOLDER"), help="write an input, no more"
    )
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    if options.make:
        CASES[options.make[0]].make(Path(options.make[1]))
        return
    packages = [*([options.before.resolve()] if options.before else []), ROOT]
    found: dict[str, list[dict[str, Cost | None]]] = {}
    for name in [name for name in CASES if name.startswith(tuple(options.only))]:
        found[name] = []
        for package in packages:
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                make(name, folder)
                found[name].append(measure(name, folder, package, options.most))
    told = table(found, options.most)
    print(told)
    if options.write:
        head = (
            f"`python benchmarks/size.py`: whole commands, one epoch. {machine('torch', 'numpy')}"
        )
        write_section("Large data", f"{head}\n\n{told}")


if __name__ == "__main__":
    main()
