"""Loss, head and task that do not go together, as far as facts tell."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.facts import Facts
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.loss.head_output import RANGES

SQUASHED = ("softmax", "sigmoid", "hard_sigmoid")
"""Activations whose outputs are probabilities."""

HEAD = "model.head_activation"


def probabilities_into_logits(e: Facts) -> list[Finding]:
    """TR26: probabilities into a loss that makes its own from logits; trap: log_softmax before
    cross_entropy, which changes nothing, and a linear head, which is right."""
    loss, head = e.loss.kind, e.network.head_activation
    if e.loss.takes != "logits" or head not in SQUASHED or one_output(e):
        return []
    floor = "" if e.loss.one_output else ", so that the loss cannot come near 0"
    why = f"{loss} takes logits and squashes them itself. {head} before it does so too{floor}."
    edit = {HEAD: "linear"}
    name = f"Probabilities into {loss}"
    return [Finding("TR26", name, "error", 0.95, HEAD, {"head": head}, why, edit)]


def softmax_of_one(e: Facts) -> list[Finding]:
    """TR27: a softmax over a single output, which is always 1."""
    if not one_output(e):
        return []
    head = e.network.head_activation
    value = 1 if head == "softmax" else 0
    why = f"{head} over one output is always {value}, so the network can give no other answer."
    name, edit = "Softmax on one output", {HEAD: "linear"}
    return [Finding("TR27", name, "error", 0.95, HEAD, {"head": head}, why, edit)]


def one_output(e: Facts) -> bool:
    """Whether the network has one output and its head is a softmax, which then is a constant."""
    if e.network.head_activation not in ("softmax", "log_softmax"):
        return False
    if e.loss.one_output:
        return True
    return bool(e.data and e.data.targets and e.data.targets.outputs == 1)


def no_log_softmax(e: Facts) -> list[Finding]:
    """TR25: nll without log-probabilities; trap: losses that hold their softmax, and values, for
    which it is the wrong loss (TR30)."""
    loss, head = e.loss.kind, e.network.head_activation
    if e.loss.takes != "log_probabilities" or head in (None, "log_softmax"):
        return []
    if e.task == "regression":
        return []
    why = (
        f"{loss} takes log-probabilities, but {head} outputs are not log-probabilities. The loss "
        "then has no lower bound at 0, and it falls without the network learning."
    )
    name, edit = f"No log-softmax before {loss}", {HEAD: "log_softmax"}
    return [Finding("TR25", name, "error", 0.95, HEAD, {"head": head}, why, edit)]


def activated_logits(e: Facts) -> list[Finding]:
    """TR29: an activation that bounds the logits; trap: the same before a loss over values, where
    targets may lie on one side (see TR28)."""
    head = e.network.head_activation
    if e.loss.takes not in ("logits", "scores") or head in (None, "linear", "log_softmax"):
        return []
    if head in SQUASHED and e.loss.takes == "logits":
        return []
    bounded = head in RANGES
    severity: Severity = "error" if bounded else "warning"
    what = "cuts off a part of the range" if bounded else "is flat for negative logits"
    why = f"A logit must be free to take any value, but {head} after the last layer {what}."
    name, edit = "An activation after the logits", {HEAD: "linear"}
    confidence = 0.9 if bounded else 0.6
    return [Finding("TR29", name, severity, confidence, HEAD, {"head": head}, why, edit)]


def head_range(e: Facts) -> list[Finding]:
    """TR28: values to predict that the head cannot reach; trap: targets that do lie inside.

    DeepDiagnosis's rule. Without a look at the data the range of the head alone is a warning.
    """
    head = e.network.head_activation
    if e.task != "regression" or head is None or head not in RANGES or one_output(e):
        return []
    low, high = RANGES[head]
    numbers: dict[str, Any] = {"head_low": low, "head_high": high}
    name, edit = "Targets out of the head's reach", {HEAD: "linear"}
    targets = e.data.targets if e.data else None
    if targets is None:
        why = (
            f"The outputs of {head} stay between {low:g} and {high:g}, but the task is to "
            "predict values."
        )
        return [Finding("TR28", name, "warning", 0.5, HEAD, numbers, why, edit)]
    if low <= targets.low and targets.high <= high:
        return []
    numbers |= {"target_low": targets.low, "target_high": targets.high}
    why = (
        f"Targets run from {targets.low:.4g} to {targets.high:.4g}. But the outputs of {head} stay "
        f"between {low:g} and {high:g}."
    )
    return [Finding("TR28", name, "error", 0.95, HEAD, numbers, why, edit)]


def loss_of_the_other_task(e: Facts) -> list[Finding]:
    """TR30: a loss over values on classes, or the other way; trap: mse for values, and a loss of
    the user's own.

    Squares on one-hot classes do train (Hui & Belkin 2020), only later and less surely: a warning.
    """
    numbers = {"loss": e.loss.kind, "task": e.task}
    name = "Loss does not suit the task"
    bent = e.network.head_activation not in (None, "linear")
    if e.task == "regression" and e.loss.task == "classification":
        why = f"{e.loss.kind} is for classes, but the target is a value."
        edit: dict[str, Any] = {"loss": {"kind": "mse"}}
        if bent:
            edit[HEAD] = "linear"
        return [Finding("TR30", name, "error", 0.95, "loss", numbers, why, edit)]
    if e.task != "classification" or e.loss.task != "regression":
        return []
    why = (
        f"{e.loss.kind} compares the outputs with one-hot classes. Its slope vanishes where the "
        "network is surely wrong, which is where cross_entropy learns most."
    )
    edit = {"loss": {"kind": "cross_entropy"}}
    if bent:
        edit[HEAD] = "linear"
    return [Finding("TR30", name, "warning", 0.8, "loss", numbers, why, edit)]


RULES = (
    probabilities_into_logits,
    softmax_of_one,
    no_log_softmax,
    activated_logits,
    head_range,
    loss_of_the_other_task,
)
