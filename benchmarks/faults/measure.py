"""How well a recipe trains, in one number for each seed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.faults.healthy import RECIPES
from benchmarks.faults.programs import TARGETS, Base, Program, Tree, tree_of
from trickrun.compiler import compile_recipe
from trickrun.engines.work import prepared
from trickrun.loop import train
from trickrun.recipe.load import from_tree
from trickrun.records import Evaluation, NonFinite

WORST = {"val_r2": -1.0}
"""The least that a run counts as, and what a diverged one does; 0 for other metrics."""


def folder_of(program: Program) -> Path:
    """Return the folder that a program's relative paths start from."""
    return RECIPES if program.base.startswith("shipped-") else TARGETS


def metrics(program: Program, base: Base, seeds: Iterable[int], folder: Path) -> list[float]:
    """Return the program's final metric with each seed."""
    tree = tree_of(program, base)
    return [final_metric(tree, program.metric, seed, folder) for seed in seeds]


def final_metric(tree: Tree, metric: str, seed: int, folder: Path) -> float:
    """Return the metric at the end of training, not at its best: overfitting shows only there."""
    recipe = from_tree({**tree, "seed": seed})
    job = compile_recipe(recipe, folder, prepared(recipe, folder))
    last = worst = WORST.get(metric, 0.0)
    try:
        for record in train(job):
            if isinstance(record, Evaluation):
                last = record.values[metric]
    except NonFinite:
        return worst
    return max(worst, last) if last == last else worst
