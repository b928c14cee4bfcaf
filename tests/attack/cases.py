"""Attacks with one case, which a worker process can import."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.attacks.case import Attack, Case


def nothing(home: Path) -> None:
    """Nothing is needed beforehand."""


def arrange(rng: random.Random, home: Path, folder: Path) -> Case:
    (folder / "r.yaml").write_text("data: iris\nmodel: mlp\noptimizer: {lr: x}\n")
    return Case("a wrong value", (("validate", "r.yaml"),), 1.0)


ONE = Attack(nothing, arrange)
