"""A grid of 32 trials with trickrun, and with Optuna and Ray Tune around a hand-written loop.

    python benchmarks/grid_peers.py [--write]

The hand-written loop is grid_speed.py's. Optuna calls it for one learning rate after another, Ray
Tune in one worker a core; both get the data normalized, and Ray's workers and trickrun's have been
started before. Ways that are not installed are left out (``pip install -e '.[bench]'``).
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from grid_speed import CASES, HERE, METRIC, Case, plain_job, plain_seconds, trials_of, ways
from results import installed, machine, write_section

from trickrun.data.splits.prepare import prepare
from trickrun.recipe.load import from_tree
from trickrun.search.executors.choose import run_trials
from trickrun.search.trial import Trial
from trickrun.training.threads import available, cores

TRIALS, BATCH = 32, 64
NETWORKS = ("MLP 64-64-32-10", "MLP 64-256-128-10", "CNN 8, 16 / 32")


def train_by_hand(tree: dict[str, Any], rates: Sequence[float], threads: int) -> float:
    """Train with each of ``rates`` by hand; return the seconds without loading the data."""
    torch.set_num_threads(threads)
    recipe = from_tree(tree)
    return plain_seconds(plain_job(recipe, prepare(recipe.data, HERE)), rates)


def with_optuna(trials: Sequence[Trial]) -> float:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rates = [trial.params["optimizer.lr"] for trial in trials]
    torch.set_num_threads(available())
    recipe = from_tree(trials[0].tree)
    job = plain_job(recipe, prepare(recipe.data, HERE))
    start = {name: value.clone() for name, value in job.model.state_dict().items()}

    def objective(trial: Any) -> float:
        job.model.load_state_dict(start)
        plain_seconds(job, [trial.suggest_categorical("lr", rates)])
        return 0.0

    study = optuna.create_study(sampler=optuna.samplers.GridSampler({"lr": rates}))
    began = time.perf_counter()
    study.optimize(objective, n_trials=len(rates))
    return time.perf_counter() - began


def with_ray(trials: Sequence[Trial]) -> float:
    import ray
    from ray import tune

    tree, here = trials[0].tree, str(HERE)

    def trainable(config: dict[str, float]) -> dict[str, float]:
        import sys

        sys.path.insert(0, here)
        from grid_peers import train_by_hand

        return {"seconds": train_by_hand(tree, [config["lr"]], 1)}

    if not ray.is_initialized():
        ray.init(num_cpus=cores(), include_dashboard=False, log_to_driver=False)
    rates = [trial.params["optimizer.lr"] for trial in trials]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space={"lr": tune.grid_search(rates)},
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
        return time.perf_counter() - began


def with_trickrun(trials: Sequence[Trial]) -> float:
    began = time.perf_counter()
    results = list(run_trials(trials, HERE, METRIC))
    assert all(result.status == "finished" for result in results), results
    return time.perf_counter() - began


def by_hand(trials: Sequence[Trial]) -> float:
    rates = [trial.params["optimizer.lr"] for trial in trials]
    return train_by_hand(trials[0].tree, rates, available())


WAYS: dict[str, tuple[str, Callable[[Sequence[Trial]], float]]] = {
    "trickrun": ("torch", with_trickrun),
    "plain loop": ("torch", by_hand),
    "Optuna": ("optuna", with_optuna),
    "Ray Tune": ("ray", with_ray),
}
"""Each with the package that it needs."""


def measure(case: Case, repeats: int) -> dict[str, list[float]]:
    """Return each way's seconds in each of ``repeats`` rounds."""
    trials = trials_of(case, BATCH, TRIALS)
    seconds: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, (package, way) in WAYS.items():
            if installed(package) != "missing":
                seconds.setdefault(name, []).append(way(trials))
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(CASES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    options = parser.parse_args()
    logging.getLogger("ray").setLevel(logging.ERROR)
    warm = trials_of(CASES["MLP 64-64-32-10"], BATCH, 2)
    for way in ways().values():
        way(warm)
    if installed("ray") != "missing":
        with_ray(warm)
    load = os.getloadavg()[0]
    lines = ["| network | way | seconds | trickrun is faster by |", "|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for network in options.networks:
        seconds = measure(CASES[network], options.repeats)
        for name, spent in seconds.items():
            ratios = [a / b for a, b in zip(spent, seconds["trickrun"], strict=True)]
            lines.append(
                f"| {network} | {name} | {statistics.median(spent):.2f} "
                f"({min(spent):.2f}-{max(spent):.2f}) | {statistics.median(ratios):.1f} "
                f"({min(ratios):.1f}-{max(ratios):.1f}) |"
            )
            print(lines[-1], flush=True)
    told = (
        f"`python benchmarks/grid_peers.py`: {TRIALS} trials at batch {BATCH}, medians (ranges) of "
        f"{options.repeats} rounds.\n{machine('torch', 'optuna', 'ray')}, load {load:.1f} before "
        f"and {os.getloadavg()[0]:.1f} after\n\n"
    )
    if options.write:
        write_section("Grids beside Optuna and Ray Tune", told + "\n".join(lines))


if __name__ == "__main__":
    main()
