"""Comparisons in Python: which is better, what a trick is worth, how much seeds differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trickrun.api.asked import is_recipe, unhurried
from trickrun.api.recipes import RecipeLike, command_line, load
from trickrun.api.runs import Folder, Run, root_of
from trickrun.errors import TrainingFailed, TrickrunError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded

if TYPE_CHECKING:
    from trickrun.checks.comparison.arms import Over
    from trickrun.checks.comparison.check import Asked, Place, Target
    from trickrun.run.folder import RunFolder


def compare(
    *targets: RecipeLike | Run,
    seeds: int | None = None,
    splits: bool = False,
    metric: str | None = None,
    budget: float | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Say which recipe or run is better, by how much, and whether that is more than luck.

    Args:
        targets: recipes (paths, or what ``load`` returned) and runs; all are compared with the
            first. Runs whose recipes differ in their seeds only count as one.
        seeds: what is missing of so many seeds of each is trained; None: runs are taken as they
            are, recipes are trained with 5.
        splits: each round also draws its own split of the data.
        metric: what decides, such as "val_accuracy"; None: what the first recipe's grid ranks by.
        budget: seconds that it may take; None: as long as it takes.
        runs_dir: where runs are kept; None: TRICKRUN_RUNS, or ``runs`` in the working folder.

    Returns:
        The same record that ``trickrun compare --json`` gives under ``result``:
            ``comparisons`` has for each but the first ``answer`` ("better", "worse", "same" or
            "cannot tell"), ``needed`` seeds and ``differences`` by metric.

    Raises:
        TrickrunError: a recipe, a run or its data are at fault, or there is nothing to compare.
        TrainingFailed: no training finished.
    """
    found = [target_of(target) for target in targets]
    if not found:
        raise TrickrunError("there is nothing to compare", "", "give two recipes or runs")
    words = [word for target in targets for word in words_of(target)]
    line = ["trickrun", "compare", *words, *options(seeds, splits, metric, budget)]

    def work(asked: Asked, place: Place) -> tuple[Verdict, RunFolder]:
        from trickrun.checks.comparison.check import compare as check

        return check(found, asked, place)

    return done("compare", work, (seeds, splits, metric), budget, runs_dir, line)


def seeds(
    recipe: RecipeLike,
    /,
    *overrides: str,
    seeds: int = 10,
    splits: bool = False,
    metric: str | None = None,
    budget: float | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Train a recipe with several seeds: mean, deviation, interval of each metric, odd seeds.

    Args:
        recipe: see ``load``.
        overrides: see ``load``.
        seeds: how many, from the recipe's own on.
        splits: see ``compare``.
        metric: see ``compare``.
        budget: see ``compare``.
        runs_dir: see ``compare``.

    Returns:
        The same record that ``trickrun seeds --json`` gives under ``result``: ``arms[0]`` has
            ``metrics`` by name; ``odd`` lists the odd seeds and why.

    Raises:
        TrickrunError: the recipe or its data are at fault.
        TrainingFailed: no training finished.
    """
    loaded = load(recipe, *overrides)
    given = {"seeds": seeds, "splits": splits, "metric": metric, "budget": budget}

    def work(asked: Asked, place: Place) -> tuple[Verdict, RunFolder]:
        from trickrun.checks.comparison.check import seeds as check

        return check(loaded, asked, place)

    line = command_line("seeds", loaded, given)
    return done("seeds", work, (seeds, splits, metric), budget, runs_dir, line)


def ablate(
    recipe: RecipeLike,
    /,
    *overrides: str,
    add: Sequence[str] = (),
    seeds: int = 5,
    splits: bool = False,
    metric: str | None = None,
    budget: float | None = None,
    runs_dir: Folder = None,
) -> Verdict:
    """Take each trick of a recipe away, one at a time, and put candidates in, one at a time.

    Args:
        recipe: see ``load``.
        overrides: see ``load``.
        add: the candidates, each ``path=value``.
        seeds: of each arm, the same for all.
        splits: see ``compare``.
        metric: see ``compare``.
        budget: see ``compare``.
        runs_dir: see ``compare``.

    Returns:
        The same record that ``trickrun ablate --json`` gives under ``result``: ``tricks``, the
            most useful first, each with ``contribution``; ``lean`` is the recipe without those
            that were not shown to help.

    Raises:
        TrickrunError: the recipe, a candidate or the data are at fault, or there is no trick.
        TrainingFailed: no training of the recipe finished.
    """
    loaded = load(recipe, *overrides)
    given = {"seeds": seeds, "splits": splits, "metric": metric, "budget": budget}
    candidates = [word for text in add for word in ("--add", text)]

    def work(asked: Asked, place: Place) -> tuple[Verdict, RunFolder]:
        from trickrun.checks.comparison.ablation import ablate as check

        return check(loaded, list(add), asked, place)

    line = command_line("ablate", loaded, given) + candidates
    return done("ablate", work, (seeds, splits, metric), budget, runs_dir, line)


def target_of(target: RecipeLike | Run) -> Target:
    """Return what is compared: a loaded recipe, or a run's folder."""
    if isinstance(target, Run):
        return target.folder
    if not is_recipe(target):
        shown = type(target).__name__
        raise TrickrunError(f"this is neither a recipe nor a run, but {shown}", "targets")
    if isinstance(target, str | os.PathLike) and (Path(target) / "resolved.yaml").exists():
        return Run(Path(target)).folder
    return load(target)


def words_of(target: RecipeLike | Run) -> list[str]:
    """Return what names it on a command line."""
    if isinstance(target, Loaded):
        return [str(target.path), *target.overrides]
    return [str(target.path if isinstance(target, Run) else target)]


def options(seeds: int | None, splits: bool, metric: str | None, budget: float | None) -> list[str]:
    """Return the options of a command line that say the same."""
    given = {"--seeds": seeds, "--metric": metric, "--budget": budget}
    flags = [word for key, v in given.items() if v is not None for word in (key, str(v))]
    return [*flags, *(["--splits"] if splits else [])]


def done(
    command: str,
    work: Callable[[Asked, Place], tuple[Verdict, RunFolder]],
    asked: tuple[int | None, bool, str | None],
    budget: float | None,
    runs_dir: Folder,
    line: list[str],
) -> Verdict:
    """Do what a command does and print it; see ``compare_and_tell``.

    Args:
        asked: seeds, splits and metric.
    """
    from trickrun.checks.comparison.check import Asked
    from trickrun.reporting.commands.comparison import compare_and_tell
    from trickrun.reporting.notebook import show_pictures

    seeds, splits, metric = asked
    least = 1 if command == "compare" else 2
    if seeds is not None and (type(seeds) is not int or seeds < least):
        raise TrickrunError(f"this is {seeds!r}", "seeds", f"give a whole number from {least}")
    if metric is not None and not isinstance(metric, str):
        raise TrickrunError(f"this is {metric!r}", "metric", "give a name such as val_accuracy")
    over: Over = "splits" if splits else "seeds"
    root = root_of(runs_dir)
    shown = compare_and_tell(
        command,
        lambda place: work(Asked(seeds, over, metric), place),
        root,
        line,
        unhurried(budget),
    )
    if shown.verdict.verdict == "fail":
        failed = TrainingFailed(shown.verdict.summary, str(shown.folder.path))
        failed.run = str(shown.folder.path)
        raise failed
    show_pictures(dict(shown.drawn))
    return replace(shown.verdict, run=str(shown.folder.path))
