"""Attacks with one case, which a worker process can import."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.attacks.case import Attack, Case
from benchmarks.attacks.mutate import HOSTILE


def nothing(home: Path) -> None:
    """Nothing is needed beforehand."""


def arrange(rng: random.Random, home: Path, folder: Path) -> Case:
    (folder / "r.yaml").write_text("data: iris\nmodel: mlp\noptimizer: {lr: x}\n")
    return Case("a wrong value", (("validate", "r.yaml"),), 2.0)


ONE = Attack(nothing, arrange)


def arrange_pickle(rng: random.Random, home: Path, folder: Path) -> Case:
    (folder / "r.yaml").write_text("data: iris\nmodel: mlp\ntrain: {device: cpu}\n")
    (folder / "run" / "checkpoints").mkdir(parents=True)
    (folder / "run" / "resolved.yaml").write_text("data: iris\nmodel: mlp\n")
    (folder / "run" / "checkpoints" / "best.pt").write_bytes(HOSTILE[1])
    command = ("train", "r.yaml", "model.init_from=run", "--dry-run")
    return Case("weights that are a pickle", (command,), 30.0)


PICKLE = Attack(nothing, arrange_pickle)
