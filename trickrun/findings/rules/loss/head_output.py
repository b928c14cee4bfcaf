"""What is wrong with the kind of numbers that a head puts out, for the loss that gets them."""

from __future__ import annotations

import math
from typing import Any

from trickrun.findings.evidence.initial_loss import EXACT, InitialLoss
from trickrun.findings.finding import Finding

RANGES = {
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "log_softmax": (-math.inf, 0.0),
    "tanh": (-1.0, 1.0),
}
"""What an activation after the last layer can put out, where that is not every number."""


def output_range(e: InitialLoss) -> list[Finding]:
    """Return what is wrong with the kind of numbers that the head puts out."""
    if e.takes == "logits" and e.probabilities:
        return [probabilities_as_logits(e)]
    if e.takes == "log_probabilities" and e.exp_sum_error > EXACT:
        return [no_log_softmax(e)]
    if e.takes in ("logits", "scores"):
        return activated_logits(e)
    return bounded_values(e) if e.task == "regression" else []


def probabilities_as_logits(e: InitialLoss) -> Finding:
    """Return TR26, or TR27 for a softmax over one output."""
    known = e.head_activation is not None
    evidence = {"output_low": e.output_low, "output_high": e.output_high}
    if e.outputs == 1 and e.head_activation == "softmax":
        why = "A softmax over one output is always 1, so the network can give no other answer."
        edit = {"model.head_activation": "linear"}
        where = "model.head_activation"
        return Finding("TR27", "Softmax on one output", "error", 0.95, where, evidence, why, edit)
    why = (
        f"The outputs are probabilities, but {e.loss_kind} takes logits and squashes them again. "
        f"Even certain and right answers then cost {e.loss_floor:.3f}, and gradients are small."
    )
    return Finding(
        "TR26",
        f"Probabilities into {e.loss_kind}",
        "error",
        0.95 if known else 0.85,
        "model.head_activation" if known else "model",
        {**evidence, "loss_floor": e.loss_floor},
        why,
        {"model.head_activation": "linear"} if known else None,
    )


def no_log_softmax(e: InitialLoss) -> Finding:
    """Return TR25: nll has got something else than log-probabilities."""
    given = "probabilities" if e.probabilities else "plain logits"
    why = (
        f"{e.loss_kind} takes log-probabilities but gets {given}. So it starts at "
        f"{e.per_sample:.3g} instead of {e.expected:.3g} and has no lower bound."
    )
    edit: dict[str, Any] | None = None
    if e.head_activation is not None:
        edit = {"model.head_activation": "log_softmax"}
    elif not e.probabilities:
        edit = {"loss": {"kind": "cross_entropy"}}
    evidence = {"loss": e.loss, "exp_sum_error": e.exp_sum_error}
    return Finding(
        "TR25",
        f"No log-softmax before {e.loss_kind}",
        "error",
        0.95,
        "model.head_activation",
        evidence,
        why,
        edit,
    )


def activated_logits(e: InitialLoss) -> list[Finding]:
    """Return TR29 if an activation limits what the logits can be."""
    known = e.head_activation is not None
    limited = e.head_activation in RANGES and e.head_activation != "log_softmax"
    if known and not limited:
        return []
    if not known and not (e.output_low >= 0 and e.output_high > 0 and e.outputs > 1):
        return []
    name = e.head_activation or "an activation such as relu"
    why = (
        f"The logits run from {e.output_low:.3g} to {e.output_high:.3g}: {name} after the last "
        "layer cuts off negative logits, and has no gradient where it is flat."
    )
    return [
        Finding(
            "TR29",
            "An activation after the logits",
            "error",
            0.9 if known else 0.6,
            "model.head_activation" if known else "model",
            {"output_low": e.output_low, "output_high": e.output_high},
            why,
            {"model.head_activation": "linear"} if known else None,
        )
    ]


def bounded_values(e: InitialLoss) -> list[Finding]:
    """Return TR28 if targets lie where the head's activation cannot reach."""
    low, high = RANGES.get(e.head_activation or "", (-math.inf, math.inf))
    if low <= e.target_low and e.target_high <= high:
        return []
    why = (
        f"Targets run from {e.target_low:.3g} to {e.target_high:.3g}. But the outputs of "
        f"{e.head_activation} stay between {low:g} and {high:g}."
    )
    evidence = {"target_low": e.target_low, "target_high": e.target_high}
    where, edit = "model.head_activation", {"model.head_activation": "linear"}
    name = "Targets out of the head's reach"
    return [Finding("TR28", name, "error", 0.95, where, evidence, why, edit)]
