"""What is wrong with a network's gradients: findings from what `grad-check` measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trickrun.findings.finding import Finding, Severity

WRONG, DOUBTFUL, GOOD = 1e-2, 1e-4, 1e-7
"""CS231n's scale of the relative error: above 1e-2 the gradient is probably wrong, above 1e-4 it
should make uneasy, below that is fine for losses with kinks, and 1e-7 is good."""

FLIPPED = 1.9
"""Relative error of a gradient with the wrong sign: it is 2 then."""

LEAK = 1e-8
"""Largest gradient of a sample's loss by another sample's input, over that by its own. Samples that
do not meet give exactly 0; what rounding can bring in is far below 1e-8 in float64."""


@dataclass(frozen=True)
class ParameterCheck:
    """The gradient of one function by one parameter, compared with differences.

    Args:
        name: the parameter's.
        of: the function: the data loss, or the sum of the penalties.
        relative_error: the largest one; of directions that cross a kink none counts.
        checked: directions compared; the last one moves all entries at once.
        kinks: directions left out because the function has a kink within the step.
        analytic, numeric: the two derivatives where the error is largest.
        entry: the entry's index there; None: all entries at once.
        largest_gradient: the largest analytic derivative by an entry.
    """

    name: str
    of: Literal["loss", "penalty"]
    relative_error: float
    checked: int
    kinks: int
    analytic: float
    numeric: float
    entry: tuple[int, ...] | None
    largest_gradient: float


@dataclass(frozen=True)
class Mixing:
    """How much a sample's loss depends on other samples' inputs.

    Args:
        through: model or loss.
        ratio: for the model, the largest gradient by another sample's input over that by the
            sample's own; for the loss, how far the gradient of a sample's loss in the batch is off
            from that of the sample alone, as a share of its size.
        module: the first module whose output has it; empty if that is not known.
    """

    through: Literal["model", "loss"]
    ratio: float
    module: str = ""


@dataclass(frozen=True)
class GradientEvidence:
    """What `grad-check` measured, as plain data.

    Args:
        parameters: in the order in which the model registers them.
        mixing: of model and loss; what could not be measured is left out.
        unused: trainable parameters that the loss does not depend on at all.
        without_gradient: trainable ones whose gradient is exactly 0 on the samples, and stays so
            over some training steps.
        custom_loss: whether the loss is the user's own.
    """

    parameters: Sequence[ParameterCheck]
    mixing: Sequence[Mixing]
    unused: Sequence[str]
    without_gradient: Sequence[str]
    custom_loss: bool = False


def findings(evidence: GradientEvidence) -> list[Finding]:
    """Return what is wrong, gravest first."""
    found = [*wrong_gradients(evidence), *mixed_samples(evidence), *no_gradient(evidence)]
    return sorted(found, key=lambda finding: finding.severity != "error")


def wrong_gradients(evidence: GradientEvidence) -> list[Finding]:
    """Return TR34, or TR33 for the wrong sign, for the loss and for the penalties."""
    found = []
    for of in ("loss", "penalty"):
        rows = [row for row in evidence.parameters if row.of == of]
        doubtful = [row for row in rows if not row.relative_error <= DOUBTFUL]
        if doubtful:
            found.append(wrong_gradient(evidence, of, rows, doubtful))
    return found


def wrong_gradient(
    evidence: GradientEvidence,
    of: str,
    rows: Sequence[ParameterCheck],
    doubtful: Sequence[ParameterCheck],
) -> Finding:
    """Return one finding for all doubtful parameters, and where the fault must be.

    Backpropagation runs from the loss to the input, so a faulty step spoils its own parameters and
    those before it, and leaves the later ones right.
    """
    worst = max(doubtful, key=lambda row: row.relative_error)
    wrong = not worst.relative_error <= WRONG
    last = rows.index(doubtful[-1])
    later = [row.name for row in rows[last + 1 :]]
    where = doubtful[-1].name
    if of == "penalty":
        where = "regularizers"
    elif not later and evidence.custom_loss and len(doubtful) == len(rows):
        where = "loss"
    numbers: dict[str, Any] = {
        "of": of,
        "parameters": [row.name for row in doubtful],
        "right_after": later,
        "relative_error": worst.relative_error,
        "parameter": worst.name,
        "entry": worst.entry,
        "analytic": worst.analytic,
        "numeric": worst.numeric,
    }
    why = (
        f"Backpropagation gives {worst.analytic:.6g} for {worst.name}, but differences of the {of} "
        f"give {worst.numeric:.6g}. That is a relative error of {worst.relative_error:.2g} (wrong "
        f"above {WRONG:g}, good below {GOOD:g}). "
    )
    if where == "loss":
        why += "All parameters are affected: check the backward of your loss."
    elif of == "loss":
        after = f"; the gradients after it ({later[0]}, ...) are right" if later else ""
        why += f"The fault is at or after {where}{after}. Look for a backward that you wrote there."
    flipped = wrong and worst.relative_error > FLIPPED
    name = "Flipped gradient" if flipped else "Wrong gradient" if wrong else "Doubtful gradient"
    code = "TR33" if flipped else "TR34"
    confidence = 0.95 if wrong else 0.5
    return Finding(code, name, "error" if wrong else "warning", confidence, where, numbers, why)


def mixed_samples(evidence: GradientEvidence) -> list[Finding]:
    """Return TR32 if a sample's loss depends on other samples."""
    found = []
    for mixing in evidence.mixing:
        # Not "> LEAK": what is no number is no good either.
        if mixing.ratio <= LEAK:
            continue
        numbers = {"through": mixing.through, "ratio": mixing.ratio, "module": mixing.module}
        if mixing.through == "model":
            place = f"the output of {mixing.module}" if mixing.module else "the model's output"
            why = (
                f"In evaluation mode {place} for one sample depends on the inputs of other samples "
                f"({mixing.ratio:.2g} times as much as on its own). The samples are mixed there or "
                "just before it: a softmax, a norm or a reshape over the batch axis does that."
            )
        else:
            why = (
                "The loss of one sample depends on the predictions for other samples. In a batch "
                f"its gradient is off by {mixing.ratio:.2g} of its size. A softmax or norm over "
                "axis 0 does that, or [N, 1] broadcast against [N]."
            )
        where = mixing.module or mixing.through
        found.append(Finding("TR32", "Samples mixed", "error", 0.95, where, numbers, why))
    return found


def no_gradient(evidence: GradientEvidence) -> list[Finding]:
    """Return TR45 for trainable parameters that no gradient reaches."""
    found = []
    if evidence.unused:
        names = list(evidence.unused)
        why = "The loss does not depend on these parameters: they are unused or detached."
        numbers = {"parameters": names}
        name = "Parameters without effect"
        found.append(Finding("TR45", name, "error", 0.9, names[0], numbers, why))
    if evidence.without_gradient:
        names = list(evidence.without_gradient)
        why = (
            "Their gradient is exactly 0, even after some training steps: what follows them is "
            "dead, saturated or rounded. `trickrun signal` shows which layer."
        )
        numbers = {"parameters": names}
        name = "Parameters without gradient"
        severity: Severity = "error"
        if all(each.endswith("bias") for each in names):
            # The difference of two scores, a softmax or a norm takes it out again: no harm is done.
            severity = "warning"
            why = "Their gradient is exactly 0: what follows these biases subtracts them again."
        found.append(Finding("TR45", name, severity, 0.85, names[0], numbers, why))
    return found
