"""What a user's own loss does wrong: findings about its behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from trickrun.findings.finding import Finding

FLIPPED = -0.5
"""Cosine between the gradients of a user's loss and of the usual one below which it leads away."""

SQUASHED = 0.4
"""What certain and right answers may cost of what undecided ones do. Label smoothing of 0.1 leaves
0.2 for ten classes; a second softmax leaves 0.63 for ten, 0.45 for two."""


@dataclass(frozen=True)
class UserLossBehaviour:
    """What a user's loss does with predictions.

    Args:
        target: the object, package.module:Name.
        cosine: between its gradient by the predictions and that of the task's usual loss.
        floor: the lowest loss of certain and right answers over that of undecided ones; None for
            values.
    """

    target: str
    cosine: float | None
    floor: float | None


def loss_findings(e: UserLossBehaviour) -> list[Finding]:
    """Return what is wrong with a user's loss: TR33 or TR26."""
    if e.cosine is not None and e.cosine < FLIPPED:
        why = (
            f"Where the usual loss wants to go, {e.target} wants away (cosine of the gradients "
            f"{e.cosine:.2f}): minimizing it makes answers worse. Look for a minus sign."
        )
        numbers = {"cosine": e.cosine}
        return [Finding("TR33", "Flipped loss", "error", 0.95, e.target, numbers, why)]
    if e.floor is not None and e.floor > SQUASHED:
        why = (
            f"However certain and right the logits are, {e.target} costs at least {e.floor:.0%} of "
            "what undecided ones cost: it squashes them, as a softmax before a loss of logits does."
        )
        numbers = {"floor": e.floor}
        name = "Logits squashed before the loss"
        return [Finding("TR26", name, "error", 0.85, e.target, numbers, why)]
    return []
