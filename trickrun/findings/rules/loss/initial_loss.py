"""Why an initial loss is not what it should be: findings from what `initial-loss` measured."""

from __future__ import annotations

import math
from typing import Any, Literal

from trickrun.findings.evidence.initial_loss import SUMMED, InitialLoss
from trickrun.findings.finding import Finding, Severity
from trickrun.findings.rules.loss.head_output import output_range

FACTOR = 2.0
"""A part that multiplies the signal by more is named as a cause. Healthy parts stay below (measured
over the init schemes in benchmarks/initial_loss.py; max pooling is the largest, 1.8)."""

OFFSET_WARNS, OFFSET_FAILS = 2.0, 10.0
"""The loss of the head's constant over that of the best constant, for values. At 2 the mean is one
standard deviation off, at 10 three: a small network on 350 samples then ended 5 to 25 % and, from
five deviations on, 100 % and more above the error that it reached with the right bias."""

LARGE_TARGETS = 10.0
"""Root mean square of the targets about the head's constant, where outputs start at size 1. SGD at
its usual rates still learned at 10 and diverged at 77; Adam does not care."""

SMALL_TARGETS = 0.3
"""The same below which outputs drown the targets: at 0.3 the validation error was 50 to 70 % above
what the same network reached on targets of size 1, at 0.1 it was 4 to 8 times as high."""

SCALED_TARGETS = {"data.scale_targets": "standard"}
"""An edit that changes the unit of the loss, so that losses before and after cannot be compared."""

RARE = 0.5
"""Entropy of the class shares over ln(classes) below which a bias of log shares is worth having:
for two classes, shares of 11 % and less."""


def causes(e: InitialLoss) -> list[Finding]:
    """Return what fits the measured numbers, most confident first."""
    if not math.isfinite(e.loss):
        return non_finite(e)
    found = [*reduction(e), *output_range(e), *input_ignored(e), *head_bias(e)]
    found += [*scale(e), *target_scale(e)]
    return sorted(found, key=lambda finding: (finding.severity != "error", -finding.confidence))


def non_finite(e: InitialLoss) -> list[Finding]:
    """Return why the loss is not a number: the inputs, or the scale of targets or network."""
    if not math.isfinite(e.input_size):
        return [
            Finding(
                "TR05",
                "NaN or infinity in the inputs",
                "error",
                0.95,
                "data",
                {"input_size": e.input_size},
                "The inputs hold NaN or infinite values, so every loss is NaN.",
            )
        ]
    return [
        *target_scale(e),
        Finding(
            "TR23",
            "Outputs overflow at init",
            "error",
            0.8,
            "init",
            {"output_size": e.output_size, "feature_size": e.feature_size},
            "The weights multiply the signal until it exceeds the range of the numbers.",
            plain_init(e),
        ),
    ]


def reduction(e: InitialLoss) -> list[Finding]:
    """Return TR21 if the loss of a batch is the sum over its samples."""
    if e.doubling <= SUMMED:
        return []
    summed = e.reduction == "sum"
    why = (
        f"Twice as many samples give {e.doubling:.1f} times the loss, so it is summed over the "
        f"batch of {e.batch_size}. One sample's loss is {e.per_sample:.4g}. Gradients grow with "
        "the batch size, so no usual learning rate fits."
    )
    edit = {"loss.reduction": "mean"} if summed else None
    evidence = {"loss": e.loss, "doubling": e.doubling, "batch_size": e.batch_size}
    name = "Sum over the batch instead of mean"
    return [Finding("TR21", name, "error", 0.95, "loss", evidence, why, edit)]


def input_ignored(e: InitialLoss) -> list[Finding]:
    """Return TR22 or TR14 if what enters the head is the same for every sample."""
    if e.zero_inputs or e.feature_spread > 1e-7 * max(e.feature_size, 1e-30):
        return []
    evidence = {"feature_spread": e.feature_spread, "feature_size": e.feature_size}
    if e.equal_weights:
        why = (
            "All weights are equal. Nothing of the input reaches the head, and units that start "
            "alike stay alike."
        )
        edit = plain_init(e)
        return [Finding("TR22", "Constant init", "error", 0.9, "init", evidence, why, edit)]
    why = "The input of the last layer is the same for every sample: the network ignores its input."
    return [Finding("TR14", "Input ignored", "error", 0.8, "model", evidence, why)]


def head_bias(e: InitialLoss) -> list[Finding]:
    """Return TR24 if the head's bias is worse than none, or far from the best constant.

    An activation after the head changes what a bias means: that is judged by ``output_range``.
    """
    if e.task == "regression" and e.head_activation not in (None, "linear"):
        return []
    if e.bias_loss > e.uniform_loss + 0.1 * abs(e.uniform_loss):
        why = (
            f"The head's bias alone costs {e.bias_loss:.4g}; without a bias it would be "
            f"{e.uniform_loss:.4g}."
        )
        evidence = {"bias_loss": e.bias_loss, "uniform_loss": e.uniform_loss}
        return [bias_finding("error", 0.85, evidence, why, bias_edit(e, 0.0))]
    if e.best_loss is None or e.best is None or e.best_loss <= 0:
        return []
    ratio = e.bias_loss / e.best_loss
    evidence = {"bias_loss": e.bias_loss, "best_loss": e.best_loss}
    wanted = bias_edit(e, "prior")
    if e.task == "regression" and ratio > OFFSET_WARNS:
        why = (
            f"The head starts {ratio:.1f} times as far from the targets as the best constant. The "
            "first steps are spent on learning that constant."
        )
        severity: Severity = "error" if ratio > OFFSET_FAILS else "warning"
        return [bias_finding(severity, 0.8, evidence, why, wanted)]
    if e.task == "classification" and ratio > 1 / RARE:
        why = (
            "Some classes are rare. A bias equal to the log class shares would start at "
            f"{e.best_loss:.3f} instead of {e.bias_loss:.3f}."
        )
        return [bias_finding("warning", 0.6, evidence, why, wanted)]
    if e.task == "multilabel" and ratio > 1 / RARE:
        why = (
            "Some labels are rare, or nearly all samples have them. A bias that follows each "
            f"label's share would start at {e.best_loss:.3f} instead of {e.bias_loss:.3f}."
        )
        return [bias_finding("warning", 0.6, evidence, why, wanted)]
    return []


def bias_finding(
    severity: Severity,
    confidence: float,
    evidence: dict[str, Any],
    why: str,
    edit: dict[str, Any],
) -> Finding:
    """Return TR24 with the edit that sets the head's bias."""
    name = "Wrong output bias"
    return Finding("TR24", name, severity, confidence, "init.head_bias", evidence, why, edit)


def bias_edit(e: InitialLoss, bias: float | Literal["prior"]) -> dict[str, Any]:
    """Return the edit that sets the head's bias, and takes out the one that the head sets now."""
    return {"init.head_bias": bias} | ({"init.head.bias": "auto"} if e.own_head_bias else {})


def scale(e: InitialLoss) -> list[Finding]:
    """Return which part makes the outputs too large: inputs, weights or a head of its own init.

    The output's size is the product of what the parts multiply the signal by. The larger a part's
    share in the logarithm of that product, the likelier it is the cause.
    """
    if not e.too_high or not e.too_large:
        return []
    body = e.feature_size / max(e.input_size, 1e-30)
    head = e.output_size / max(e.feature_size, 1e-30)
    parts = [
        (e.input_size, "TR01", "Unscaled inputs", {"data.normalize": {"kind": "standard"}}),
        (body if e.own_head else body * head, "TR23", "Wrong init scale", plain_init(e)),
        (head if e.own_head else 1.0, "TR20", "Head init too large", small_head()),
    ]
    whole = sum(math.log(max(factor, 1.0)) for factor, *_ in parts)
    evidence = {**sizes(e), "body_gain": body, "head_gain": head}
    found = []
    for factor, code, name, edit in parts:
        if factor <= FACTOR:
            continue
        confidence = round(0.4 + 0.5 * math.log(factor) / whole, 2)
        why = (
            f"The outputs have size {e.output_size:.3g} before training. This part multiplies the "
            f"signal by {factor:.3g}; about 1 is healthy."
        )
        where = next(iter(edit))
        found.append(Finding(code, name, "error", confidence, where, evidence, why, edit))
    return found


def large_outputs(e: InitialLoss) -> Finding:
    """Return TR20 for outputs that no part alone makes too large."""
    why = (
        f"The outputs have size {e.output_size:.3g} before training, and every wrong one of them "
        "increases the loss. A small head starts without an opinion."
    )
    name = "Outputs too large at init"
    return Finding("TR20", name, "warning", 0.6, "init.head", sizes(e), why, small_head())


def sizes(e: InitialLoss) -> dict[str, Any]:
    """Return the signal's size along the way, as evidence."""
    return {
        "input_size": e.input_size,
        "feature_size": e.feature_size,
        "output_size": e.output_size,
    }


def plain_init(e: InitialLoss) -> dict[str, Any]:
    """Return the edit to an init that keeps the signal's size.

    A patch keeps gain and bias where the kind stays the same; auto is kaiming_normal too.
    """
    again = e.init == "kaiming_normal"
    return {"init": {"kind": "auto" if again else "kaiming_normal"}}


def small_head() -> dict[str, Any]:
    """Return the edit that makes the untrained outputs nearly constant."""
    return {"init.head": {"kind": "normal", "std": 0.01}}


def target_scale(e: InitialLoss) -> list[Finding]:
    """Return TR06 for values much larger or smaller than what an untrained network puts out.

    Scaled ones are far from nothing but the head's bias, which ``head_bias`` judges.
    """
    if e.task != "regression" or e.scaled_targets:
        return []
    if SMALL_TARGETS <= e.target_size <= LARGE_TARGETS:
        return []
    small = e.target_size < SMALL_TARGETS
    meaning = (
        "are hidden by the untrained outputs"
        if small
        else "need steps and gradients of the same size"
    )
    why = (
        f"The targets have size {e.target_size:.3g} around the head's constant, and the outputs of "
        f"the untrained network have size {e.output_size:.3g}. Such targets {meaning}. Divide them "
        "by their standard deviation."
    )
    evidence = {"target_size": e.target_size, "output_size": e.output_size}
    drowned = small and e.too_high
    overflows = not math.isfinite(e.loss) and e.output_size < e.target_size
    severity: Severity = "error" if drowned or overflows else "warning"
    where, edit = next(iter(SCALED_TARGETS)), dict(SCALED_TARGETS)
    return [Finding("TR06", "Unscaled targets", severity, 0.7, where, evidence, why, edit)]
