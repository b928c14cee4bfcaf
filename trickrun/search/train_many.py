"""Training many recipes at once, the fastest way: seeds, edits and folds of one shape as stacks,
anything else in worker processes."""

from __future__ import annotations

from collections.abc import Sequence

from trickrun.recipe.load import Loaded
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.search.executors.choose import run_trials
from trickrun.search.trial import TrialResult, make_trial


def train_many(
    recipes: Sequence[Loaded],
    metric: str = "val_loss",
    what: str = "trainings",
    pace: Pace = UNHURRIED,
) -> list[TrialResult | None]:
    """Train each of ``recipes`` as a trial of a grid would be, and return how each ended, in their
    order: up to the last bits as if it had trained by itself.

    Recipes of one shape (see search/groups.py: other seeds, learning rates, strengths, folds of the
    data) train as one stack where that is faster. Equal recipes train once. Nothing is written.

    Args:
        recipes: of one folder.
        metric: the name of the value in an evaluation's record that a result has as its metric.
        what: the name of the phase.
        pace: trainings that are not done when it is over have no result, but None.

    Raises TrickrunError if one of them is no valid recipe, or its data is missing.
    """
    if not recipes:
        return []
    folder = recipes[0].folder
    trials = [make_trial(loaded.tree, {}, folder) for loaded in recipes]
    different = {trial.id: trial for trial in trials}
    running = run_trials([*different.values()], folder, metric, what, pace)
    results = {result.id: result for result in running}
    return [results.get(trial.id) for trial in trials]
