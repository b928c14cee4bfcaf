"""Curves whose scores are not what they seem: luck, odd splits, seeds that differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from trickrun.findings.evidence.curves import Curves, end_of, noise_of, smoothed
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves.optimization import rounded

OUTLIER = 4.0
"""Deviations of the noise that set a lucky evaluation apart. The best of 40 that are equally good
lies 2.2 deviations below them on average, and more than 4 once in 800 runs."""

SMALLEST = 0.01
"""A lead below this share of what there is to learn does no harm."""

BETTER = 0.05
"""How much better validation may be than training, as a share of what there is to learn: UMLAUT's
5 points of accuracy (Schoop et al. 2021)."""

SPREAD = 0.03
"""Spread of the best accuracy over seeds that is a finding: what AutoTrainer calls a swing."""

LOSS_SPREAD = 0.1
"""The same for a run without accuracy, as a share of what there is to learn."""


def lucky_epoch(c: Curves) -> Finding | None:
    """TR63: the evaluation that decides which weights are kept is an outlier of the first half."""
    losses = c.val_loss
    if len(losses) < 10:
        return None
    best = losses.index(min(losses))
    if not 0 < best < len(losses) / 2:
        return None
    ahead = min(losses[best - 1], losses[best + 1]) - losses[best]
    later = end_of(smoothed(losses)) - losses[best]
    # Against the noise of what came soon after: the descent before is no noise, and a schedule
    # that ends at 0 leaves none.
    noise = noise_of(losses[best + 1 : best + 2 + len(losses) // 3])
    if min(ahead, later) < max(OUTLIER * noise, SMALLEST * c.unit):
        return None
    evidence = {"run": c.run, "epoch": c.epochs[best], "loss": losses[best]}
    evidence |= {"ahead_of_neighbours": ahead, "noise": noise}
    why = (
        f"Epoch {c.epochs[best]:.3g} is the best by luck: its validation loss of "
        f"{losses[best]:.4g} lies {ahead / noise:.0f} standard deviations below its neighbours'. "
    )
    if c.setting.known and c.setting.keeps_best:
        why += "The run keeps its weights, but new data will not score as well. "
    why += "More validation samples leave less to luck."
    share = c.setting.val_share
    edit = {"data.split.val": round(min(2 * share, 0.4), 2)} if 0 < share < 0.4 else None
    return Finding("TR63", "Lucky early epoch", "warning", 0.6, "data.split", evidence, why, edit)


def val_better_than_train(c: Curves) -> Finding | None:
    """TR09: validation stays better than training, and nothing in the recipe explains it.

    Dropout and augmentation make training harder than validation, so there it means nothing. The
    training loss is a mean over the epoch, so a network that improves fast looks worse than it is:
    only the second half counts.
    """
    if not c.val_loss or c.setting.dropout or c.setting.augmented:
        return None
    half = len(c.epochs) // 2
    pairs = zip(c.train_loss[half:], c.val_loss[half:], strict=True)
    ahead = [train - val for train, val in pairs]
    least = BETTER * c.unit + 2 * c.val_error
    if median(ahead) < least or sum(gap > 0 for gap in ahead) < 0.9 * len(ahead):
        return None
    evidence = {"run": c.run, "ahead": median(ahead), "needed": least}
    evidence |= {"train_loss": end_of(c.train_loss), "val_loss": end_of(c.val_loss)}
    unexplained = " without dropout or augmentation"
    if not c.setting.known:
        unexplained = ". Dropout and augmentation explain that. If there is none"
    why = (
        f"The validation loss ({end_of(c.val_loss):.4g}) stays below the training loss "
        f"({end_of(c.train_loss):.4g}){unexplained}: the validation samples are easier than the "
        "training samples. Look for duplicates, groups, or an order in the file that the split "
        "follows."
    )
    name = "Validation better than training"
    return Finding("TR09", name, "warning", 0.7, "data.split", evidence, why)


def unstable_seeds(runs: Sequence[Curves], shape: Callable[[Curves], str]) -> Finding | None:
    """TR64: runs that differ in nothing but the seed end differently.

    Args:
        runs: of one recipe, at least two.
        shape: what a run's curves show.
    """
    shapes = [shape(run) for run in runs]
    lost = [word in ("diverged", "at_chance", "plateau") for word in shapes]
    first = runs[0]
    if first.metric_is_share:
        name = f"val_{first.metric}"
        bests = [(max if run.maximizes else min)(run.values) for run in runs if run.values]
        least = max(SPREAD, 3.5 / first.val_samples if first.val_samples else 0.0)
    else:
        name = "val_loss" if first.val_loss else "train_loss"
        bests = [min(run.judged_loss) for run in runs if run.judged_loss]
        least = LOSS_SPREAD * first.unit
    spread = max(bests) - min(bests) if bests else 0.0
    mixed = any(lost) and not all(lost)
    if spread < least and not mixed:
        return None
    evidence: dict[str, Any] = {"runs": [run.run for run in runs], "shapes": shapes}
    evidence |= {"value": name, "best": bests, "spread": spread, "needed": least}
    why = (
        f"{len(runs)} runs that differ only in the seed end with a best {name} between "
        f"{min(bests):.4g} and {max(bests):.4g}"
        if bests
        else f"{len(runs)} runs that differ only in the seed end as {', '.join(shapes)}"
    )
    why += (
        ": a single run of this recipe says little. Smaller steps or a longer warm-up make it "
        "steadier."
    )
    edit = {"optimizer.lr": rounded(first.setting.lr / 3)}
    return Finding("TR64", "Unstable over seeds", "warning", 0.7, "seed", evidence, why, edit)
