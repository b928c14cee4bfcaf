"""Curves that say how the network fits: too much, too little, or not yet."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.curves import Curves, end_of, noise_of, smoothed
from trickrun.findings.finding import Finding

RISE = 0.05
"""Rise of the validation loss above its lowest that is overfitting: Prechelt's GL_5 (1998, Early
Stopping - But When?)."""

GAP = 0.10
"""Validation loss above training loss, as a share of what there is to learn. AutoTrainer's bound
for the gap of accuracies, which a loss of ln(classes) for a constant answer makes comparable."""

FITTED = 0.05
"""Share left at which training has nothing more to learn."""

PATIENCE = 3
"""Evaluations that must confirm a rise: one or two are noise."""

SMALLEST = 0.01
"""Changes below this share of what there is to learn are no subject of a finding."""

UNDERFIT = 0.6
"""Share left at the end that is too much. Own: in accuracy AutoTrainer calls 0.6 and less
untrained. Data can be so noisy that nobody does better, so it is a warning only."""

TO_COME, WORTH = 0.03, 0.1
"""What twice the length must promise, as a share of what there is to learn and of the loss that is
left. Own: measured on the shipped recipes at an eighth to twice their length, see
docs/steps/6-curves.md."""


def overfit(c: Curves) -> Finding | None:
    """TR56, or TR51 where nothing acts against it: validation gets worse while training improves,
    or stays far above it."""
    if not c.val_loss:
        return None
    return rising(c) or gaping(c)


def rising(c: Curves) -> Finding | None:
    """Return overfitting by a validation loss that has passed its lowest point for good."""
    val, train = smoothed(c.val_loss), smoothed(c.train_loss)
    turn = val.index(min(val))
    after = val[turn + 1 :]
    rise = end_of(val) - val[turn]
    least = max(RISE * (val[turn] - c.floor), SMALLEST * c.unit, 2 * noise_of(c.val_loss))
    if len(after) < PATIENCE or rise < least or min(after[-PATIENCE:]) - val[turn] < least / 2:
        return None
    if end_of(train) >= train[turn]:
        return None
    evidence = {"run": c.run, "from_epoch": c.epochs[turn], "lowest": val[turn]}
    evidence |= {"at_end": end_of(val), "rise": rise, "needed": least}
    why = (
        f"From epoch {c.epochs[turn]:.3g} on, the validation loss rises from {val[turn]:.4g} to "
        f"{end_of(val):.4g} while the training loss keeps falling: the network memorizes "
        "the training samples. "
    )
    if still_better(c, turn):
        why += f"val_{c.metric} does not suffer: the network grows too sure of its mistakes. "
    return fitting_too_much(c, evidence, why, 0.85)


def still_better(c: Curves, turn: int) -> bool:
    """Return whether the metric is at the end no worse than at the loss's lowest point."""
    if not c.metric:
        return False
    values = smoothed(c.values if c.maximizes else tuple(-v for v in c.values))
    return end_of(values) >= values[turn]


def gaping(c: Curves) -> Finding | None:
    """Return overfitting by a fitted training split and a validation loss far above it.

    Where the floor is but the lowest loss seen, nothing says that the split is fitted.
    """
    if c.floor < 0:
        return None
    val, train = smoothed(c.val_loss), smoothed(c.train_loss)
    gaps = [v - t for v, t in zip(val, train, strict=True)]
    least = GAP * c.unit + 2 * c.val_error
    if c.left[-1] > FITTED or gaps[-1] < least:
        return None
    narrow = [i for i, gap in enumerate(gaps) if gap < least]
    turn = narrow[-1] + 1 if narrow else 0
    evidence = {"run": c.run, "from_epoch": c.epochs[turn], "gap": gaps[-1], "needed": least}
    why = (
        f"From epoch {c.epochs[turn]:.3g} on, the validation loss stays {gaps[-1]:.4g} above the "
        f"training loss, which is down to {train[-1]:.3g}. "
    )
    return fitting_too_much(c, evidence, why, 0.7)


def fitting_too_much(c: Curves, evidence: dict[str, Any], why: str, confidence: float) -> Finding:
    """Return TR56 or TR51 with the first regularizer that the recipe does not have."""
    s = c.setting
    why += kept(c)
    edit: dict[str, Any] | None = None
    if s.dropout == 0 and s.hidden:
        edit = {"regularizers.dropout": 0.3}
    elif not s.penalties:
        edit = {"regularizers.l2": 1e-4}
    elif not s.early_stopping:
        edit = {"early_stopping": {"patience": max(PATIENCE, len(c.epochs) // 10)}}
    unchecked = s.known and not s.regularized and c.left[-1] < FITTED
    code = "TR51" if unchecked else "TR56"
    name = "Overfitting without regularization" if unchecked else "Overfitting"
    return Finding(code, name, "warning", confidence, "regularizers", evidence, why, edit)


def kept(c: Curves) -> str:
    """Return whose weights the run ends with, in a sentence; empty if there was no evaluation."""
    if c.best_epoch is None:
        return ""
    if not c.setting.known:
        return f"Its best evaluation is that of epoch {c.best_epoch:.3g}."
    if c.setting.keeps_best:
        return f"The run keeps the weights of epoch {c.best_epoch:.3g}."
    return (
        f"The run ends with its last weights, not those of epoch {c.best_epoch:.3g}, which was the "
        "best (early_stopping.restore_best: false)."
    )


def underfit(c: Curves) -> Finding | None:
    """TR62: training itself ends far from what a perfect network would reach, and has stopped
    getting better."""
    left = c.left[-1]
    gap = end_of(c.val_loss) - end_of(c.train_loss) if c.val_loss else 0.0
    if not c.baseline_known or left < UNDERFIT or gap > GAP * c.unit:
        return None
    s = c.setting
    edit: dict[str, Any] | None = None
    if s.dropout >= 0.3:
        edit = {"regularizers.dropout": round(s.dropout / 2, 2)}
    elif s.penalties:
        # Without a value of its own an optimizer's decay would be the default, which adamw's is.
        path = s.penalties[0]
        edit = {path: 0.0 if path.startswith("optimizer.") else None}
    elif s.hidden:
        edit = {s.hidden_path: [2 * units for units in s.hidden]}
    evidence = {"run": c.run, "left": left, "gap": gap, "dropout": s.dropout}
    evidence["penalties"] = list(s.penalties)
    why = (
        f"Training ends at {c.beside_constant(smoothed(c.train_loss)[-1])}, and validation is no "
        "worse. The network is held back by its size, its regularizers or its steps, unless the "
        "data allow no more."
    )
    where = next(iter(edit)) if edit else "model"
    return Finding("TR62", "Underfitting", "warning", 0.5, where, evidence, why, edit)


def too_few_epochs(c: Curves) -> Finding | None:
    """TR55: the loss was still falling when the run ended by its planned length."""
    if c.stopped_by not in ("epochs", "steps") or c.all_right:
        return None
    now = c.at(1.0)
    if c.to_come < max(TO_COME * c.unit, WORTH * (now - c.floor)):
        return None
    s = c.setting
    evidence = {"run": c.run, "loss": now, "to_come": c.to_come}
    why = (
        f"In the second half of the run, the loss still fell by {c.at(0.5) - now:.3g}, to "
        f"{now:.4g}. At this pace, twice the length would lower it by another {c.to_come:.2g}."
    )
    edit = {s.length_path: 2 * s.length}
    return Finding("TR55", "Too few epochs", "warning", 0.8, s.length_path, evidence, why, edit)
