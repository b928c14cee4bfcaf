"""``compare``, ``seeds`` and ``ablate``: what is better, by how much, and is it more than luck?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trickrun.cli.options import (
    MOST_SEEDS,
    AsJson,
    Budget,
    Debug,
    NoPython,
    Overrides,
    RecipePath,
    RunsDir,
)
from trickrun.cli.output import Answer, answer, begin_workers, import_torch, pace
from trickrun.errors import TrainingFailed, TrickrunError

if TYPE_CHECKING:
    from trickrun.checks.comparison.check import Asked, Place, Target
    from trickrun.findings.verdict import Verdict
    from trickrun.reporting.comparison import Form
    from trickrun.run.folder import RunFolder

Splits = Annotated[
    bool,
    typer.Option("--splits", help="Each round also draws its own split of the data."),
]
Metric = Annotated[
    str | None,
    typer.Option(
        help="What decides, such as val_accuracy; by default what the recipe's grid ranks by.",
        show_default=False,
    ),
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print tables in Markdown.")]
Latex = Annotated[
    bool, typer.Option("--latex", help="Print tables in LaTeX; they need the package booktabs.")
]


def compare(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPE|RUN...",
            help=(
                "Recipes, each followed by its changes path=value, and runs: folders, ids or "
                "names. All are compared with the first."
            ),
            show_default=False,
        ),
    ],
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_SEEDS,
            help="Train what is missing of N seeds. By default runs as they are, recipes with 5.",
            show_default=False,
        ),
    ] = None,
    splits: Splits = False,
    metric: Metric = None,
    budget: Budget = None,
    markdown: Markdown = False,
    latex: Latex = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say which is better, by how much, and whether that is more than luck.

    Example: trickrun compare recipes/iris.yaml recipes/iris.yaml optimizer.lr=0.02 --seeds 10
    """

    def work() -> Answer:
        form = form_of(markdown, latex)
        wanted = targets_in(targets, runs_dir)
        # Runs are compared as they are, unless seeds of them may be missing.
        if seeds is None and not any(map(is_recipe, targets)):
            import_torch()
        else:
            begin_workers()
        from trickrun.checks.comparison.check import compare as check

        asked = asked_for(seeds, splits, metric)
        return shown(
            "compare", lambda place: check(wanted, asked, place), runs_dir, budget, form, targets[0]
        )

    recipe = Path(targets[0]) if is_recipe(targets[0]) else None
    answer("compare", as_json, debug, work, recipe, no_python, None, runs_dir)


def seeds(
    recipe: RecipePath,
    overrides: Overrides = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=2, max=MOST_SEEDS, help="How many seeds, from its own on.")
    ] = 10,
    splits: Splits = False,
    metric: Metric = None,
    budget: Budget = None,
    markdown: Markdown = False,
    latex: Latex = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train with several seeds: mean, deviation and interval of each metric, and the odd seeds.

    Example: trickrun seeds recipes/iris.yaml --seeds 10
    """

    def work() -> Answer:
        from trickrun.recipe.load import load

        form, loaded = form_of(markdown, latex), load(recipe, overrides or [])
        begin_workers()
        from trickrun.checks.comparison.check import seeds as check

        asked = asked_for(seeds, splits, metric)
        return shown(
            "seeds", lambda place: check(loaded, asked, place), runs_dir, budget, form, str(recipe)
        )

    answer("seeds", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def ablate(
    recipe: RecipePath,
    overrides: Overrides = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUE", help="A candidate to put in, alone; may be given several times."
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=2, max=MOST_SEEDS, help="Seeds of each arm, the same for all.")
    ] = 5,
    splits: Splits = False,
    metric: Metric = None,
    budget: Budget = None,
    markdown: Markdown = False,
    latex: Latex = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take each trick of a recipe away, one at a time: what is it worth, and which can go?

    Example: trickrun ablate recipes/digits.yaml --add regularizers.mixup=0.2
    """

    def work() -> Answer:
        from trickrun.recipe.load import load

        form, loaded = form_of(markdown, latex), load(recipe, overrides or [])
        for text in add or []:
            load(recipe, [*loaded.overrides, text])  # what is wrong with it is told at once
        begin_workers()
        from trickrun.checks.comparison.ablation import ablate as check

        asked = asked_for(seeds, splits, metric)
        return shown(
            "ablate",
            lambda place: check(loaded, add or [], asked, place),
            runs_dir,
            budget,
            form,
            str(recipe),
        )

    answer("ablate", as_json, debug, work, recipe, no_python, overrides, runs_dir)


def asked_for(seeds: int | None, splits: bool, metric: str | None) -> Asked:
    """Return what options say that holds for all that is compared."""
    from trickrun.checks.comparison.check import Asked

    return Asked(seeds, "splits" if splits else "seeds", metric)


def form_of(markdown: bool, latex: bool) -> Form:
    """Return what is printed. Raises TrickrunError if two forms are asked for."""
    if markdown and latex:
        raise TrickrunError("use either --markdown or --latex, not both")
    return "markdown" if markdown else "latex" if latex else "terminal"


def is_recipe(word: str) -> bool:
    """Whether an argument looks like a recipe's path."""
    return Path(word).suffix in (".yaml", ".yml")


def targets_in(words: Sequence[str], runs: Path | None) -> list[Target]:
    """Return the recipes and runs that arguments name.

    Raises TrickrunError for a change that follows no recipe, and what reading raises.
    """
    from trickrun.recipe.load import load
    from trickrun.run.find import find
    from trickrun.run.folder import runs_dir

    groups: list[tuple[str, list[str]]] = []
    for word in words:
        if "=" not in word or is_recipe(word) or Path(word).exists():
            groups.append((word, []))
        elif groups and is_recipe(groups[-1][0]):
            groups[-1][1].append(word)
        else:
            hint = "changes follow the recipe that they are of: trickrun compare RECIPE path=value"
            raise TrickrunError("this follows no recipe", word, hint)
    found: list[Target] = []
    for word, changes in groups:
        if is_recipe(word):
            found.append(load(Path(word), changes))
        else:
            found.append(find(runs_dir(runs), word, trained=True))
    if len(found) < 2 and is_recipe(words[0]):
        hint = f"give another one, or: trickrun seeds {words[0]}"
        raise TrickrunError("there is nothing to compare with", words[0], hint)
    return found


def shown(
    command: str,
    work: Callable[[Place], tuple[Verdict, RunFolder]],
    runs: Path | None,
    budget: float | None,
    form: Form,
    recipe: str,
) -> Answer:
    """Do what a command is for, print it, and return the answer."""
    from trickrun.reporting.commands.comparison import compare_and_tell
    from trickrun.run.folder import runs_dir

    done = compare_and_tell(command, work, runs_dir(runs), sys.argv, pace(budget), form)
    failed = None
    if done.verdict.verdict == "fail":
        failed = TrainingFailed(done.verdict.summary, str(done.folder.path))
    return Answer(
        "error" if failed else done.verdict.verdict,
        done.verdict.result,
        recipe if is_recipe(recipe) else str(done.folder.path / "recipe.yaml"),
        str(done.folder.path),
        [],
        failed,
    )
