"""Does the signal reach the last layer, and the gradient the first? Before and while training."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from trickrun.checks.signal.measure import measure
from trickrun.checks.subject import AnySubject
from trickrun.findings.evidence.signal import LayerSignal, Moment, SignalEvidence
from trickrun.findings.rules.signal.signal import findings
from trickrun.findings.verdict import Verdict
from trickrun.findings.words import counted
from trickrun.run.pace import UNHURRIED, Pace
from trickrun.training.job import Job

SAMPLES = 5000
"""Training samples that each look takes, at most."""

EPOCHS, FEWEST, MOST = 3, 100, 500
"""Length of the training unless a number of steps is asked for: so many epochs, within bounds, and
never longer than the recipe's own."""


def signal(
    subject: AnySubject,
    steps: int | None = None,
    samples: int = SAMPLES,
    pace: Pace = UNHURRIED,
) -> tuple[Verdict, AnySubject]:
    """Look at a network's layers before training and while it takes its first steps.

    Args:
        steps: how many; None: a few epochs. The schedule is that of the whole run.
        samples: training samples that each look takes, at most.

    Returns:
        The verdict, and the subject, which is run as it is.

    Raises:
        TrickrunError: the subject cannot become a job.
    """
    job = subject.job()
    wanted = steps or usual_steps(job)
    with pace.phase("training", wanted) as moved:
        evidence = measure(job, samples, wanted, lambda done, total: moved(done), pace)
    return judge(evidence), subject


def usual_steps(job: Job) -> int:
    """Return how many steps to take if nobody says."""
    return min(job.span.steps, max(FEWEST, min(MOST, EPOCHS * job.span.per_epoch)))


def judge(evidence: SignalEvidence) -> Verdict:
    """Return the verdict of what was measured."""
    found = findings(evidence)
    severities = {finding.severity for finding in found}
    result = {
        "layers": [layer_result(layer) for layer in evidence.layers],
        "steps": evidence.steps,
        "samples": evidence.samples,
        "input_std": evidence.input_std,
        "non_finite_step": evidence.non_finite_step,
    }
    return Verdict(
        "fail" if "error" in severities else "warn" if "warning" in severities else "pass",
        result,
        tuple(found),
        sentence(evidence),
        {"signal": asdict(evidence)},
    )


def layer_result(layer: LayerSignal) -> dict[str, Any]:
    """Return a layer's numbers after the steps, and those before them under ``init``."""
    return {
        "name": layer.name,
        "kind": layer.kind,
        "activation_kind": layer.activation,
        "units": layer.units,
        "trainable": layer.trainable,
        **moment_result(layer.last),
        "update_ratio": layer.update_ratio,
        "effective_lr": next((u.effective_lr for u in reversed(layer.updates)), None),
        "drift": layer.last.drift,
        "init": moment_result(layer.first),
    }


def moment_result(moment: Moment) -> dict[str, Any]:
    """Return a moment's numbers under the names that scripts rely on."""
    return {
        "activation": {
            "mean": moment.mean,
            "std": moment.std,
            "dead_fraction": moment.dead_fraction,
            "saturated_fraction": moment.saturated_fraction,
        },
        "pre_activation": {"mean": moment.pre_mean, "std": moment.pre_std},
        "gradient_norm": moment.gradient_norm,
    }


def sentence(evidence: SignalEvidence) -> str:
    """Return the main numbers in words."""
    looked = ((len(evidence.layers), "layer"), (evidence.samples, "sample"))
    text = ", ".join(counted(*each) for each in (*looked, (evidence.steps, "step")))
    ratios = [layer.update_ratio for layer in evidence.layers if layer.update_ratio]
    if evidence.hidden:
        sizes = [layer.first.pre_std for layer in evidence.hidden]
        text += (
            ". Before training, the inputs of the activations have a standard deviation of "
            f"{min(sizes):.3g}"
        )
        text += f" to {max(sizes):.3g}" if len(sizes) > 1 else ""
        dead = max(layer.last.dead_fraction for layer in evidence.hidden)
        text += f". At most {dead:.0%} of a layer's units are dead"
    if ratios:
        low, high = math.log10(min(ratios)), math.log10(max(ratios))
        text += f". Updates are 10^{low:.1f} to 10^{high:.1f} of the weights (about 10^-3 is good)"
    return text
