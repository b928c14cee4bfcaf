"""Curves that say that the optimization itself goes wrong: diverged, stuck, oscillating."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.curves import Curves, end_of, reversals, smoothed
from trickrun.findings.finding import Finding, Severity

WORSE = 1.5
"""Training loss at the end over a constant answer's, from which on a run has diverged. An untrained
network of healthy init lies below it (see `initial-loss`), and training should only lower it."""

FELL_BACK = 0.5
"""Share of what there is to learn that a run had once left, if it is to count as learned and lost
again when it ends at a constant answer's loss."""

STUCK = 0.9
"""A run that never has less than this share left has learned nothing. Own: a network that tells the
two largest of ten equal classes from the rest has 0.8 left."""

FAR = 0.5
"""Share left at the end of a steady fall from which on a higher learning rate is the cheaper cure;
below it the run is nearly there and needs more epochs."""

MUCH_DROPOUT = 0.5
"""UMLAUT's bound (Schoop et al. 2021)."""

LATE = 0.2
"""Share of the run that a network may spend at the loss of a constant answer before it starts."""

WAITS = 0.02
"""Fall, as a share of what there is to learn, below which the middle half of that time counts as
waiting; a learning rate that is low everywhere shows a slope there."""

SWING, OFTEN = 0.03, 0.2
"""AutoTrainer's oscillation: ways between peak and trough of the accuracy of at least 0.03, in at
least a fifth of the epochs (Zhang et al. 2021, ICSE)."""

LOSS_SWING = 0.1
"""For a run without an accuracy: the same as a share of what there is to learn. Own: so much of a
variance is a correlation of 0.3."""


def diverged(c: Curves) -> Finding | None:
    """TR60: the loss is no number, or training makes it worse than a constant answer's."""
    evidence: dict[str, Any] = {"run": c.run, "baseline": c.baseline}
    if c.non_finite:
        why = "A loss or a weight became infinite or NaN: the steps are too large for this network."
        return divergence(c, evidence, why, 0.95)
    if len(c.train_loss) < 2:
        return None
    left, last = c.left, c.train_loss[-1]
    evidence |= {"train_loss": last, "lowest": min(c.train_loss)}
    rose = left[-1] > min(left[0], 2 * min(left))
    whole = "Always giving the same answer would cost" if c.baseline_known else "It began at"
    if left[-1] > WORSE and (rose or not c.under_way):
        why = (
            f"Training ends at a loss of {last:.4g}. {whole} {c.baseline:.4g}. "
            "The steps are too large for this network"
        )
        if rose:
            return divergence(c, evidence, why + ".", 0.9)
        return divergence(
            c,
            evidence,
            why
            + ", or the weights were too large from the start, as `trickrun initial-loss` shows.",
            0.6,
        )
    if min(left) < FELL_BACK and end_of(left) > STUCK:
        beginning = "always giving the same answer" if c.baseline_known else "it began"
        why = (
            f"The network had learned, down to a loss of {min(c.train_loss):.4g}, and fell back to "
            f"{last:.4g}, no better than {beginning}. A step was too large."
        )
        return divergence(c, evidence, why, 0.85)
    return None


def divergence(c: Curves, evidence: dict[str, Any], why: str, confidence: float) -> Finding:
    """Return TR60 with the catalogue's edit for a learning rate that is too high."""
    edit = {"optimizer.lr": rounded(c.setting.lr / 10)}
    return Finding("TR60", "Diverged", "error", confidence, "optimizer.lr", evidence, why, edit)


def stuck(c: Curves) -> Finding | None:
    """TR61: the run learns nothing at all."""
    left = c.left
    if min(left) <= STUCK or c.under_way:
        return None
    evidence: dict[str, Any] = {"run": c.run, "left": left[-1], "baseline": c.baseline}
    lowest = min(smoothed(c.train_loss))
    why = f"Its lowest loss is {c.beside_constant(lowest)}: it has learned almost nothing."
    if c.setting.dropout > MUCH_DROPOUT:
        evidence["dropout"] = c.setting.dropout
        why += f" Dropout of {c.setting.dropout:g} may leave too little of the signal."
        edit = {"regularizers.dropout": 0.3}
        return Finding("TR61", "Plateau", "error", 0.7, "regularizers", evidence, why, edit)
    severity: Severity = "error" if c.baseline_known else "warning"
    if not c.baseline_known:
        why += " Unless it was trained before the log begins, it does not learn."
    return Finding("TR61", "Plateau", severity, 0.8, "model", evidence, why)


def too_slow(c: Curves) -> Finding | None:
    """TR36: the loss falls all the way and is still far up at the end.

    CS231n's picture of a low learning rate: a line, no curve.
    """
    left = c.left[-1]
    if left < FAR or not c.under_way:
        return None
    evidence = {"run": c.run, "left": left, "lr": c.setting.lr}
    why = (
        "The loss falls steadily, with no sign of levelling off, and ends at "
        f"{c.beside_constant(c.train_loss[-1])}. The steps are too small for a run of this length."
    )
    # A tenfold of next to nothing is still next to nothing.
    edit = {"optimizer.lr": rounded(max(10 * c.setting.lr, c.setting.usual_lr or 0.0))}
    severity: Severity = "error" if left > STUCK and c.baseline_known else "warning"
    name = "Learning rate too low"
    return Finding("TR36", name, severity, 0.7, "optimizer.lr", evidence, why, edit)


def late_start(c: Curves) -> Finding | None:
    """TR61: the loss stays where it is for a good part of the run before it falls."""
    left = c.left
    started = next((i for i, share in enumerate(left) if share <= STUCK), None)
    if started is None:
        return None
    waiting = left[started // 4] - left[3 * started // 4]
    if started < max(3, LATE * len(left)) or waiting > WAITS:
        return None
    evidence = {"run": c.run, "left": left[-1], "started_at": c.epochs[started]}
    why = (
        f"The loss does not move before epoch {c.epochs[started]:.3g}, then it falls. A poor init "
        "is the first suspect (CS231n, Learning): the signal has to find its way first."
    )
    edit = None if c.setting.usual_init else {"init": {"kind": "auto"}}
    return Finding("TR61", "Plateau at the start", "warning", 0.6, "init", evidence, why, edit)


def oscillating(c: Curves) -> Finding | None:
    """TR57: the curve goes up and down to the end of the run.

    Judged over the second half only: swings that calm as the learning rate falls are no fault. A
    swing of the accuracy must be more than three samples of the validation split, and the loss
    must swing as well: where a slow network moves its border through a crowd, only accuracies do.
    """
    half = len(c.epochs) // 2
    watched = {"train_loss": (c.train_loss, LOSS_SWING * c.unit)}
    if c.metric_is_share:
        least = max(SWING, 3.5 / c.val_samples if c.val_samples else 0.0)
        watched = {
            f"val_{c.metric}": (c.values, least),
            "val_loss": (c.val_loss, SWING * c.unit),
        }
    evidence: dict[str, Any] = {"run": c.run}
    for name, (values, least) in watched.items():
        swings = [height for height in reversals(values[half:]) if height >= least]
        share = len(swings) / (len(c.epochs) - half)
        if len(swings) < 2 or share < OFTEN:
            return None
        evidence[name] = {"share": share, "largest": max(swings), "least": least}
    name, told = next((key, value) for key, value in evidence.items() if key != "run")
    why = (
        f"In the second half of the run, {name} swings by {told['least']:.3g} or more in "
        f"{told['share']:.0%} of the evaluations: the steps overshoot."
    )
    edit: dict[str, Any] = {"optimizer.lr": rounded(c.setting.lr / 3)}
    # Weights at rest have no average.
    if c.setting.schedule == "constant" and not c.setting.averages_last_weights:
        edit = {"optimizer.schedule": {"kind": "cosine"}}
    return Finding("TR57", "Oscillation", "warning", 0.7, next(iter(edit)), evidence, why, edit)


def rounded(value: float) -> float:
    """Return a suggested value with two digits."""
    return float(f"{value:.2g}")
