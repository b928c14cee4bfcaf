"""The right recipes that faults are put into: small enough for seconds, unlike each other.

The halves share neither a base nor a data set.
"""

from __future__ import annotations

from benchmarks.faults.bases_architectures import (
    DEVELOPMENT_ARCHITECTURES,
    HELD_BACK_ARCHITECTURES,
)
from benchmarks.faults.bases_development import DEVELOPMENT
from benchmarks.faults.bases_held_back import HELD_BACK
from benchmarks.faults.programs import Base, Tree

F1 = "val_f1_macro"
R2 = "val_r2"

REGRESSION = {
    "parabola-mlp", "sine-mlp", "diabetes-mlp",
    "friedman-mlp", "circuit-mlp", "sheet-own-loss", "line-mlp",
}  # fmt: skip


def metric_of(name: str, tree: Tree) -> str:
    if name in REGRESSION:
        return R2
    return F1 if "metrics" in tree else "val_accuracy"


BASES = {
    name: Base(name, part, tree, metric_of(name, tree))
    for part, trees in (
        ("development", DEVELOPMENT | DEVELOPMENT_ARCHITECTURES),
        ("held-back", HELD_BACK | HELD_BACK_ARCHITECTURES),
    )
    for name, tree in trees.items()
}
