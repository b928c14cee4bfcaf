"""Has it learned anything? Scores beside those of a constant answer and of a linear model."""

from __future__ import annotations

import math
from typing import Any

from trickrun.findings.evidence.constant import Constant
from trickrun.findings.evidence.reference import Reference
from trickrun.findings.finding import Finding, Severity

CODE, NAME = "TR112", "No better than a constant answer"
BEHIND = "TR113"


def at_chance(
    constant: Constant | None,
    loss: float,
    accuracy: float | None = None,
    *,
    where: str = "val",
    floor: float = 0.0,
    tries: int = 1,
    then: str = "",
) -> Finding | None:
    """TR112: neither the loss nor the accuracy is better than a constant answer's by more than
    chance.

    It is a warning where there are too few samples to tell.

    Args:
        constant: what that answer scores on the same samples; None: nobody knows.
        where: the part that they are; empty: samples of a file.
        floor: the loss of a perfect network.
        tries: how many trainings the scores are the best of.
        then: what to do next, a sentence.
    """
    # Of samples none of which counts there is no mean.
    if constant is None or not (math.isfinite(constant.loss) and math.isfinite(loss)):
        return None
    if constant.beaten(loss, accuracy, tries):
        return None
    ahead = loss < constant.loss
    unsure = ahead and not constant.can_tell(floor)
    severity: Severity = "warning" if unsure else "error"
    name = f"{where}_loss" if where else "loss"
    why = f"{name} is {loss:.4g}, and always giving the same answer costs {constant.loss:.4g}"
    if unsure:
        why += (
            f". On {constant.samples:.4g} samples a lead of {constant.lead(tries):.2g} can be "
            "chance, so there are too few samples to tell whether the network has learned "
            "anything."
        )
    elif ahead:
        why += (
            f". On {constant.samples:.4g} samples a lead of up to {constant.lead(tries):.2g} can "
            "be chance: nothing shows that the network has learned anything."
        )
    else:
        why += ". The network has learned nothing."
    evidence: dict[str, Any] = {
        name: loss,
        "constant": constant.loss,
        "needed": constant.loss - constant.lead(tries),
        "samples": constant.samples,
    }
    if accuracy is not None and constant.accuracy is not None:
        evidence |= {"accuracy": accuracy, "constant_accuracy": constant.accuracy}
    if tries > 1:
        evidence["tries"] = tries
    return Finding(CODE, NAME, severity, 0.95, "train", evidence, f"{why} {then}".rstrip())


def behind_linear(reference: Reference | None, value: float | None, part: str) -> Finding | None:
    """TR113: a linear model does better by more than a standard error.

    Args:
        reference: what other learners score on the same samples; None: they were not fitted.
        value: of the reference's metric, the network's own; None if it was not measured.
        part: the samples that they are, such as val; empty: those of a file.
    """
    if reference is None or value is None or value >= reference.linear - reference.error:
        return None
    name = f"{part}_{reference.metric}" if part else reference.metric
    evidence = {name: value, "linear": reference.linear, "trees": reference.trees}
    evidence["error"] = reference.error
    why = (
        f"{name} is {value:.4g}. On the same samples a linear model reaches {reference.linear:.4g} "
        f"and trees reach {reference.trees:.4g}, both fitted to {reference.fitted} training "
        "samples. The network is not worth its training yet."
    )
    return Finding(BEHIND, "Behind a linear model", "warning", 0.8, "model", evidence, why)
