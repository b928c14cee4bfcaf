"""What computing a frozen prefix once saves: the same trainings with and without, interleaved.

    python benchmarks/frozen_prefix.py --samples 200 --epochs 10

EfficientNet-Lite0 with its ImageNet weights on Fashion-MNIST at 64 pixels. Seconds are the
processor's, on one thread, for the whole training loop: the prefix's one pass over both splits, all
steps, all evaluations.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from results import machine, write_section

from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Evaluation
from trickrun.training.loop import train

RECIPE = Path(__file__).parents[1] / "recipes" / "transfer.yaml"
FREEZE = ("all", "all_but_last")


def recipe_of(samples: int, epochs: int, freeze: str | int, cache: bool) -> Recipe:
    """Return the recipe for one training."""
    changes = [
        f"data.subset.n={samples}",
        "data.split.val=0.002",
        f"train.epochs={epochs}",
        "train.device=cpu",
        "train.threads=1",
        f"model.freeze={freeze}",
        f"model.cache={str(cache).lower()}",
        "expect=null",
    ]
    return load(RECIPE, changes).recipe


def trained(recipe: Recipe, data: Prepared) -> tuple[float, list[float]]:
    """Return the processor seconds that training took, and the validation losses."""
    job = compile_recipe(recipe, RECIPE.parent, data)
    started = time.process_time()
    losses = [r.values["val_loss"] for r in train(job) if isinstance(r, Evaluation)]
    return time.process_time() - started, losses


def row(given: argparse.Namespace, freeze: str | int, data: Prepared) -> str:
    """Return a row of the table: seconds without and with the cache, and whether losses agree."""
    recipes = [recipe_of(given.samples, given.epochs, freeze, cache) for cache in (False, True)]
    pairs = [[trained(recipe, data) for recipe in recipes] for _ in range(given.repeats)]
    seconds = [statistics.median(pair[i][0] for pair in pairs) for i in (0, 1)]
    ratios = sorted(pair[0][0] / pair[1][0] for pair in pairs)
    apart = max(abs(a - b) / a for a, b in zip(pairs[0][0][1], pairs[0][1][1], strict=True))
    return (
        f"| {freeze} | {seconds[0]:.1f} | {seconds[1]:.1f} | {statistics.median(ratios):.1f} "
        f"| {ratios[0]:.1f} - {ratios[-1]:.1f} | {apart:.0e} |"
    )


def main() -> None:
    """Measure every way of freezing and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    given = parser.parse_args()
    data = prepare(recipe_of(given.samples, 1, "all", True).data, RECIPE.parent)
    rows = []
    for freeze in FREEZE:
        rows.append(row(given, freeze, data))
        print(rows[-1], flush=True)
    if given.write:
        assert data.val is not None
        write_section(
            "Frozen stages computed once",
            f"`python benchmarks/frozen_prefix.py`: EfficientNet-Lite0 at 64 pixels on "
            f"{given.samples} training and {len(data.val)} validation images of Fashion-MNIST, "
            f"{given.epochs} epochs; medians of {given.repeats} interleaved trainings.\n"
            f"{machine('torch', 'efficientnet-lite-pytorch')}, 1 thread\n\n"
            "| freeze | recomputed, CPU s | computed once, CPU s | speed-up | lowest - highest "
            "| losses apart by |\n|---|---|---|---|---|---|\n" + "\n".join(rows),
        )


if __name__ == "__main__":
    main()
