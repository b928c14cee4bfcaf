"""Attacks on run folders: a file of a run is damaged, then the commands read it that read runs."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import random
import shutil
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.attacks.case import RECIPE, SECONDS, TRAINS, Attack, Case, Command
from benchmarks.attacks.mutate import (
    HOSTILE,
    as_json,
    changed_bytes,
    changed_json,
    put,
    replaced_by_no_file,
    some_places,
    value,
)
from benchmarks.attacks.recipes import changed
from benchmarks.attacks.worker import run_command

IRIS = """\
name: iris
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [6]}
early_stopping: {monitor: val_loss, mode: max, patience: 9}
train: {epochs: 2, device: cpu, checkpoint: 1 epoch, look_every: 10}
grid: {metric: val_loss, coarse: {trials: 4, epochs: 1}, fine: {trials: 2, epochs: 1}}
"""

TABLE = """\
name: table
data:
  kind: csv
  path: table.csv
  target: y
  batch_size: 16
  unseen: unknown
  missing: fill
  categories: embedding
model: {kind: mlp, hidden: [6], numeric: piecewise}
train: {epochs: 2, device: cpu, checkpoint: 1 epoch}
"""

HALVING = IRIS.replace("name: iris", "name: halving").replace(
    "{trials: 4, epochs: 1}", "{trials: 3, epochs: 3, halving: true}"
)

RECIPES = {"iris": IRIS, "table": TABLE, "halving": HALVING}

SAMPLES = {"iris": "a,b,c,d\n5.1,3.5,1.4,0.2\n", "table": "x,z,word\n1,2,red\n,3,new\n"}

BUDGET = "--budget=1s"


@dataclass(frozen=True)
class Target:
    """Runs that a case damages one file of.

    Args:
        name: of the folder in ``home`` that has them; the recipe's name comes before a dash.
        commands: some that read them; a word RUN stands for the run that is damaged.
        heavy: some that train.
        cut_off: whether the last line of its metrics is taken away, so that it can go on.
        gone: files that are taken away, so that a command goes on.
        weight: how often it is drawn.
    """

    name: str
    commands: tuple[Command, ...]
    heavy: tuple[Command, ...] = ()
    cut_off: bool = False
    gone: tuple[str, ...] = ()
    weight: float = 1.0


LISTING: tuple[Command, ...] = (("runs",), ("runs", "--json"), ("complete",))
READING: tuple[Command, ...] = (
    *LISTING,
    ("eval", "RUN"),
    ("eval", "RUN", "--split", "train", "--json"),
    ("predict", "RUN", "new.csv"),
    ("curves", "RUN"),
    ("train", "--resume", "RUN"),
    ("train", "--resume", "RUN", "train.epochs=3"),
    ("train", RECIPE, "model.init_from=RUN", "--dry-run"),
)

TARGETS = (
    Target("iris-train", READING, (("diagnose", "RUN", BUDGET),)),
    Target("table-train", READING, (("diagnose", "RUN", BUDGET),)),
    Target("iris-train", (("train", "--resume", "RUN"), ("eval", "RUN")), cut_off=True),
    Target(
        "iris-grid",
        (*LISTING, ("grid", "fine", RECIPE), ("grid", "coarse", RECIPE), ("curves", "RUN")),
        (("diagnose", "RUN", BUDGET),),
    ),
    Target("iris-grid", (("grid", "coarse", RECIPE),), gone=("evidence.json",)),
    Target("halving-grid", (("grid", "coarse", RECIPE),), gone=("evidence.json",), weight=0.5),
    Target("iris-checklist", LISTING, (("checklist", RECIPE, BUDGET, "--keep-going"),)),
    Target(
        "iris-checklist",
        (),
        (("checklist", RECIPE, BUDGET, "--keep-going"),),
        gone=("evidence.json",),
        weight=0.3,
    ),
)

MADE: dict[str, Command] = {
    "iris-train": ("train", RECIPE),
    "table-train": ("train", RECIPE),
    "iris-grid": ("grid", "coarse", RECIPE),
    "halving-grid": ("grid", "coarse", RECIPE),
    "iris-checklist": ("checklist", RECIPE, "--budget=2s", "--keep-going"),
}
"""The folders that cases begin with, and the command that makes the runs of each."""

NEVER = ("report.html", "tuned.yaml")
"""Files of a run that nothing reads."""


def table() -> str:
    """Return a small table of numbers, gaps and words."""
    rng = random.Random(0)
    rows = []
    for number in range(90):
        x, z = rng.gauss(0, 1), rng.randint(0, 40)
        gap = "" if number % 9 == 0 else f"{x:.3f}"
        rows.append(f"{gap},{z},{rng.choice(['red', 'green', 'blue'])},{'ab'[int(x > 0)]}")
    return "\n".join(["x,z,word,y", *rows]) + "\n"


def prepare(home: Path, names: Sequence[str] = tuple(MADE)) -> None:
    """Train, search and take the checklist once; each into folders of its own."""
    process = multiprocessing.get_context("forkserver").Process(target=make, args=(home, names))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the runs cannot be prepared: {(home / 'said').read_text()}")


def make(home: Path, names: Sequence[str]) -> None:
    """Do what ``prepare`` says, in a process of its own."""
    said = os.open(home / "said", os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(said, stream)
    for name in names:
        folder = home / name
        folder.mkdir()
        os.chdir(folder)
        recipe = name.partition("-")[0]
        (folder / RECIPE).write_text(RECIPES[recipe])
        (folder / "table.csv").write_text(table())
        (folder / "new.csv").write_text(SAMPLES.get(recipe, SAMPLES["iris"]))
        if run_command(MADE[name]) not in ("0", "1"):
            sys.exit(1)
        for path in folder.glob("runs/*/*/env.json"):
            facts = json.loads(path.read_text())
            path.write_text(json.dumps({**facts, "recipe_folder": "."}))


def arrange(
    rng: random.Random, home: Path, folder: Path, targets: Sequence[Target] = TARGETS
) -> Case:
    """Copy a target's runs, damage a file, and say what reads it."""
    target = rng.choices(targets, [target.weight for target in targets])[0]
    shutil.copytree(home / target.name, folder, dirs_exist_ok=True)
    runs = sorted(path.parent for path in folder.glob("runs/*/*/resolved.yaml"))
    first = [run for run in runs if (run / "checklist.json").exists()] or runs
    main = first[0]
    for name in target.gone:
        (main / name).unlink()
    if target.gone and (main / "checklist.json").exists():
        steps = json.loads((main / "checklist.json").read_text())
        left = steps[: rng.choice([len(steps), len(steps), rng.randrange(len(steps))])]
        (main / "checklist.json").write_bytes(as_json(left))
    if target.cut_off:
        metrics = main / "metrics.jsonl"
        metrics.write_text("".join(metrics.read_text().splitlines(keepends=True)[:-1]))
    damaged = main if rng.random() < 0.6 else rng.choice(runs)
    path = pick(rng, damaged)
    told = f"{target.name} {path.relative_to(folder)}: {damage(rng, path)}"
    heavy = bool(target.heavy) and (not target.commands or rng.random() < 0.04)
    pool = target.heavy if heavy else target.commands
    chosen = rng.sample(pool, k=min(len(pool), 1 if heavy else 2))
    named = str(damaged.relative_to(folder))
    commands = tuple(tuple(word.replace("RUN", named) for word in words) for words in chosen)
    trains = heavy or any(words[0] in ("grid", "train") for words in commands)
    return Case(told, commands, TRAINS if trains else SECONDS)


FAVOURITES = ("checklist.json", "tree.json", "plan.json", "trials.jsonl", "layout.json")


def pick(rng: random.Random, run: Path) -> Path:
    """Return a file of a run that something reads."""
    files = [path for path in sorted(run.rglob("*")) if path.is_file() and path.name not in NEVER]
    files = [path for path in files if path.suffix != ".svg"]
    often = [path for path in files if path.name in FAVOURITES]
    return rng.choice(often if often and rng.random() < 0.6 else files)


def damage(rng: random.Random, path: Path) -> str:
    """Damage a file; return how."""
    if rng.random() < 0.1:
        return replaced_by_no_file(rng, path)
    content = path.read_bytes()
    if rng.random() < 0.1:
        path.write_bytes(changed_bytes(rng, content))
        return "bytes"
    if rng.random() < 0.02:
        path.write_bytes(b"")
        return "empty"
    new, told = WAYS.get(path.suffix, changed_text)(rng, content)
    path.write_bytes(new)
    return told


def changed_text(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return a recipe with a few changes, and which."""
    text, told = content.decode(), []
    for _ in range(rng.choice([1, 1, 2, 4])):
        text, what = changed(rng, text)
        told.append(what)
    return text.encode("utf-8", errors="surrogatepass"), "; ".join(told)


def changed_arrays(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return an npz file with one of its arrays changed and a right checksum, and which."""
    if rng.random() < 0.1:
        return rng.choice(HOSTILE), "a hostile pickle"
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            inside = old.read(name)
            if name == chosen:
                inside = changed_bytes(rng, inside)
            if name != chosen or rng.random() < 0.95:
                new.writestr(name, inside)
    return stream.getvalue(), f"{chosen}: bytes"


def changed_checkpoint(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return a checkpoint with a value changed and a right checksum, and which."""
    if rng.random() < 0.2:
        return rng.choice(HOSTILE), "a hostile pickle"
    import torch

    from trickrun.training.checkpoint_file import packed

    state = torch.load(io.BytesIO(content), weights_only=True)
    path = rng.choice(some_places(state))
    new, told = another_state(rng, state, path)
    return packed(new), f"{'.'.join(map(str, path)) or 'all'}: {told}"


def another_state(rng: random.Random, state: Any, path: tuple[Any, ...]) -> tuple[Any, str]:
    """Return a checkpoint's state with something else at ``path``, and what."""
    import torch

    here = state
    for step in path:
        here = here[step]
    tensors: list[Callable[[], Any]] = [
        lambda: torch.full((2,), float("nan")),
        lambda: torch.zeros(0),
        lambda: torch.zeros(3, 1, dtype=torch.int64),
        lambda: torch.zeros(4, dtype=torch.complex64),
        lambda: torch.zeros(2, 3).to_sparse(),
        lambda: torch.zeros(2, device="meta"),
        lambda: torch.zeros(()),
    ]
    if isinstance(here, torch.Tensor) and rng.random() < 0.5:
        tensors = [
            lambda: here.double(),
            lambda: here.flatten(),
            lambda: here[None],
            lambda: here * float("nan"),
            lambda: here.to(torch.int8),
            lambda: here.to("meta"),
        ]
    new = rng.choice(tensors)() if rng.random() < 0.5 else value(rng)
    try:
        return put(state, path, new), f"{type(new).__name__} {str(new)[:60]}"
    except (TypeError, KeyError):
        return new, "the whole"


WAYS: dict[str, Callable[[random.Random, bytes], tuple[bytes, str]]] = {
    ".json": changed_json,
    ".jsonl": changed_json,
    ".npz": changed_arrays,
    ".pt": changed_checkpoint,
}

RUNS = Attack(prepare, arrange)

TRAINED = ("iris-train", "table-train")

LIGHT_RUNS = Attack(
    partial(prepare, names=TRAINED),
    partial(arrange, targets=[replace(t, heavy=()) for t in TARGETS if t.name in TRAINED]),
)
"""The runs of trainings alone, and the commands that read them: for the tests."""
