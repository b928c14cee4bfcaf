"""How well a recipe trains, in one number for each seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.faults.healthy import RECIPES, is_shipped
from benchmarks.faults.programs import TARGETS, Program, Tree
from trickrun.search.executors.work import run_chunk
from trickrun.search.groups import groups
from trickrun.search.trial import Trial, TrialResult, make_trial

WORST = {"val_r2": -1.0}
"""The least that a run counts as, and what a diverged one does; 0 for other metrics."""

NEVER = 10**9
"""Steps between evaluations: the only one is then at the end."""


def folder_of(program: Program) -> Path:
    """Return the folder that a program's relative paths start from."""
    return RECIPES if is_shipped(program) else TARGETS


def metrics(tree: Tree, metric: str, seeds: Sequence[int], folder: Path) -> list[float]:
    """Return a recipe's metric with each seed, at the end of training and not at its best, where
    overfitting would not show; with early stopping, what it keeps.

    Raises RuntimeError if the recipe cannot be trained at all.
    """
    trials = [make_trial(tree_to_measure(tree, seed), {"seed": seed}, folder) for seed in seeds]
    results = {r.id: r for chunk in chunks(trials) for r in run_chunk(chunk, folder, metric)}
    return [final(results[trial.id], metric) for trial in trials]


def tree_to_measure(tree: Tree, seed: int) -> Tree:
    """Return the recipe with another seed, evaluated once unless something watches."""
    watches = tree.get("early_stopping") or "plateau" in str(tree.get("optimizer"))
    train = {**tree.get("train", {}), **({} if watches else {"eval_every": NEVER})}
    return {**tree, "seed": seed, "train": train}


def chunks(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Return what trains together: on a CPU a stack is faster for an MLP, slower for a CNN."""
    if trials[0].tree["model"]["kind"] != "mlp":
        return [[trial] for trial in trials]
    return groups(trials)


def final(result: TrialResult, metric: str) -> float:
    """Return the metric of a trial's last evaluation."""
    worst = WORST.get(metric, 0.0)
    if result.status == "diverged":
        return worst
    if result.metric is None:
        raise RuntimeError(result.reason)
    return max(worst, result.metric)
