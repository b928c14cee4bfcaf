"""lr-find's suggestion beside an exhaustive sweep, torch-lr-finder's and Lightning's picks.

    pip install -c constraints.txt -e ".[bench]"
    OMP_NUM_THREADS=1 python benchmarks/lr_find.py

For each case every lr of the sweep trains three seeds for 300 steps at a constant lr; so do all the
picks. The loss L of a run is the mean data loss over the whole training split afterwards, in
evaluation mode: what the optimizer is there to lower. A pick is good if its normalized regret
(L(pick) - L(best)) / (L(init) - L(best)) in the median seed is at most 0.02, or if its seeds'
interval of L overlaps that of the sweep's best lr. It has diverged if any seed ends non-finite or
a tenth above its L(init), the loss of its first batches.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lr_find_cases import DEVELOPED, HELD_OUT, cases, recipe_text
from lr_find_peers import lightning, torch_lr_finder
from results import machine, write_section

from trickrun.checks.lr_find.lr_find_check import lr_find
from trickrun.checks.recipe_subject import RecipeSubject
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.recipe.load import Loaded, derive, load
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import evaluate
from trickrun.training.events import NonFinite, TrainedSteps
from trickrun.training.job import Job
from trickrun.training.loop import train

HELD_OUT_NOTE = (
    "The first nine were looked at again when smoothing, the search for the steepest point and the "
    "refusals were changed; the last three were run when all was final."
)

SWEEP = [10 ** (-5 + 6 * i / 19) for i in range(20)]
SEEDS = range(3)
TOOLS = ("trickrun", "torch-lr-finder", "Lightning", "steepest", "valley", "min/10")


@dataclass(frozen=True)
class Pick:
    """What one tool picked for a case.

    Args:
        lr: None if it picked none.
        regret: normalized, in the median seed; infinite if that seed broke down.
        worst: the same in the worst seed.
        overlaps: whether its seeds' losses overlap those of the sweep's best lr.
        diverged: whether any seed did.
    """

    lr: float | None
    regret: float = math.inf
    worst: float = math.inf
    overlaps: bool = False
    diverged: bool = False

    @property
    def good(self) -> bool:
        return self.regret <= 0.02 or self.overlaps


@dataclass(frozen=True)
class Case:
    """What was measured on a case: the sweep's best lr, those as good as it, and the picks."""

    name: str
    best: float
    low: float
    high: float
    band: tuple[float, float] | None
    picks: dict[str, Pick]


def job_of(loaded: Loaded, data: Prepared, seed: int, lr: float | None = None) -> Job:
    """Return a fresh job of the case."""
    changes = {"seed": seed, "data.drop_last": True}
    changed = derive(loaded, changes if lr is None else {**changes, "optimizer.lr": lr})
    return compile_recipe(changed.recipe, changed.folder, data)


def final_loss(job: Job) -> float:
    """Train ``job`` and return its loss on the training split; infinite if it broke down."""
    done = 0
    try:
        for record in train(job):
            if isinstance(record, TrainedSteps):
                done += len(record.losses)
            if done == job.span.steps:
                break
    except NonFinite:
        return math.inf
    loss = evaluate(job, job.data.train, job.targets["train"])["loss"]
    return loss if math.isfinite(loss) else math.inf


def measure(name: str, steps: int) -> Case:
    """Sweep a case with runs of ``steps``, let every tool pick, and train with what it picked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.yaml"
        path.write_text(recipe_text(name, steps))
        loaded = load(path)
    data = prepare(loaded.recipe.data, loaded.folder)

    def losses(lr: float) -> list[float]:
        return [final_loss(job_of(loaded, data, seed, lr)) for seed in SEEDS]

    verdict, _ = lr_find(RecipeSubject(loaded))
    found = verdict.result
    initial = [seed["initial"] for seed in verdict.series["per_seed"]]
    sweep = {lr: losses(lr) for lr in SWEEP}
    best = min(sweep, key=lambda lr: statistics.median(sweep[lr]))

    def judged(lr: float | None) -> Pick:
        return Pick(None) if lr is None else judge(lr, losses(lr), sweep[best], initial)

    basin = [lr for lr in SWEEP if judge(lr, sweep[lr], sweep[best], initial).good]
    picked = {
        "trickrun": found["suggestion"],
        "torch-lr-finder": median_pick(torch_lr_finder, loaded, data),
        "Lightning": median_pick(lightning, loaded, data),
        "steepest": found["steepest"],
        "valley": found["valley"],
        "min/10": found["min_over_10"],
    }
    band = None if found["suggestion"] is None else (found["low"], found["high"])
    picks = {tool: judged(lr) for tool, lr in picked.items()}
    return Case(name, best, min(basin), max(basin), band, picks)


def judge(lr: float, losses: list[float], best: list[float], initial: list[float]) -> Pick:
    """Return how good a pick is by its seeds' losses beside those of the best lr."""
    runs = list(zip(losses, best, initial, strict=True))
    regrets = [(loss - least) / (start - least) for loss, least, start in runs]
    diverged = any(loss > 1.1 * start for loss, _, start in runs)
    overlaps = not diverged and min(losses) <= max(best)
    return Pick(lr, statistics.median(regrets), max(regrets), overlaps, diverged)


def median_pick(
    tool: Callable[[Job], float | None], loaded: Loaded, data: Prepared
) -> float | None:
    """Return the tool's median pick over the seeds, as trickrun takes one; None if it has none."""
    picks = [tool(job_of(loaded, data, seed)) for seed in SEEDS]
    known = [pick for pick in picks if pick is not None and pick > 0]
    return statistics.median(known) if known else None


def row(case: Case) -> str:
    """Return a case's line of the table."""
    cells = [case.name, f"{case.low:.2g} … **{case.best:.2g}** … {case.high:.2g}"]
    cells += [cell(case.picks[tool]) for tool in TOOLS[:3]]
    band = "" if case.band is None else f"{case.band[0]:.2g} … {case.band[1]:.2g}"
    return "| " + " | ".join([*cells[:2], band, *cells[2:]]) + " |"


def cell(pick: Pick) -> str:
    """Return a pick: lr, regret, and a mark if it is not good."""
    if pick.lr is None:
        return "none ✗"
    mark = " diverged" if pick.diverged else "" if pick.good else " ✗"
    regret = round(pick.regret, 3) + 0.0  # -0.0 is no news
    return f"{pick.lr:.2g} ({regret:.3f}){mark}"


def table(measured: list[Case]) -> str:
    """Return the table of some cases, and how many of each tool's picks are good."""
    head = ["case", "as good as the **best** of the sweep", "trickrun's seeds", *TOOLS[:3]]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *map(row, measured), ""]
    for tool in TOOLS:
        picks = [case.picks[tool] for case in measured]
        good = sum(pick.good for pick in picks)
        diverged = sum(pick.diverged for pick in picks)
        regrets = [pick.regret for pick in picks if pick.lr is not None]
        lines.append(
            f"- {tool}: {good} of {len(picks)} good, {diverged} diverged; regret "
            f"{statistics.median(regrets):.3f} in the median case, {max(regrets):.3f} in the worst "
            f"one, {max(pick.worst for pick in picks if pick.lr is not None):.3f} in the worst seed"
        )
    return "\n".join(lines)


def report(developed: list[Case], held_out: list[Case], seconds: float) -> str:
    """Return the section of RESULTS.md."""
    explained = (__doc__ or "").split("\n\n")[2].replace("\n", " ")
    packages = ("torch", "torch-lr-finder", "lightning")
    return "\n\n".join(
        [
            f"`benchmarks/lr_find.py`, 1 thread, {seconds / 60:.0f} min of processor time. "
            + machine(*packages),
            explained,
            "In brackets: the regret. ✗: not good. Each tool's pick is the median over three "
            "seeds. steepest, valley and min/10 are the classical picks from trickrun's curve. "
            "Lightning 2.6 takes the loss's slope over the lr, not over its logarithm, which makes "
            "noise at the lowest lrs the steepest.",
            "### Cases that the rule was developed on\n\n" + table(developed),
            "### Cases first run when the rule stood\n\n"
            + HELD_OUT_NOTE
            + "\n\n"
            + table(held_out),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", help="run the cases that contain this, and write no results")
    parser.add_argument("--steps", type=int, default=300, help="of each run; others: no results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    measured: list[list[Case]] = []
    for listed in (DEVELOPED, HELD_OUT):
        measured.append([])
        for name in cases(listed):
            if options.only is None or options.only in name:
                measured[-1].append(measure(name, options.steps))
                print(row(measured[-1][-1]), flush=True)
    if options.only is None and options.steps == 300:
        body = report(*measured, time.process_time() - started)
        write_section("lr-find beside an exhaustive sweep", body)
        print(body)


if __name__ == "__main__":
    main()
