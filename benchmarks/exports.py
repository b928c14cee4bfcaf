"""Exports in a fresh environment without trickrun: their predictions, and the losses of train.py.

    python benchmarks/exports.py

It makes a virtual environment with torch, numpy, safetensors and the package of the pretrained
network, and no trickrun. Each model kind of the first table is trained for an epoch, exported, and
predict.py is run there on the run's test samples; its csv is compared with what `trickrun predict`
writes. Each recipe of the second table is trained for 50 steps in float32 and in float64, and
train.py takes as many there.
"""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import machine, write_section

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "recipes"
STEPS = 50

NEEDED = ("torch", "numpy", "safetensors", "efficientnet-lite-pytorch")

CNN = (
    "name: digits-cnn\ndata: digits\nmodel: {kind: cnn, channels: [8, 16]}\nnormalization: batch\n"
)
VGG = (
    "name: digits-vgg\ndata: digits\nmodel: {kind: vgg, channels: [8, 16]}\nnormalization: batch\n"
)
LSTM = "name: digits-lstm\ndata: digits\nmodel: {kind: lstm, bidirectional: true, hidden: 32}\n"

PRETRAINED = """\
name: digits-pretrained
data: {kind: digits, normalize: {kind: fixed, mean: 8, std: 8}, subset: 256}
model: {kind: pretrained, size: 32}
"""

NETWORKS = {
    "mlp": "digits.yaml",
    "mlp, numbers and categories": "fruit.yaml",
    "cnn": CNN,
    "vgg": VGG,
    "resnet": "digits-resnet.yaml",
    "lstm, both ways": LSTM,
    "transformer": "digits-transformer.yaml",
    "gru, text to class": "text-classes.yaml",
    "next character": "text-next-character.yaml",
    "pretrained": PRETRAINED,
}

TRAININGS = {
    "digits": "digits.yaml",
    "breast-cancer": "breast-cancer.yaml",
    "moons": "moons.yaml",
    "diabetes": "diabetes.yaml",
    "text-classes": "text-classes.yaml",
    "digits-cnn": CNN + "regularizers: {dropout: 0.3, l2: 1e-4}\n",
}


@dataclass(frozen=True)
class Place:
    """Where a benchmark works: its folder, and the python that has no trickrun."""

    folder: Path
    python: Path

    def trickrun(self, *words: str) -> dict[str, Any]:
        """Return what a command says with --json."""
        command = [sys.executable, "-m", "trickrun", *words, "--json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
        if answer["verdict"] == "error":
            raise SystemExit(f"{' '.join(words)}: {answer}")
        return answer

    def alone(self, folder: Path, *words: str) -> str:
        """Return what a program of an export prints in the fresh environment."""
        done = subprocess.run(
            [str(self.python), "-I", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{folder.name}: {done.stderr}")
        return done.stdout

    def exported(self, name: str, recipe: str, *changes: str) -> tuple[Path, dict[str, Any]]:
        """Train and export a recipe; return the export's folder and what the command said."""
        path = RECIPES / recipe
        if not recipe.endswith(".yaml"):
            path = self.folder / f"{name.split(',')[0]}.yaml"
            path.write_text(recipe, encoding="utf-8")
        run = self.trickrun("train", str(path), *changes)["run"]
        to = self.folder / "exports" / name.replace(",", "").replace(" ", "-")
        return to, self.trickrun("export", run, "--to", str(to)) | {"run": run}


def environment(folder: Path) -> Path:
    """Return the python of a fresh environment with what exports need."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pins = ["-c", str(ROOT / "constraints.txt")]
    subprocess.run([python, "-m", "pip", "install", "-q", *pins, *NEEDED], check=True)
    found = subprocess.run([python, "-c", "import trickrun"], capture_output=True, check=False)
    if found.returncode == 0:
        raise SystemExit("the fresh environment has trickrun")
    return python


def script(name: str) -> list[str]:
    """Return the words that run a program of the working folder under ``python -I``."""
    return ["-c", f"import sys; sys.path.insert(0, '.'); import {name}; {name}.main()"]


def network_row(place: Place, name: str, recipe: str) -> str:
    """Return the line of a model kind."""
    to, answer = place.exported(name, recipe, "train.epochs=1", "expect=null")
    (plain,) = answer["result"]["compared"]
    file = samples_of(place, answer["run"], to)
    place.alone(to, *script("predict"), str(file), "--out", "own.csv")
    place.trickrun("predict", answer["run"], str(file), "--out", str(to / "theirs.csv"))
    rows, apart = difference(to / "own.csv", to / "theirs.csv")
    return (
        f"| {name} | {plain['samples']} | {plain['absolute']:.1e} | {plain['relative']:.1e} | "
        f"{rows} | {apart:.1e} |"
    )


def samples_of(place: Place, run: str, to: Path) -> Path:
    """Return a file of the run's data: its own, or the inputs of what the export has written."""
    import numpy as np

    recipe = json.loads(json.dumps(place.trickrun("show", f"{run}/resolved.yaml")))["result"]
    path = recipe["recipe"]["data"].get("path")
    if path is not None:
        return (RECIPES / path).resolve()
    with np.load(to / "data.npz") as arrays:
        np.savez(to / "inputs.npz", x=arrays["x"])
    return to / "inputs.npz"


def difference(own: Path, theirs: Path) -> tuple[int, float]:
    """Return how many rows two csv files have, and how far their numbers are apart; what is text
    must be the same."""
    apart = 0.0
    with own.open(newline="") as a, theirs.open(newline="") as b:
        rows = list(zip(csv.reader(a), csv.reader(b), strict=True))
    for left, right in rows:
        for x, y in zip(left, right, strict=True):
            try:
                apart = max(apart, abs(float(x) - float(y)))
            except ValueError:
                if x != y:
                    raise SystemExit(f"{own}: {x} is not {y}") from None
    return len(rows) - 1, apart


def training_row(place: Place, name: str, recipe: str) -> str:
    """Return the line of a training."""
    told = []
    for precision, bound in (("float32", 1e-5), ("float64", 1e-10)):
        words = [f"train.steps={STEPS}", f"train.precision={precision}", "train.log_every=1"]
        to, answer = place.exported(
            f"{name} {precision}", recipe, *words, "expect=null", "early_stopping=null",
            "train.device=cpu",
        )  # fmt: skip
        lacks = [note for note in answer["result"]["notes"] if "lacks" in note]
        records = (Path(place.folder) / answer["run"] / "metrics.jsonl").read_text().splitlines()
        ours = [line["loss"] for line in map(json.loads, records) if line["kind"] == "step"]
        data = to / "data.npz"
        if not data.exists():
            data = samples_of(place, answer["run"], to)
        words = [str(data), "--steps", str(STEPS), "--losses", "losses.txt"]
        place.alone(to, *script("train"), *words)
        theirs = [float(line) for line in (to / "losses.txt").read_text().split()]
        pairs = zip(theirs, ours, strict=True)
        apart = max(abs(a - b) / abs(b) for a, b in pairs)
        told += [f"{apart:.1e} ({'within' if apart <= bound else 'above'} {bound:.0e})"]
        told += ["; ".join(lacks)] if lacks else []
        assert len(ours) == STEPS
        assert math.isfinite(apart)
    return f"| {name} | {' | '.join(told)} |"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="trickrun-") as name:
        folder = Path(name)
        python = environment(folder / "environment")
        place = Place(folder, python)
        lines = [
            f"{machine('torch', 'safetensors')}. In a fresh virtual environment without trickrun: "
            f"{', '.join(NEEDED)}. `python benchmarks/exports.py`",
            "",
            "`model.py` beside the run on its test part, as the command itself compares them; then "
            "`predict.py` in the fresh environment beside `trickrun predict`, for the same file.",
            "",
            "| model | samples | largest difference | of the largest output | rows of predict.py | "
            "largest difference |",
            "|---|---|---|---|---|---|",
        ]
        for kind, recipe in NETWORKS.items():
            lines.append(network_row(place, kind, recipe))
            print(lines[-1], flush=True)
        lines += [
            "",
            f"`train.py` in the fresh environment beside `trickrun train`: the largest relative "
            f"difference of the first {STEPS} losses.",
            "",
            "| recipe | float32 | float64 |",
            "|---|---|---|",
        ]
        for kind, recipe in TRAININGS.items():
            lines.append(training_row(place, kind, recipe))
            print(lines[-1], flush=True)
    write_section("Exports", "\n".join(lines))


if __name__ == "__main__":
    main()
