"""Is the recipe's own learning rate too high or too low, by what the range test measured?"""

from __future__ import annotations

from dataclasses import dataclass

from trickrun.findings.finding import Finding

ENOUGH = 0.5
"""Share of the range test's way to the bottom that a run must go. A run that goes so far ends 5 to
22 % of the way above the best loss (digits, fashion, iris, diabetes; sgd, momentum, adam; 300
steps), one that goes less further up."""


@dataclass(frozen=True)
class LearningRate:
    """A recipe's learning rate beside its range test's.

    Args:
        lr: the recipe's optimizer.lr.
        steps: of the recipe's run.
        travel: sum of the recipe's lr over its run, which bounds how far the weights move: a
            step's length is proportional to its lr, for every optimizer.
        suggestion: the lr that the range test suggests.
        bottom: where the range test's loss stopped falling.
        bottom_travel: sum of the range test's lr up to there.
        edge: where it lost half of what it had gained; None if nowhere.
    """

    lr: float
    steps: int
    travel: float
    suggestion: float
    bottom: float
    bottom_travel: float
    edge: float | None


def misplaced(measured: LearningRate) -> Finding | None:
    """Return what is wrong with the recipe's own lr, if anything is.

    Both bounds are generous: between them lie lrs that train, though not equally well.
    """
    return too_high(measured) or too_low(measured)


def too_high(measured: LearningRate) -> Finding | None:
    """TR35: at the recipe's lr the range test lost half of what it had gained, or diverged.

    The range test spends only a few steps there, so a run at that lr has no better chance.
    """
    if measured.edge is None or measured.lr < measured.edge:
        return None
    why = (
        f"At lr {measured.edge:.2g} the range test lost half of what it had gained, or diverged, "
        f"within a few steps; the recipe trains with {measured.lr:.2g}."
    )
    evidence = {"lr": measured.lr, "edge": measured.edge}
    edit = {"optimizer.lr": measured.suggestion}
    return Finding(
        "TR35", "Learning rate too high", "error", 0.8, "optimizer.lr", evidence, why, edit
    )


def too_low(measured: LearningRate) -> Finding | None:
    """TR36: the recipe's whole run moves the weights less than half as far as the range test did
    until its loss stopped falling."""
    if measured.travel >= ENOUGH * measured.bottom_travel:
        return None
    share = measured.travel / measured.bottom_travel
    why = (
        f"In all of its {measured.steps} steps the recipe moves the weights {share:.2g} times as "
        f"far as the range test did until its loss stopped falling, at lr {measured.bottom:.2g}: "
        "it ends before it has learned what it could."
    )
    evidence = {
        "lr": measured.lr,
        "travel": measured.travel,
        "bottom_travel": measured.bottom_travel,
    }
    edit = {"optimizer.lr": measured.suggestion}
    return Finding(
        "TR36", "Learning rate too low", "warning", 0.8, "optimizer.lr", evidence, why, edit
    )
